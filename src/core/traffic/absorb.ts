import { type AttemptState, NEVER } from './attempt-state.ts';
import { isOngoing, outcomeOf, placeOf } from './evidence.ts';
import type { Flow, FlowPolicy } from './flow.ts';
import { enrich } from './names.ts';

/** A refusal is the first answer; a reset after this many ms ended a working connection. */
const REFUSAL = 3_000;

/** Adds one flow of the request direction. `now` is local, ms. */
export function absorb(state: AttemptState, flow: Flow, now: number): void {
  const { time } = flow;
  state.snapshot = undefined;
  state.source = enrich(state.source, flow.source);
  state.destination = enrich(state.destination, flow.destination);
  if (time < state.first) state.first = time;
  if (time > state.last) state.last = time;
  noteNode(state, flow.node);
  countTry(state, flow);
  if (flow.allowedBy.length > 0) state.allowedBy = union(state.allowedBy, flow.allowedBy);
  if (flow.deniedBy.length > 0) state.deniedBy = union(state.deniedBy, flow.deniedBy);
  if (flow.l7 !== undefined) state.l7 = flow.l7;
  switch (outcomeOf(flow)) {
    case 'dropped':
      noteDrop(state, flow);
      break;
    case 'error':
      state.failedAt = Math.max(state.failedAt, time);
      break;
    case 'audit':
      state.audited = true;
      break;
    case 'proxied':
      state.proxied = true;
      break;
    case 'passed':
      if (!state.proxied || !isOngoing(flow)) state.passedAt = Math.max(state.passedAt, time);
      break;
    case 'sent':
      state.sentAt = Math.max(state.sentAt, time);
      state.sentSeen = now;
      break;
    case 'refused':
      state.refusedAt = Math.max(state.refusedAt, time);
      break;
    case 'silent':
      break;
  }
}

/**
 * Adds one flow of the answer. Behind a proxy the answer comes from the proxy, which also answers what it denies, so it
 * proves nothing there. A dropped SYN-ACK fails the attempt; a dropped reset is noise.
 */
export function absorbReply(state: AttemptState, flow: Flow): void {
  const { time, tcpFlags = [] } = flow;
  state.snapshot = undefined;
  state.source = enrich(state.source, flow.destination);
  state.destination = enrich(state.destination, flow.source);
  noteNode(state, flow.node);
  if (flow.l7 !== undefined) {
    state.l7 = flow.l7;
    return;
  }
  const opens = flow.protocol !== 'TCP' || (tcpFlags.includes('SYN') && tcpFlags.includes('ACK'));
  if (flow.verdict === 'dropped') {
    if (opens) noteDrop(state, flow);
    return;
  }
  if (opens) {
    state.answeredAt = Math.max(state.answeredAt, time);
    if (!state.proxied) state.passedAt = Math.max(state.passedAt, time);
  } else if (tcpFlags.includes('RST') && state.answeredAt === NEVER && time - state.tried <= REFUSAL) {
    state.refusedAt = Math.max(state.refusedAt, time);
  }
}

function countTry(state: AttemptState, flow: Flow): void {
  const place = placeOf(flow);
  if (place === undefined) return;
  if (flow.time > state.tried) state.tried = flow.time;
  const count = countPlace(state.places, place);
  if (count > state.tries) state.tries = count;
}

function countPlace(places: number[], place: number): number {
  for (let index = 0; index < places.length; index += 2) {
    if (places[index] !== place) continue;
    const count = (places[index + 1] ?? 0) + 1;
    places[index + 1] = count;
    return count;
  }
  places.push(place, 1);
  return 1;
}

function noteDrop(state: AttemptState, { time, dropReason, direction }: Flow): void {
  if (time < state.droppedAt) return;
  state.droppedAt = time;
  state.dropReason = dropReason ?? state.dropReason;
  state.dropDirection = direction ?? state.dropDirection;
}

function noteNode(state: AttemptState, node: string | undefined): void {
  if (node !== undefined && !state.nodes.includes(node)) state.nodes = [...state.nodes, node];
}

function union(known: readonly FlowPolicy[], more: readonly FlowPolicy[]): readonly FlowPolicy[] {
  const fresh = more.filter((policy) => !known.some((other) => isSame(policy, other)));
  return fresh.length === 0 ? known : [...known, ...fresh];
}

function isSame(one: FlowPolicy, other: FlowPolicy): boolean {
  return (
    one.name === other.name &&
    one.namespace === other.namespace &&
    one.kind === other.kind &&
    one.direction === other.direction
  );
}
