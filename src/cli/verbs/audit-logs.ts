import { basename } from 'node:path';
import { auditRoot, isAuditLog, listAuditLogs } from '../../audit/audit.ts';
import { SluiceError } from '../../core/common/common.ts';
import type { AuditRecord } from '../../core/ports/ports.ts';

/** Which logs a verb works on. */
export type AuditOptions = {
  readonly cluster?: string;
  readonly directory?: string;
};

/** The log of one cluster. */
export type ChosenLog = { readonly cluster: string; readonly path: string };

/**
 * The logs that the options name: of one cluster, or all.
 *
 * @throws SluiceError `not-found`, with the logs that there are
 */
export async function chosenLogs({ cluster, directory }: AuditOptions): Promise<readonly ChosenLog[]> {
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

/** A record as one line. */
export function recordText({ time, seq, type, grant, actor, reason, outcome }: AuditRecord): string {
  return [
    new Date(time).toISOString(),
    String(seq).padStart(5),
    type.padEnd(9),
    grant?.id ?? '-',
    actor.username,
    grant === undefined ? '' : `${grant.source} → ${grant.destination} ${grant.ports}`,
    reason ?? '',
    outcome,
  ]
    .filter((part) => part !== '')
    .join('  ');
}
