import type { PathOutcome, PromotedPath } from '../../core/grants/grants.ts';
import { type AttemptRow, createFold } from '../../core/traffic/traffic.ts';
import { deniedPaths, type Runtime } from '../../session/session.ts';
import { openReplay } from '../connect/connect.ts';
import { systemClock, type VerbContext } from '../shared/shared.ts';
import { tellSource } from './flows-follow.ts';

/** A recording is read as a whole, so more of it is kept than of flows on a screen. */
const KEPT = { maxRows: 50_000, maxAttempts: 200_000 };

/** No more flows will come: what is pending then has settled. */
const LATER = 60_000;

/**
 * The paths of a recording whose attempts were denied, as `flows --replay` reads it; with `-n`, those with an end in that
 * namespace.
 *
 * @throws SluiceError `usage` for a file that can't be read, `unsupported` for one without flows
 */
export async function readDenied(
  { model }: Runtime,
  file: string,
  { options, output, signal }: VerbContext,
): Promise<{ readonly paths: readonly PromotedPath[]; readonly notNamed: readonly PathOutcome[] }> {
  const source = await openReplay({ source: 'replay', replay: file });
  const workloadOf = (end: { readonly namespace?: string; readonly pod?: string }) =>
    end.namespace === undefined || end.pod === undefined
      ? undefined
      : model.pod(end.namespace, end.pod)?.owner;
  const fold = createFold({ workloadOf, ...KEPT });
  await source.run(
    { pods: () => [], podAt: () => undefined },
    { flows: (flows) => fold.add(flows, systemClock.now()), state: tellSource(output).traffic },
    signal,
  );
  signal.throwIfAborted();
  const rows = fold.rows(systemClock.now() + LATER);
  const forgotten = fold.forgotten().rows;
  if (forgotten > 0)
    output.err(`sluice: WARNING: ${file} has too many paths: ${forgotten} of them were left out.\n`);
  const { namespace } = options;
  const isAsked = ({ source: from, destination: to }: AttemptRow) =>
    namespace === undefined || from.namespace === namespace || to.namespace === namespace;
  return deniedPaths(model, rows.filter(isAsked), fold.attempts({ verdicts: ['audit'] }));
}
