import { status } from '@grpc/grpc-js';
import { type DecodedResponse, observerService } from '../wire/wire.ts';
import type { Intake } from './intake.ts';
import type { Link } from './open-link.ts';
import { newestFlow, readPast } from './past-flows.ts';
import { easierTerms, followRequest, type Past, type Terms, type Wanted } from './request.ts';
import { call, type Reading, readFlows, type StreamEnd } from './rpc.ts';
import type { Timing } from './timing.ts';
import { versionIn } from './version.ts';
import { watchServer } from './watch-server.ts';

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
  /** Whether the server had flows that it didn't send on the open stream (HUB-42). */
  readonly stalled: boolean;
  readonly end: StreamEnd;
  /** Whether all past flows have arrived. */
  readonly gotHistory: boolean;
  /** The past flows that are still missing, otherwise. */
  readonly rest?: Past;
};

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

  function take(response: DecodedResponse): void {
    const { node_status: event } = response;
    if (event !== null && event.message !== '') {
      easier ??= easierTerms(terms, { code: status.OK, details: event.message });
      if (easier !== undefined) over.abort();
    }
    if (easier === undefined) intake.take(response);
  }

  const reading: Reading = { onResponse: take, slow: intake.slow, signal: within };
  intake.nodes.restart();
  intake.repeats.watch();
  let isPast = history !== undefined;
  const past =
    history === undefined ? undefined : readPast(link, { ...errand, history }, intake, timing, reading);
  const future = follow ? readFlows(link.client, followRequest(wanted, terms), reading) : past;
  const peek = async () => (isPast ? undefined : newestFlow(link, errand, timing, within));
  const watch = watchServer(link, intake, timing, peek, within).finally(() => over.abort());
  if (past === undefined) intake.repeats.relax();
  void past?.then((end) => {
    isPast = false;
    intake.repeats.relax();
    easier ??= easierTerms(terms, end);
    if (easier !== undefined) over.abort();
  });
  const end = (await future) ?? { code: status.OK, details: '' };
  over.abort();
  const pastEnd = await past;
  const watched = await watch;
  easier ??= easierTerms(terms, end);
  return {
    terms: easier,
    stale: watched === 'stale',
    stalled: watched === 'stalled',
    end: end.code === status.CANCELLED && !signal.aborted ? GONE_QUIET : end,
    gotHistory: easier === undefined && (pastEnd === undefined || pastEnd.code === status.OK),
    ...(pastEnd === undefined ? {} : { rest: pastEnd.rest }),
  };
}

const GONE_QUIET: StreamEnd = { code: status.DEADLINE_EXCEEDED, details: 'no response' };
