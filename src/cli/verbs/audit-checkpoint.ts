import { readFile } from 'node:fs/promises';
import { newestCheckpoint, witnessRequest } from '../../audit/audit.ts';
import { SluiceError } from '../../core/common/common.ts';
import { EXIT, type VerbContext, writeAnswer } from '../shared/shared.ts';
import { type AuditOptions, chosenLogs } from './audit-logs.ts';

export type AuditCheckpointOptions = AuditOptions & { readonly since?: string };

/**
 * `sluice audit checkpoint`: the newest signed checkpoint of each log, to be kept elsewhere; with `--since FILE`, one with a
 * proof that the log continues the checkpoint of that file, as a witness asks for it.
 */
export async function auditCheckpoint(
  { options, output }: VerbContext,
  asked: AuditCheckpointOptions,
): Promise<number> {
  const logs = await chosenLogs(asked);
  if (asked.since !== undefined) {
    const [log, other] = logs;
    if (log === undefined || other !== undefined) {
      throw new SluiceError(
        'usage',
        `--since needs one audit log, and there are ${logs.length}.`,
        'Use --cluster to name the log of the checkpoint.',
      );
    }
    output.out(await witnessRequest(log.path, await readOld(asked.since), asked.since));
    return EXIT.done;
  }
  const found = await Promise.all(
    logs.map(async ({ cluster, path }) => ({ log: cluster, checkpoint: await newestCheckpoint(path) })),
  );
  const signed = found.flatMap(({ log, checkpoint }) =>
    checkpoint === undefined ? [] : [{ log, records: checkpoint.size, checkpoint: checkpoint.text }],
  );
  if (signed.length === 0) {
    throw new SluiceError(
      'not-found',
      'There is no signed checkpoint yet.',
      'One is signed with each record: grant something first.',
    );
  }
  writeAnswer(output, options.output, signed, () => signed.map(({ checkpoint }) => checkpoint).join('\n'));
  return EXIT.done;
}

async function readOld(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new SluiceError('usage', `Unable to read ${path}.`, 'Pass a file with one checkpoint.', error);
  }
}
