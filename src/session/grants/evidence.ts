import { isAbort } from '../../core/errors.ts';
import type { ConnectionCount, ConnectProbe } from '../../core/ports.ts';
import type { Attempt } from '../../core/traffic/attempt.ts';
import { pause } from '../wait.ts';
import { type GrantPath, isOn } from './path.ts';

/** What the traffic says about a path, and how to ask actively where nothing is seen. */
export type EvidenceDeps = {
  /** Attempts with a flow at or after a time, ms. */
  readonly attempts: (since: number) => readonly Attempt[];
  /** Calls back after every batch of flows. */
  readonly onFlows: (listener: () => void) => () => void;
  /** Whether the enforcer lets connections live on after a policy change: else an open socket proves nothing. */
  readonly keepsEstablished: () => 'yes' | 'no' | 'unknown';
  /** Connect tests from inside the source pod; absent where only traffic may prove. */
  readonly probe?: ConnectProbe;
  /** Counts connections that live on; absent where pods may not be entered. */
  readonly connections?: ConnectionCount;
};

export type Opened = { readonly at: number; readonly how: string };

export type Ended =
  | { readonly state: 'closed'; readonly proof: string }
  | { readonly state: 'flowing'; readonly connections: string };

/** Clocks of nodes and server differ a little; an attempt this much before the grant may well be after it. */
const SKEW = 1_000;

/** How long to listen for traffic before trying the path, or before saying that nothing came. */
const LISTEN = 4_000;

/**
 * Waits for the first proof that a path opened: an allowed attempt, or a connect test where that is possible.
 * Rejects with the reason when `signal` aborts; resolves only with a proof (no flow seen is not "not open").
 *
 * @param since server time, ms
 */
export async function proveOpen(
  deps: EvidenceDeps,
  path: GrantPath,
  since: number,
  signal: AbortSignal,
): Promise<Opened> {
  const found = () => allowed(deps, path, since - SKEW)[0];
  const controller = new AbortController();
  const stop = AbortSignal.any([signal, controller.signal]);
  try {
    return await Promise.any([whenSeen(deps, found, stop), whenConnected(deps, path, stop)]);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    controller.abort();
  }
}

/**
 * Judges whether traffic stopped after a path was closed. An attempt let through after the grace is a finding; so is
 * a connection that lives on, which many enforcers keep (facts/policy.md §0.11).
 *
 * @param since server time of the 404, ms
 */
export async function proveClosed(
  deps: EvidenceDeps,
  path: GrantPath,
  since: number,
  signal: AbortSignal,
): Promise<Ended> {
  await listen(deps, () => dropped(deps, path, since).length > 0, LISTEN, signal);
  await pause(SKEW * 2, signal);
  const living = await countLiving(deps, path, signal);
  if (living !== undefined && living > 0) {
    return {
      state: 'flowing',
      connections: `${living} established ${living === 1 ? 'connection lives' : 'connections live'} on`,
    };
  }
  const late = allowed(deps, path, since + SKEW);
  if (late.length > 0)
    return { state: 'flowing', connections: `${late.length} new attempts were let through` };
  const unseen = living === undefined ? '; connections made before could not be looked at' : '';
  const drops = dropped(deps, path, since).length;
  if (drops > 0)
    return {
      state: 'closed',
      proof: `${drops} ${drops === 1 ? 'attempt' : 'attempts'} dropped since${unseen}`,
    };
  const tried = await tryOnce(deps, path, signal);
  if (tried === 'open') return { state: 'flowing', connections: 'a new connection still gets through' };
  return {
    state: 'closed',
    proof: `${tried === undefined ? 'no traffic seen since' : `a new connection fails: ${tried}`}${unseen}`,
  };
}

/** Attempts let through since then: by the time of the flow that gave the verdict, as a SYN may have waited long. */
function allowed({ attempts }: EvidenceDeps, path: GrantPath, since: number): readonly Attempt[] {
  return attempts(since).filter(
    (attempt) =>
      attempt.turned >= since &&
      (attempt.verdict === 'allow' || attempt.verdict === 'l7') &&
      isOn(path, attempt),
  );
}

function dropped({ attempts }: EvidenceDeps, path: GrantPath, since: number): readonly Attempt[] {
  return attempts(since).filter((attempt) => attempt.verdict === 'drop' && isOn(path, attempt));
}

function whenSeen(
  deps: EvidenceDeps,
  found: () => Attempt | undefined,
  signal: AbortSignal,
): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const attempt = found();
      if (attempt === undefined) return;
      stop();
      resolve({ at: attempt.turned, how: `seen by ${attempt.seen}` });
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

/** Tries the path from inside a source pod, a few times, once traffic has had its chance. */
async function whenConnected(deps: EvidenceDeps, path: GrantPath, signal: AbortSignal): Promise<Opened> {
  for (let tries = 0; ; tries += 1) {
    await pause(tries === 0 ? LISTEN : 1_000, signal);
    const result = await connect(deps, path, signal);
    if (result === undefined || tries === 10) throw new Error('the path can only be seen, not tried');
    if (result.outcome === 'open')
      return { at: Number.NaN, how: `connected from ${path.sources[0]?.name} (${result.how})` };
  }
}

async function tryOnce(
  deps: EvidenceDeps,
  path: GrantPath,
  signal: AbortSignal,
): Promise<string | undefined> {
  const result = await connect(deps, path, signal);
  if (result === undefined || result.outcome === 'unknown' || result.outcome === 'dns-failure')
    return undefined;
  return result.outcome;
}

async function connect({ probe }: EvidenceDeps, path: GrantPath, signal: AbortSignal) {
  const [from] = path.sources;
  const host = path.destinations[0]?.ips[0];
  const [port] = path.ports;
  if (probe === undefined || from === undefined || host === undefined || port === undefined) return undefined;
  return probe.connect(from, { host, ...port }, signal).catch((error: unknown) => {
    if (isAbort(error)) throw error;
    return undefined;
  });
}

/** How many connections live on; undefined where nobody may look. Each pod that can't be looked into counts for nothing. */
async function countLiving(
  { connections, keepsEstablished }: EvidenceDeps,
  path: GrantPath,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (keepsEstablished() === 'no') return 0;
  if (connections === undefined) return undefined;
  const counts = await Promise.all(
    path.sources.map((pod) =>
      connections.established(pod, [...path.targets], signal).catch((error: unknown) => {
        if (isAbort(error)) throw error;
        return undefined;
      }),
    ),
  );
  const known = counts.filter((count) => count !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, count) => sum + count, 0);
}

/** Waits until `done()` or for `milliseconds`, looking after every batch of flows. */
function listen(
  deps: EvidenceDeps,
  done: () => boolean,
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
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
