import type { Attempt } from './attempt.ts';
import { EVENT, type Flow, TRACE } from './flow.ts';

/**
 * What one flow of the request direction shows about its attempt. `passed`: the destination's side let it in. `sent`:
 * the source's side let it go, the other may still drop it (HUB-20). `refused`: it arrived and was turned away.
 * `silent`: nothing yet.
 */
export type FlowOutcome =
  | 'dropped'
  | 'error'
  | 'audit'
  | 'proxied'
  | 'passed'
  | 'sent'
  | 'refused'
  | 'silent';

/** Interprets a flow that is not a reply. */
export function outcomeOf(flow: Flow): FlowOutcome {
  if (flow.seen === 'socket' || flow.seen === 'connect') return observed(flow);
  switch (flow.verdict) {
    case 'dropped':
      return 'dropped';
    case 'error':
      return 'error';
    case 'audit':
      return 'audit';
    case 'redirected':
      return 'proxied';
    case 'forwarded':
      return forwarded(flow);
    case 'traced':
    case 'translated':
    case 'unknown':
      return 'silent';
  }
}

/** The probe reports `forwarded` for a connection, `dropped` for silence, `error` for a refusal. */
function observed({ verdict }: Flow): FlowOutcome {
  if (verdict === 'forwarded') return 'passed';
  if (verdict === 'dropped') return 'dropped';
  return verdict === 'error' ? 'refused' : 'silent';
}

function forwarded({ eventType, eventSubType, direction }: Flow): FlowOutcome {
  switch (eventType) {
    case EVENT.l7:
      return 'passed';
    case EVENT.policyVerdict:
      return direction === 'ingress' ? 'passed' : 'sent';
    case EVENT.trace:
      if (eventSubType === TRACE.toEndpoint || eventSubType === TRACE.toHost) return 'passed';
      return eventSubType === TRACE.toProxy ? 'proxied' : 'sent';
    default:
      return 'sent';
  }
}

/**
 * The place in the datapath that a flow reports. A packet passes each place once, so the place seen most often counts
 * the tries. TCP packets of an established connection are not tries, nor are socket observations.
 */
export function placeOf(flow: Flow): number | undefined {
  if (flow.seen === 'socket') return undefined;
  const direction = flow.direction === 'egress' ? 0 : flow.direction === 'ingress' ? 1 : 2;
  const isDrop = flow.verdict === 'dropped';
  switch (flow.eventType) {
    case EVENT.drop:
      return direction;
    case EVENT.policyVerdict:
      return (isDrop ? 3 : DROP_PLACES) + direction;
    case EVENT.l7:
      return isDrop ? 6 : DROP_PLACES + 3;
    case EVENT.trace:
      return isOngoing(flow) ? undefined : DROP_PLACES + 5 + (flow.eventSubType ?? 0);
    default:
      return isDrop ? 7 : isOngoing(flow) ? undefined : DROP_PLACES + 4;
  }
}

/** The first places are those of drops. */
const DROP_PLACES = 8;

/** A TCP packet that doesn't open a connection. */
export function isOngoing({ protocol, tcpFlags }: Flow): boolean {
  return protocol === 'TCP' && tcpFlags !== undefined && !tcpFlags.includes('SYN');
}

/** Whether a packet answers another one, judging by the flow alone (HUB-13). */
export function repliesTo({ isReply, protocol, tcpFlags }: Flow): boolean | undefined {
  if (isReply !== undefined) return isReply;
  if (protocol !== 'TCP' || tcpFlags === undefined) return undefined;
  if (tcpFlags.includes('SYN')) return tcpFlags.includes('ACK');
  return tcpFlags.includes('RST') ? true : undefined;
}

/** `certain`: definitely so. `likely`: other causes are rare and named. `weak`: says little about policies. */
export type Trust = { readonly level: 'certain' | 'likely' | 'weak'; readonly text: string };

/**
 * How far an attempt seen in a pod's sockets can be trusted, in words for the screen (PROBE-1, PROBE-4); undefined for
 * flows, which come from the datapath itself.
 */
export function trustOf({ seen, protocol, verdict, tries }: Attempt): Trust | undefined {
  if (seen !== 'socket') return undefined;
  if (protocol === 'UDP') {
    return {
      level: 'weak',
      text: 'A UDP socket is connected to this peer; a socket table does not show whether datagrams arrive.',
    };
  }
  if (verdict === 'allow')
    return { level: 'certain', text: 'A connection was established: the path was open then.' };
  return tries > 1
    ? {
        level: 'likely',
        text: 'The first packet was retransmitted without an answer: dropped on the way, or no host has that address.',
      }
    : {
        level: 'likely',
        text: 'No answer to the first packet for 400 ms: dropped, or a very distant peer.',
      };
}

/** What the sockets of pods can never show. */
export const BLIND_SPOTS: readonly string[] = [
  'refused attempts',
  'attempts shorter than the polling interval',
  'datagrams',
  'pods without a command that can read a file, and pods on the host network',
];
