import { connect } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { SluiceError, safeText } from '../../core/common/common.ts';
import type { TrafficSink } from '../../core/ports/ports.ts';
import { delayAfter, pause } from '../../wait.ts';
import { converse, type Errand, greet } from './connection.ts';
import type { HubbleTls } from './credentials.ts';
import { createIntake, type Intake } from './intake.ts';
import type { JsonResponse } from './json-flow.ts';
import { type HubblePlace, type Link, openLink } from './open-link.ts';
import { isServiceError, type StreamEnd } from './rpc.ts';
import { OVERLAP, type Timing } from './timing.ts';

/** The resolved options of a source. */
export type Plan = {
  readonly place: HubblePlace;
  readonly tls: HubbleTls;
  readonly errand: Omit<Errand, 'terms'>;
  readonly timing: Timing;
  readonly onRaw?: (response: JsonResponse) => void;
};

type Progress = { errand: Errand; failures: number; hasWorked: boolean };

/** How often a server that does not answer in time is asked for past flows. */
const TRIES = 3;

/** A connection that lasted this long, ms, resets the backoff. */
const GOOD = 5_000;

/**
 * Reads flows until `signal` aborts, reconnecting as needed. Rejects only for a configuration mistake on the first
 * connection; without `follow`, resolves once all flows have arrived.
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
      const isOver =
        trouble.isMistake || (!errand.follow && (trouble.isSlow !== true || progress.failures === TRIES));
      if (!progress.hasWorked && isOver) throw asError(plan.place, trouble);
      intake.say(trouble.isMistake ? 'failed' : 'reconnecting', phrase(plan.place, trouble));
      const wait = delayAfter(progress.failures, timing.backOff, Math.random());
      await pause(wait, signal).catch(() => undefined);
    }
  } finally {
    intake.close();
  }
}

/** Runs one connection. Undefined: reconnect at once; `done`: all flows have arrived. */
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
    } else if (ending.rest !== undefined) progress.errand = { ...progress.errand, history: ending.rest };
    resumeLater(progress, intake);
    if (ending.stalled) return STALLED;
    return ending.stale ? undefined : await findTrouble(link, ending.end, timing.call);
  } catch (error) {
    return await troubleWith(error, link, timing);
  } finally {
    await link?.close();
  }
}

