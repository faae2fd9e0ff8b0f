import { several } from '../../core/common/common.ts';
import { livingSummary } from '../../core/grants/grants.ts';
import type { LivingConnection } from '../../core/ports/ports.ts';
import { pause } from '../../wait.ts';
import { allowed, dropped, type EvidenceDeps, LISTEN, type Sighting, SKEW, tryPair } from './evidence.ts';
import { findLiving } from './living.ts';
import { type GrantPair, type GrantPath, hasBlock } from './path.ts';

/**
 * How a path ended. `closed`: every pair was seen blocked. `unproven`: the policy is gone and nothing was allowed, but
 * for some pairs no attempt was seen. `flowing`: something still gets through.
 */
export type CloseResult =
  | { readonly name: 'closed'; readonly proof: string }
  | { readonly name: 'unproven'; readonly proof: string; readonly pairs: readonly string[] }
  | {
      readonly name: 'flowing';
      readonly connections: string;
      readonly still: 'new' | 'established';
      readonly living?: readonly LivingConnection[];
    };

/** Without a probe only traffic can prove it, so listen longer, ms. */
const LISTEN_ONLY = 8_000;

/** Maximum number of pairs tested from inside pods: each costs an exec of some seconds. */
const TRIED = 24;

/** Time limit for all tests, ms. */
const TRY_WITHIN = 30_000;

/**
 * Checks pair by pair that traffic stopped after a path was closed: a pair is proven by a drop that can only be its
 * own, or by a connect test that times out. An attempt allowed after the grace period, or a connection that stays open,
 * means that it is still flowing.
 *
 * @param since server time of the 404, ms
 */
export async function proveClosed(
  deps: EvidenceDeps,
  path: GrantPath,
  since: number,
  signal: AbortSignal,
): Promise<CloseResult> {
  const open = () => unproven(path, dropped(deps, path, since), new Set());
  await listen(deps, () => open().length === 0, deps.probe === undefined ? LISTEN_ONLY : LISTEN, signal);
  await pause(SKEW * 2, signal);
  const { found: living, unseen } = await findLiving(deps, path, signal);
  if (living.length > 0)
    return { name: 'flowing', still: 'established', connections: livingSummary(living), living };
  const tried = await tryAll(deps, open(), signal);
  const late = allowed(deps, path, since + SKEW);
  const through = tried.find(({ outcome }) => outcome === 'open')?.pair;
  if (late.length > 0 || through !== undefined) return stillOpen(late, through);
  return conclude(path, dropped(deps, path, since), tried, unseen !== undefined);
}

type Tried = { readonly pair: GrantPair; readonly outcome: string };

async function tryAll(
  deps: EvidenceDeps,
  pairs: readonly GrantPair[],
  signal: AbortSignal,
): Promise<readonly Tried[]> {
  if (deps.probe === undefined) return [];
  const within = AbortSignal.any([signal, AbortSignal.timeout(TRY_WITHIN)]);
  const results = await Promise.all(
    pairs.slice(0, TRIED).map(async (pair): Promise<readonly Tried[]> => {
      const result = await tryPair(deps, pair, within).catch(() => undefined);
      return result === undefined ? [] : [{ pair, outcome: result.outcome }];
    }),
  );
  signal.throwIfAborted();
  return results.flat();
}

/** Pairs with neither a drop of their own nor a timeout, and blocks: a drop is that of one of their addresses. "Refused" may come from the destination itself. */
function unproven(
  { pairs }: GrantPath,
  drops: readonly Sighting[],
  timedOut: ReadonlySet<GrantPair>,
): readonly GrantPair[] {
  const proven = new Set(drops.flatMap(({ route }) => (route.pairs.length === 1 ? route.pairs : [])));
  return pairs.filter((pair) => hasBlock(pair) || (!proven.has(pair) && !timedOut.has(pair)));
}

function stillOpen(late: readonly Sighting[], through: GrantPair | undefined): CloseResult {
  const connections =
    late.length > 0
      ? `${late.length} new ${late.length === 1 ? 'attempt was' : 'attempts were'} allowed`
      : `a new connection still gets through: ${through?.name}`;
  return { name: 'flowing', still: 'new', connections };
}

function conclude(
  path: GrantPath,
  drops: readonly Sighting[],
  tried: readonly Tried[],
  unseen: boolean,
): CloseResult {
  const timedOut = tried.filter(({ outcome }) => outcome === 'timeout');
  const left = unproven(path, drops, new Set(timedOut.map(({ pair }) => pair)));
  const seen = [
    ...(drops.length === 0
      ? []
      : [`${drops.length} ${drops.length === 1 ? 'attempt' : 'attempts'} dropped since`]),
    ...(timedOut.length === 0
      ? []
      : [
          `${timedOut.length === 1 ? 'a new connection times' : `${timedOut.length} new connections time`} out`,
        ]),
  ];
  const caveat = unseen ? ['earlier connections could not be checked'] : [];
  if (left.length === 0 && path.pairs.length > 0) {
    const all =
      path.pairs.length === 1 ? seen : [`${seen.join(', ')}, on each of ${path.pairs.length} pairs`];
    return { name: 'closed', proof: [...all, ...caveat].join('; ') };
  }
  const [blocks, others] = [left.filter(hasBlock), left.filter((pair) => !hasBlock(pair))];
  const parts = [
    ...seen,
    ...(others.length === 0 ? [] : [unprovenText(path, others, tried)]),
    ...(blocks.length === 0 ? [] : [blocksText(blocks)]),
    ...caveat,
  ];
  return { name: 'unproven', proof: parts.join('; '), pairs: left.map(({ name }) => name) };
}

function unprovenText({ pairs }: GrantPath, left: readonly GrantPair[], tried: readonly Tried[]): string {
  const refused = tried.some(({ pair, outcome }) => outcome === 'refused' && left.includes(pair));
  const what = refused ? 'refused or no attempt seen since' : 'no attempt seen since';
  if (pairs.length <= 1) return refused ? 'a new connection is refused, possibly by the destination' : what;
  const names = left.map(({ name }) => name);
  return `${what} on ${left.length} of ${pairs.length} pairs: ${several(names, 3)}`;
}

function blocksText(pairs: readonly GrantPair[]): string {
  const ends = pairs.flatMap(({ from, to }) => [from, to]).filter(({ block }) => block !== undefined);
  const names = [...new Set(ends.map(({ name }) => name))];
  return `not every address of ${names.join(', ')} was seen or tried`;
}

/** Waits until `done()` or for `milliseconds`, checking after every batch of flows. */
function listen(
  deps: Pick<EvidenceDeps, 'onFlows'>,
  done: () => boolean,
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const timer = setTimeout(finish, milliseconds);
    const stop = deps.onFlows(() => {
      if (done()) finish();
    });
    signal.addEventListener('abort', abort, { once: true });
    function finish() {
      clearTimeout(timer);
      stop();
      signal.removeEventListener('abort', abort);
      resolve();
    }
    function abort() {
      clearTimeout(timer);
      stop();
      reject(signal.reason);
    }
    if (done()) finish();
  });
}
