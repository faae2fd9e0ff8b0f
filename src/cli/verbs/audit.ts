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

/** `sluice audit log`: the records of one or all clusters, oldest first. */
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

/** `sluice audit verify`: whether edited, removed, moved or truncated records break the chain; exit 3 if so. */
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
      ? 'No audit logs found.\n'
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
    `Audit log "${cluster}" not found in ${root}.`,
    known === '' ? 'There are no audit logs yet.' : `Available logs: ${known}.`,
  );
}

/** A directory given without logs is a mistake, or was emptied, so it must not pass verification. */
async function noLogs(directory: string): Promise<SluiceError> {
  const isLog = await isAuditLog(directory);
  return new SluiceError(
    'not-found',
    `No audit logs found in ${directory}.`,
    isLog
      ? `This is the log of one cluster: pass its parent directory, with --cluster ${basename(directory)}.`
      : 'Pass the directory that has one subdirectory per cluster.',
  );
}
