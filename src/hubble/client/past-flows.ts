import { status } from '@grpc/grpc-js';
import { delayAfter, pause } from '../../wait.ts';
import { millisecondsOf } from '../wire/wire.ts';
import type { Intake } from './intake.ts';
import type { Link } from './open-link.ts';
import { easierTerms, historyRequest, type Past, type Terms, type Wanted } from './request.ts';
import { type Reading, readFlows, type StreamEnd } from './rpc.ts';
import { OVERLAP, type Timing } from './timing.ts';

/** How often a stream of past flows is asked for before it is given up, while new flows come in. */
const PAST_TRIES = 5;

/** Which past flows, and whether new ones come in meanwhile. */
type PastErrand = {
  readonly wanted: Wanted;
  readonly terms: Terms;
  readonly history: Past;
  readonly follow: boolean;
};

/**
 * Reads past flows until all have arrived. Where the stream breaks while new flows come in, the rest is asked for again;
 * what can't be had is told as missing (HUB-41). `rest` is what a later connection should ask for.
 */
export async function readPast(
  link: Link,
  { wanted, terms, history, follow }: PastErrand,
  intake: Intake,
  timing: Timing,
  reading: Reading,
): Promise<StreamEnd & { readonly rest: Past }> {
  let rest = history;
  let first = Number.POSITIVE_INFINITY;
  for (let tries = 1; ; tries += 1) {
    let latest: number | undefined;
    const end = await readFlows(link.client, historyRequest(wanted, terms, rest), {
      ...reading,
      silence: timing.history,
      onResponse: (response) => {
        if (response.flow !== null) {
          const time = millisecondsOf(response.flow.time);
          first = Math.min(first, time);
          latest = Math.max(latest ?? time, time);
        }
        reading.onResponse(response);
      },
    });
    if (latest !== undefined) rest = { since: latest - OVERLAP };
    if (reading.signal.aborted || easierTerms(terms, end) !== undefined) return { ...end, rest };
    if (end.code === status.OK) {
      if (history.after !== undefined && first > history.after) intake.miss(history.after, timeOr(first));
      return { ...end, rest };
    }
    if (!follow) return { ...end, rest };
    if (tries === PAST_TRIES) {
      intake.miss(latest ?? history.since ?? 0, Date.now());
      return { ...end, rest };
    }
    await pause(delayAfter(tries, timing.backOff, Math.random()), reading.signal).catch(() => undefined);
  }
}

/** Nothing came at all: what is missing ends now. */
function timeOr(first: number): number {
  return Number.isFinite(first) ? first : Date.now();
}

/** The time of the newest flow that a server has, `none`, or `silent` if it doesn't say. */
export async function newestFlow(
  { client }: Link,
  { wanted, terms }: Pick<PastErrand, 'wanted' | 'terms'>,
  timing: Timing,
  signal: AbortSignal,
): Promise<number | 'none' | 'silent'> {
  let newest: number | undefined;
  const end = await readFlows(client, historyRequest(wanted, terms, { last: 1 }), {
    onResponse: ({ flow }) => {
      if (flow !== null) newest = Math.max(newest ?? 0, millisecondsOf(flow.time));
    },
    slow: () => undefined,
    signal,
    silence: timing.call,
  });
  return newest ?? (end.code === status.DEADLINE_EXCEEDED ? 'silent' : 'none');
}
