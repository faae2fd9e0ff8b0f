import { readAuditLog } from '../../audit/audit.ts';
import { EXIT, type VerbContext, writeEvent } from '../shared/shared.ts';
import { type AuditOptions, chosenLogs, recordText } from './audit-logs.ts';

export type AuditLogOptions = AuditOptions & { readonly grant?: string; readonly type?: string };

/** `sluice audit log`: the records of one or all clusters, oldest first. */
export async function auditLog({ options, output }: VerbContext, asked: AuditLogOptions): Promise<number> {
  const { grant, type } = asked;
  for (const { cluster, path } of await chosenLogs(asked)) {
    for await (const record of readAuditLog(path, { grant, type })) {
      writeEvent(output, options.output, { log: cluster, ...record }, () => recordText(record));
    }
  }
  return EXIT.done;
}
