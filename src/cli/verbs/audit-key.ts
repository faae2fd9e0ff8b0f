import { hostname, userInfo } from 'node:os';
import { dirname } from 'node:path';
import { logKeys, openAuditLog, readAuditLog } from '../../audit/audit.ts';
import { SluiceError } from '../../core/common/common.ts';
import type { AuditEntry, AuditRecord } from '../../core/ports/ports.ts';
import { EXIT, systemClock, VERSION, type VerbContext, writeAnswer } from '../shared/shared.ts';
import { type AuditOptions, type ChosenLog, chosenLogs } from './audit-logs.ts';

export type AuditKeyOptions = AuditOptions & { readonly rotate?: boolean };

/** `sluice audit key`: the public keys of logs, the present one as text, all as JSON; with `--rotate`, a new one first. */
export async function auditKey({ options, output }: VerbContext, asked: AuditKeyOptions): Promise<number> {
  const logs = await chosenLogs(asked);
  if (asked.rotate === true) await rotate(logs);
  const results = await Promise.all(
    logs.map(async ({ cluster, path }) => ({
      log: cluster,
      keys: (await logKeys(path)).map(({ seq, verifier, isEndorsed }) => ({
        key: verifier.text,
        id: verifier.id,
        since: seq,
        endorsed: isEndorsed,
      })),
    })),
  );
  const present = results.flatMap(({ keys }) => keys.slice(-1));
  if (present.length === 0) {
    throw new SluiceError(
      'not-found',
      'There is no signing key yet.',
      'It is made with the first record: grant something first.',
    );
  }
  writeAnswer(output, options.output, results, () => present.map(({ key }) => `${key}\n`).join(''));
  return EXIT.done;
}

async function rotate(logs: readonly ChosenLog[]): Promise<void> {
  const [log, other] = logs;
  if (log === undefined || other !== undefined) {
    throw new SluiceError(
      'usage',
      log === undefined ? 'There are no audit logs yet.' : `There are ${logs.length} audit logs.`,
      log === undefined ? 'Grant something first.' : 'Use --cluster to name the log whose key to rotate.',
    );
  }
  const { cluster, path } = log;
  let last: AuditRecord | undefined;
  for await (const record of readAuditLog(path)) last = record;
  if (last === undefined) {
    throw new SluiceError(
      'usage',
      `Audit log "${cluster}" is empty.`,
      'Its key is made with the first record.',
    );
  }
  const opened = await openAuditLog({ directory: dirname(path), cluster, version: VERSION });
  await opened.rotate(rotation(last.cluster));
}

/** The record of a rotation: no API server says who the user is, so it is the user of this machine. */
function rotation(cluster: AuditEntry['cluster']): AuditEntry {
  const username = `${userInfo().username}@${hostname()}`;
  return {
    type: 'key',
    time: systemClock.now(),
    actor: { username, groups: [], extra: {}, impersonating: false },
    cluster,
    outcome: 'a new key signs from this record on; the one before it signed for it and is gone',
  };
}