/** The next connection first requests missed flows, unless past flows are still pending. */
function resumeLater(progress: Progress, intake: Intake): void {
  if (progress.errand.history !== undefined || intake.latest === undefined) return;
  const { latest, latestFlow } = intake;
  const after = latestFlow === undefined || latestFlow < latest - OVERLAP ? {} : { after: latestFlow };
  progress.errand = { ...progress.errand, history: { since: latest - OVERLAP, ...after } };
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
    text: `is unreachable: ${text}`,
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

/**
 * Why there is no connection. `isMistake`: retrying won't help, the configuration must change. `isSlow`: an answer may
 * yet come. `text` is a sentence without its subject, the name of the server.
 */
type Trouble = {
  readonly isMistake: boolean;
  readonly isSlow?: boolean;
  readonly text: string;
  readonly hint: string;
};

type Failure = { readonly code: number; readonly details: string };

/** Node and OpenSSL errors for common mistakes (HUB-8), and what they mean. */
const TLS_TROUBLES: readonly (readonly [RegExp, string, string])[] = [
  [
    /wrong version number|packet length too long|EPROTO.*(?:unexpected|http)/i,
    'does not use TLS',
    'Remove the TLS flags, or connect to its TLS port.',
  ],
  [
    /ALTNAME_INVALID|does not match certificate/i,
    'has a certificate for a different name',
    'Set --tls-server-name to a name in the certificate; for Relay, instance.hubble-relay.cilium.io.',
  ],
  [/certificate has expired|CERT_HAS_EXPIRED/i, 'has an expired certificate', 'Renew it on the server.'],
  [
    /self.signed|unable to (?:verify|get)|UNABLE_TO_|unknown ca|SELF_SIGNED/i,
    'has a certificate signed by an unknown authority',
    'Set --tls-ca-cert-files to its CA.',
  ],
  [
    /certificate required|alert number 116|bad certificate|handshake failure/i,
    'requires a client certificate',
    'Set --tls-client-cert-file and --tls-client-key-file.',
  ],
];

/** A server's alert about the certificate that it was sent (RFC 8446 §6.2): 42 to 46, and 48 for its CA. */
const CERTIFICATE_ALERT = /alert number 4[2-68]\b/;

const NOT_ACCEPTED: Trouble = {
  isMistake: true,
  text: 'does not accept the client certificate',
  hint: 'Set --tls-client-cert-file to a valid one, signed by a CA that the server trusts.',
};

/** Explains the end of a call or stream over a link with these TLS options. */
function troubleOf({ code, details }: Failure, tls: HubbleTls): Trouble {
  const isOurs = tls !== false && tls.cert !== undefined && CERTIFICATE_ALERT.test(details);
  if (code === status.UNAVAILABLE && isOurs) return NOT_ACCEPTED;
  for (const [pattern, text, hint] of TLS_TROUBLES) {
    if (code === status.UNAVAILABLE && pattern.test(details)) return { isMistake: true, text, hint };
  }
  switch (code) {
    case status.OK:
      return { isMistake: false, text: 'closed the stream', hint: '' };
    case status.UNAVAILABLE:
      return unavailable(details);
    case status.DEADLINE_EXCEEDED:
      return {
        isMistake: false,
        isSlow: true,
        text: 'is not responding',
        hint: 'Check that it is reachable and not overloaded.',
      };
    case status.UNIMPLEMENTED:
      return { isMistake: true, text: 'is not a Hubble server', hint: 'Use the address of hubble-relay.' };
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return {
        isMistake: true,
        text: `denied access: ${safeText(details)}`,
        hint: 'Check the client certificate.',
      };
    default:
      return {
        isMistake: false,
        text: `failed: ${safeText(details) || `gRPC code ${code}`}`,
        hint: '',
      };
  }
}

function unavailable(details: string): Trouble {
  if (details.includes('ECONNREFUSED')) {
    return {
      isMistake: false,
      text: 'refused the connection',
      hint: 'Check the address, and that hubble-relay is running.',
    };
  }
  if (/ENOTFOUND|EAI_AGAIN|Name resolution failed/i.test(details)) {
    return { isMistake: false, text: 'has a hostname that does not resolve', hint: 'Check the address.' };
  }
  if (/ECONNRESET|EPIPE|EOF|socket hang up|Connection dropped/i.test(details)) {
    return { isMistake: false, text: 'closed the connection', hint: '' };
  }
  return { isMistake: false, text: `is unavailable: ${safeText(details)}`, hint: '' };
}

/** A server that is alive, but whose stream is not (HUB-42). */
const STALLED: Trouble = {
  isMistake: false,
  text: 'stopped sending flows although it has new ones',
  hint: '',
};

/** A server that requires TLS, for a plaintext client. */
const WANTS_TLS: Trouble = {
  isMistake: true,
  text: 'requires TLS',
  hint: 'Set --tls, and --tls-ca-cert-files to its CA.',
};

/**
 * Finds out why a connection ended. A server that requires TLS gives a plaintext client no reason (HUB-8), so a TLS
 * handshake is tried.
 */
async function findTrouble(link: Link, end: Failure, timeout: number): Promise<Trouble> {
  const trouble = troubleOf(end, link.tls);
  if (link.tls !== false || end.code !== status.UNAVAILABLE || end.details.includes('ECONNREFUSED'))
    return trouble;
  return (await speaksTls(link, timeout)) ? WANTS_TLS : trouble;
}

/** Whether a server uses TLS, regardless of its certificate. */
function speaksTls({ host, port }: Link, timeout: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    const finish = (answer: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(false), timeout);
    socket.once('secureConnect', () => finish(true));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
  });
}
