import { basename } from 'node:path';
import { auditRoot, isAuditLog, listAuditLogs, readAuditLog, verifyAuditLog } from '../../audit/audit.ts';
import { SluiceError } from '../../core/common/common.ts';
import { EXIT, type VerbContext, writeAnswer, writeEvent } from '../shared/shared.ts';

export type AuditOptions = {
  readonly cluster?: string;
  readonly directory?: string;
  readonly grant?: string;
  readonly type?: string;
};

/** `sluice audit log`: the records, oldest first, of one cluster or of all. */
export async function auditLog({ options, output }: VerbContext, asked: AuditOptions): Promise<number> {
  for (const { cluster, path } of await chosen(asked)) {
    const filter = {
      grant: asked.grant,
      type: asked.type,
    };
    for await (const record of readAuditLog(path, filter)) {
      writeEvent(output, options.output, { log: cluster, ...record }, () =>
        [
          new Date(record.time).toISOString(),
          String(record.seq).padStart(5),
          record.type.padEnd(9),
          record.grant?.id ?? '-',
          record.actor.username,
          record.grant === undefined
            ? ''
            : `${record.grant.source} → ${record.grant.destination} ${record.grant.ports}`,
          record.reason ?? '',
          record.outcome,
        ]
          .filter((part) => part !== '')
          .join('  '),
      );
    }
  }
  return EXIT.done;
}

/** `sluice audit verify`: whether the chain breaks, as an edited, removed, moved or cut record makes it; exit 3 if so. */
export async function auditVerify({ options, output }: VerbContext, asked: AuditOptions): Promise<number> {
  const results = await Promise.all(
    (await chosen(asked)).map(async ({ cluster, path }) => ({
      log: cluster,
      path,
      ...(await verifyAuditLog(path)),
    })),
  );
  writeAnswer(output, options.output, results, () =>
    results.length === 0
      ? 'No audit logs here yet.\n'
      : results.map(({ log, text }) => `${log}: ${text}\n`).join(''),
  );
  return results.every(({ ok }) => ok) ? EXIT.done : EXIT.deny;
}

async function chosen({
  cluster,
  directory,
}: AuditOptions): Promise<readonly { readonly cluster: string; readonly path: string }[]> {
  const root = directory ?? auditRoot();
  const logs = await listAuditLogs(root);
  if (directory !== undefined && logs.length === 0) throw await noLogs(directory);
  if (cluster === undefined) return logs;
  const found = logs.filter((log) => log.cluster === cluster);
  if (found.length > 0) return found;
  const known = logs.map((log) => log.cluster).join(', ');
  throw new SluiceError(
    'not-found',
    `There is no audit log "${cluster}" in ${root}.`,
    known === '' ? 'None is there yet.' : `There are: ${known}.`,
  );
}

/** A folder that was named and holds no logs is a mistake, or was emptied: never "all is well". */
async function noLogs(directory: string): Promise<SluiceError> {
  const isLog = await isAuditLog(directory);
  return new SluiceError(
    'not-found',
    `There are no audit logs in ${directory}.`,
    isLog
      ? `It is itself the log of one cluster: name the folder above it, and --cluster ${basename(directory)}.`
      : 'Name the folder that holds one folder for each cluster.',
  );
}
