import { pause } from '../../wait.ts';
import { allowed, type EvidenceDeps, LISTEN, type Sighting, SKEW, tryPair } from './evidence.ts';
import type { GrantPair, GrantPath } from './path.ts';

/** `at`: server time; absent if only the time of the response is known. */
export type Opened = { readonly at?: number; readonly how: string };

/** Number of tests from inside a pod before relying on traffic alone. */
const TRIES = 10;

/**
 * Waits for the first proof that a path opened: an allowed attempt on a pair that the grant opened, or a connect test
 * if possible. Rejects with the reason when `signal` aborts; resolves only with a proof (no flow seen is not "not
 * open").
 *
 * @param since server time, ms
 */
export async function proveOpen(
  deps: EvidenceDeps,
  path: GrantPath,
  since: number,
  signal: AbortSignal,
): Promise<Opened> {
  const controller = new AbortController();
  const stop = AbortSignal.any([signal, controller.signal]);
  try {
    return await Promise.any([whenSeen(deps, path, since - SKEW, stop), whenConnected(deps, path, stop)]);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    controller.abort();
  }
}

function whenSeen(deps: EvidenceDeps, path: GrantPath, since: number, signal: AbortSignal): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const [sighting] = allowed(deps, path, since);
      if (sighting === undefined) return;
      stop();
      resolve({ at: sighting.attempt.turned, how: `seen by ${seenText(path, sighting)}` });
    };
    const stop = deps.onFlows(look);
    signal.addEventListener(
      'abort',
      () => {
        stop();
        reject(signal.reason);
      },
      { once: true },
    );
    look();
  });
}

/** With several pairs, names the one that was seen: it proves only itself. */
function seenText({ pairs }: GrantPath, { attempt, route }: Sighting): string {
  const [pair] = route.pairs;
  if (pairs.length === 1 || pair === undefined) return attempt.seen;
  if (route.pairs.length > 1) return `${attempt.seen} on one of ${pairs.length} pairs`;
  return `${attempt.seen} on ${pair.name}, one of ${pairs.length} pairs`;
}

/** Tests pairs in turn from inside their source pods, after listening for traffic. */
async function whenConnected(deps: EvidenceDeps, path: GrantPath, signal: AbortSignal): Promise<Opened> {
  const pairs = path.pairs.filter(({ from }) => from.pod !== undefined);
  for (let tries = 0; ; tries += 1) {
    await pause(tries === 0 ? LISTEN : 1_000, signal);
    const pair: GrantPair | undefined = pairs[tries % pairs.length];
    const result = pair === undefined ? undefined : await tryPair(deps, pair, signal);
    if (pair === undefined || result === undefined || tries === TRIES)
      throw new Error('the path can only be observed, not tested');
    if (result.outcome === 'open') return { how: `connected from ${pair.from.name} (${result.how})` };
  }
}
