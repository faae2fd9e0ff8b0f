import { openAuditLog } from '../../../src/audit/log.ts';
import { auditEntry } from './audit-entries.ts';

/** A process that appends: `node audit-writer.ts FOLDER NAME COUNT`; says `ok N` on stdout after each record. */
const [directory = '', name = '', count = '0'] = process.argv.slice(2);
const log = await openAuditLog({ directory, cluster: 'c', version: '1', patience: 60_000 });
for (let number = 1; number <= Number(count); number += 1) {
  await log.append(auditEntry({ type: 'drift', outcome: `${name} ${number} ${'x'.repeat(300)}` }));
  process.stdout.write(`ok ${number}\n`);
}
