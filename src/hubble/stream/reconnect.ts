import { SluiceError } from '../../core/errors.ts';
import type { TrafficSink } from '../../core/ports.ts';
import { delayAfter, pause } from '../../wait.ts';
import type { JsonResponse } from '../json-flow.ts';
import type { HubbleTls } from '../link/credentials.ts';
import { type HubblePlace, type Link, openLink } from '../link/open-link.ts';
import { converse, type Errand, greet } from './connection.ts';
import { createIntake, type Intake } from './intake.ts';
import { isServiceError, type StreamEnd } from './rpc.ts';
import { OVERLAP, type Timing } from './timing.ts';
import { findTrouble, type Trouble } from './trouble.ts';

/** Everything a source needs, with nothing left open. */
export type Plan = {
  readonly place: HubblePlace;
  readonly tls: HubbleTls;
  readonly errand: Omit<Errand, 'terms'>;
  readonly timing: Timing;
  readonly onRaw?: (response: JsonResponse) => void;
};

type Progress = { errand: Errand; failures: number; hasWorked: boolean };

/** A connection that lived this long was a good one: waiting times start over. */
const GOOD = 5_000;

/**
 * Talks to the server until `signal` aborts, over as many connections as it takes. Rejects only for a mistake that
 * shows on the first connection; when nothing is to be followed, resolves once everything has come.
 */
export async function talk(plan: Plan, sink: TrafficSink, signal: AbortSignal): Promise<void> {
  const { timing, errand } = plan;
  const intake = createIntake(errand.wanted, timing.batch, sink, plan.onRaw);
  const progress: Progress = {
    errand: { ...errand, terms: { mask: 0, filters: true } },
    failures: 0,
    hasWorked: false,
  };
  intake.say('connecting', placeName(plan.place));
  try {
    while (!signal.aborted) {
      const began = performance.now();
      const trouble = await connectOnce(plan, progress, intake, signal);
      if (signal.aborted || trouble === 'done') return;
      if (trouble === undefined) continue;
      progress.failures = performance.now() - began >= GOOD ? 1 : progress.failures + 1;
      if (!progress.hasWorked && (trouble.isMistake || !errand.follow)) throw asError(plan.place, trouble);
      intake.say(trouble.isMistake ? 'failed' : 'reconnecting', phrase(plan.place, trouble));
      const wait = delayAfter(progress.failures, timing.backOff, Math.random());
      await pause(wait, signal).catch(() => undefined);
    }
  } finally {
    intake.close();
  }
}

/** One connection. Undefined: come back at once; `done`: nothing is left to come for. */
async function connectOnce(
  plan: Plan,
  progress: Progress,
  intake: Intake,
  signal: AbortSignal,
): Promise<Trouble | 'done' | undefined> {
  const { timing } = plan;
  const taken = intake.taken;
  let link: Link | undefined;
  try {
    link = await openLink(plan.place, plan.tls, AbortSignal.any([signal, AbortSignal.timeout(timing.dial)]));
    const version = await greet(link, timing, signal);
    intake.say('live', placeName(plan.place), version);
    const ending = await converse(link, progress.errand, intake, timing, signal);
    if (intake.taken > taken) progress.hasWorked = true;
    const { terms } = ending;
    if (terms !== undefined) {
      progress.errand = { ...progress.errand, terms };
      return undefined;
    }
    if (ending.gotHistory) {
      const { history: _, ...rest } = progress.errand;
      progress.errand = rest;
      if (!rest.follow) return 'done';
    }
    resumeLater(progress, intake);
    return ending.stale ? undefined : await findTrouble(link, ending.end, timing.call);
  } catch (error) {
    return await troubleWith(error, link, timing);
  } finally {
    await link?.close();
  }
}

/** What was missed is asked for first, unless more is missing still. */
function resumeLater(progress: Progress, intake: Intake): void {
  if (progress.errand.history !== undefined || intake.latest === undefined) return;
  progress.errand = { ...progress.errand, history: { since: intake.latest - OVERLAP } };
}

async function troubleWith(error: unknown, link: Link | undefined, timing: Timing): Promise<Trouble> {
  if (link !== undefined && isServiceError(error)) {
    const end: StreamEnd = { code: error.code, details: error.details };
    return findTrouble(link, end, timing.call);
  }
  if (error instanceof SluiceError && (error.code === 'usage' || error.code === 'config')) throw error;
  const text = error instanceof Error ? error.message : String(error);
  return {
    isMistake: false,
    text: `can't be reached: ${text}`,
    hint: error instanceof SluiceError ? error.hint : '',
  };
}

function placeName(place: HubblePlace): string {
  return 'address' in place ? place.address.replace(/^tls:\/\//, '') : 'hubble-relay';
}

function phrase(place: HubblePlace, { text, hint }: Trouble): string {
  return hint === '' ? `${placeName(place)} ${text}` : `${placeName(place)} ${text}. ${hint}`;
}

function asError(place: HubblePlace, { text, hint }: Trouble): SluiceError {
  return new SluiceError(
    'unreachable',
    `The Hubble server ${placeName(place)} ${text}.`,
    hint === '' ? 'Try again later.' : hint,
  );
}
