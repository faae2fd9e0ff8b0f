import { status } from '@grpc/grpc-js';
import { type BackOff, pause } from '../../wait.ts';
import { type DecodedResponse, observerService } from '../wire/wire.ts';
import type { Intake } from './intake.ts';
import type { Link } from './open-link.ts';
import { followRequest, historyRequest, MASKS, type Past, type Terms, type Wanted } from './request.ts';
import { call, isServiceError, readFlows, type StreamEnd } from './rpc.ts';
import { versionIn } from './version.ts';

/** The purpose of one connection. */
export type Errand = {
  readonly wanted: Wanted;
  readonly terms: Terms;
  /** Past flows that are still missing. */
  readonly history?: Past;
  readonly follow: boolean;
};

/** How a connection ended. */
export type Ending = {
  /** Terms to reconnect with at once, because the server rejected these. */
  readonly terms?: Terms;
  /** Whether the stream misses connected nodes: reconnect at once. */
  readonly stale: boolean;
  readonly end: StreamEnd;
  /** Whether all past flows have arrived. */
  readonly gotHistory: boolean;
};

/** Consecutive failures of the liveness call after which the server counts as dead. */
const DEAD = 2;

/** Checks that this is a Hubble server, and returns its version. Rejects if it does not respond. */
export async function greet(link: Link, timing: Timing, signal: AbortSignal): Promise<string | undefined> {
  const { version = '' } = await call(link.client, observerService().ServerStatus, {}, timing.call, signal);
  return versionIn(version);
}

/** Reads flows over an open link until it breaks, the server rejects the request, or `signal` aborts. */
export async function converse(
  link: Link,
  errand: Errand,
  intake: Intake,
  timing: Timing,
  signal: AbortSignal,
): Promise<Ending> {
  const { wanted, terms, history, follow } = errand;
  const over = new AbortController();
  const within = AbortSignal.any([signal, over.signal]);
  let easier: Terms | undefined;
  let stale = false;

  function take(response: DecodedResponse): void {
    const { node_status: event } = response;
    if (event !== null && event.message !== '') {
      easier ??= easierTerms(terms, { code: status.OK, details: event.message });
      if (easier !== undefined) over.abort();
    }
    if (easier === undefined) intake.take(response);
  }

  const reading = { onResponse: take, slow: intake.slow, signal: within };
  intake.nodes.restart();
  intake.repeats.watch();
  const past =
    history === undefined
      ? undefined
      : readFlows(link.client, historyRequest(wanted, terms, history), {
          ...reading,
          silence: timing.history,
        });
  const future = follow ? readFlows(link.client, followRequest(wanted, terms), reading) : past;
  const watch = watchNodes(link, intake, timing, within).then((isStale) => {
    stale = isStale;
    over.abort();
  });
  if (past === undefined) intake.repeats.relax();
  void past?.then((end) => {
    intake.repeats.relax();
    easier ??= easierTerms(terms, end);
    if (easier !== undefined) over.abort();
  });
  const end = (await future) ?? { code: status.OK, details: '' };
  over.abort();
  const pastEnd = await past;
  await watch;
  easier ??= easierTerms(terms, end);
  return {
    terms: easier,
    stale,
    end: end.code === status.CANCELLED && !signal.aborted ? GONE_QUIET : end,
    gotHistory: easier === undefined && (pastEnd === undefined || pastEnd.code === status.OK),
  };
}

const GONE_QUIET: StreamEnd = { code: status.DEADLINE_EXCEEDED, details: 'no response' };

/**
 * Polls the list of nodes, because nodes that join during a stream are not announced (HUB-6); this also checks that the
 * server is alive. Resolves when it is dead, or with true when the stream misses nodes.
 */
async function watchNodes(link: Link, intake: Intake, timing: Timing, signal: AbortSignal): Promise<boolean> {
  const { GetNodes, ServerStatus } = observerService();
  let isRelay = true;
  for (let failures = 0; failures < DEAD; ) {
    try {
      if (isRelay) {
        const { nodes = [] } = await call(link.client, GetNodes, {}, timing.call, signal);
        intake.nodes.list(nodes);
      } else {
        await call(link.client, ServerStatus, {}, timing.call, signal);
      }
      failures = 0;
    } catch (error) {
      if (signal.aborted) return false;
      if (isServiceError(error) && error.code === status.UNIMPLEMENTED) isRelay = false;
      else failures += 1;
    }
    intake.stir();
    if (intake.nodes.isStreamStale()) return true;
    await pause(timing.look, signal).catch(() => undefined);
    if (signal.aborted) return false;
  }
  return false;
}

/**
 * Easier terms for a server that rejected ours; undefined if it rejected something else. An agent rejects a mask with
 * UNKNOWN "invalid fieldmask"; Relay forwards the text in NODE_ERROR and ends with OK (HUB-3).
 */
function easierTerms(terms: Terms, refusal: StreamEnd): Terms | undefined {
  const { code, details } = refusal;
  if (/invalid field ?mask/i.test(details)) {
    return MASKS[terms.mask] === undefined ? undefined : { ...terms, mask: terms.mask + 1 };
  }
  const isAboutRequest = code === status.INVALID_ARGUMENT || /code = InvalidArgument/.test(details);
  return isAboutRequest && terms.filters ? { ...terms, filters: false } : undefined;
}

/** All waiting times of the source, ms. Tests shorten them. */
export type Timing = {
  /** Timeout for a port-forward. */
  readonly dial: number;
  /** Timeout for a unary call. */
  readonly call: number;
  /** Longest gap between past flows until all have arrived. */
  readonly history: number;
  /** Time between polls of the list of nodes, which also check that the server is alive. */
  readonly look: number;
  /** Shortest time between deliveries of flows and state changes. */
  readonly batch: number;
  /** Backoff after lost connections. */
  readonly backOff: BackOff;
};

export const TIMING: Timing = {
  dial: 15_000,
  call: 5_000,
  history: 30_000,
  look: 15_000,
  batch: 50,
  backOff: { base: 500, cap: 15_000 },
};

/** A resumed stream starts this long before the last flow seen (HUB-21). */
export const OVERLAP = 2_000;
