import { readFile } from 'node:fs/promises';
import {
  type Kept,
  keptIn,
  newestCheckpoint,
  placeOf,
  type Verification,
  verifyAuditLog,
} from '../../audit/audit.ts';
import { plural, SluiceError } from '../../core/common/common.ts';
import { findAnchors } from '../../session/session.ts';
import { openConnection } from '../connect/connect.ts';
import { EXIT, systemClock, type VerbContext, writeAnswer } from '../shared/shared.ts';
import { type AuditOptions, chosenLogs } from './audit-logs.ts';

export type AuditVerifyOptions = AuditOptions & { readonly against?: readonly string[] };

/** What `--against` takes for what stands in the cluster. */
export const AGAINST_CLUSTER = 'cluster';

type Result = Verification & { readonly log: string; readonly path: string };

/**
 * `sluice audit verify`: whether records were edited, removed, moved, cut off or written anew, as far as the folder and what
 * is kept elsewhere show it; exit 3 if so.
 */
export async function auditVerify(context: VerbContext, asked: AuditVerifyOptions): Promise<number> {
  const { options, output } = context;
  const logs = await Promise.all(
    (await chosenLogs(asked)).map(async (log) => ({
      ...log,
      origin: (await newestCheckpoint(log.path))?.origin,
    })),
  );
  const kept = await keptElsewhere(context, asked.against ?? [], new Set(logs.map(({ origin }) => origin)));
  const now = systemClock.now();
  const results = await Promise.all(
    logs.map(async ({ cluster, path, origin }): Promise<Result> => {
      const others = logs.flatMap((log) => (log.cluster === cluster ? [] : (log.origin ?? [])));
      // What is of another of these logs is for that one to match; what is of none of them must not pass unseen.
      const against = kept.filter((each) => each.origin === origin || !others.includes(each.origin ?? ''));
      return { log: cluster, path, ...(await verifyAuditLog(path, { against, now })) };
    }),
  );
  writeAnswer(output, options.output, results, () =>
    results.length === 0 ? 'No audit logs found.\n' : results.map(resultText).join(''),
  );
  return results.every(({ ok }) => ok) ? EXIT.done : EXIT.deny;
}

function resultText({ log, text, findings }: Result): string {
  const lines = findings.map((finding) => `  ${placeOf(finding)}: ${finding.what}.\n    ${finding.next}\n`);
  return `${log}: ${text}\n${lines.join('')}`;
}

/** @param origins those of the logs that are verified */
async function keptElsewhere(
  context: VerbContext,
  places: readonly string[],
  origins: ReadonlySet<string | undefined>,
): Promise<readonly Kept[]> {
  const kept = await Promise.all(
    places.map((place) => (place === AGAINST_CLUSTER ? inCluster(context, origins) : inFile(place))),
  );
  return kept.flat();
}

async function inFile(path: string): Promise<readonly Kept[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new SluiceError(
      'usage',
      `Unable to read ${path}.`,
      'Pass a file with checkpoints or public keys, or "cluster" for those that stand in the cluster.',
      error,
    );
  });
  const kept = keptIn(text, path);
  if (kept.every(({ origin }) => origin !== undefined)) return kept;
  throw new SluiceError(
    'usage',
    `${path} has neither a checkpoint nor a public key.`,
    'Write one with sluice audit checkpoint or sluice audit key.',
  );
}

/** The checkpoints of these logs that stand in the cluster: everybody who grants there leaves some of their own log. */
async function inCluster(
  { options, output, signal }: VerbContext,
  origins: ReadonlySet<string | undefined>,
): Promise<readonly Kept[]> {
  const connection = await openConnection(options, {}, signal);
  try {
    const { checkpoints, unseen } = await findAnchors(connection.api, options.namespace, signal);
    for (const text of unseen) output.err(`sluice: WARNING: ${text}\n`);
    const found = checkpoints.flatMap(({ from, text }) => keptIn(text, from));
    const own = found.filter(({ origin }) => origin !== undefined && origins.has(origin));
    if (own.length === 0) output.err('No checkpoint of these logs stands in the cluster.\n');
    const others = found.length - own.length;
    if (others > 0) {
      output.err(`${plural(others, 'checkpoint')} in the cluster not compared: of other logs.\n`);
    }
    return own;
  } finally {
    await connection.dispose();
  }
}
