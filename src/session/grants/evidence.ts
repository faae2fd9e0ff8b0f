import { isAbort } from '../../core/common/common.ts';
import type { ConnectionTable, ConnectProbe, ProbeResult } from '../../core/ports/ports.ts';
import type { Attempt } from '../../core/traffic/traffic.ts';
import { type GrantPair, type GrantPath, type Route, routeOf } from './path.ts';

/** Traffic on a path, and ways to test it actively if none is seen. */
export type EvidenceDeps = {
  /** Attempts with a flow at or after a time, ms. */
  readonly attempts: (since: number) => readonly Attempt[];
  /** Calls back after every batch of flows. */
  readonly onFlows: (listener: () => void) => () => void;
  /** Whether a source of traffic has been at work: without one, no flow seen is no news. */
  readonly isWatched?: () => boolean;
  /** Whether the enforcer keeps established connections after a policy change: if so, an open socket proves nothing. */
  readonly keepsEstablished: () => 'yes' | 'no' | 'unknown';
  /** Connect tests from inside the source pod; absent if only traffic can be used as proof. */
  readonly probe?: ConnectProbe;
  /** The connections of pods; absent if exec into pods is not allowed. */
  readonly connections?: ConnectionTable;
};

/** Clock difference between nodes and server, ms: an attempt this much before the grant may really be after it. */
export const SKEW = 1_000;

/** How long to listen for traffic before testing the path from inside a pod, ms. */
export const LISTEN = 4_000;

/** An attempt on a path, with the pairs it may belong to. */
export type Sighting = { readonly attempt: Attempt; readonly route: Route };

/**
 * Attempts allowed since then, by the time of the flow that gave the verdict, as a SYN may have waited a long time.
 * Attempts that may belong to a pair that was already open are left out.
 */
export function allowed(deps: EvidenceDeps, path: GrantPath, since: number): readonly Sighting[] {
  return sightings(deps, path, since).filter(
    ({ attempt: { verdict, turned } }) => turned >= since && (verdict === 'allow' || verdict === 'l7'),
  );
}

/** Attempts dropped since then that can only belong to pairs of the path. */
export function dropped(deps: EvidenceDeps, path: GrantPath, since: number): readonly Sighting[] {
  return sightings(deps, path, since).filter(({ attempt }) => attempt.verdict === 'drop');
}

function sightings({ attempts }: EvidenceDeps, path: GrantPath, since: number): readonly Sighting[] {
  return attempts(since).flatMap((attempt) => {
    const route = routeOf(path, attempt);
    return route === undefined || route.mixed ? [] : [{ attempt, route }];
  });
}

/** Tests a pair from inside its source pod; undefined if that is not possible. */
export async function tryPair(
  { probe }: EvidenceDeps,
  { from, to, port }: GrantPair,
  signal: AbortSignal,
): Promise<ProbeResult | undefined> {
  const [host] = to.ips;
  if (probe === undefined || from.pod === undefined || host === undefined) return undefined;
  return probe.connect(from.pod, { host, ...port }, signal).catch((error: unknown) => {
    if (isAbort(error) || signal.aborted) throw error;
    return undefined;
  });
}
