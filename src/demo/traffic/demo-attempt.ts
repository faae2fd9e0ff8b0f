import type { Protocol } from '../../core/cluster/cluster.ts';
import type { WireFlow } from '../../hubble/wire/wire.ts';
import { drop, follow, pass } from './datapath.ts';
import { decide } from './decision.ts';
import {
  type Attempt,
  type AttemptParts,
  type Connection,
  type Flag,
  flowMaker,
  type Through,
} from './demo-connection.ts';
import { httpExchange, throughProxy } from './layer7.ts';
import { endpointOf, nodeOf } from './party.ts';

/** Delays of SYN retransmissions, each from the previous one, ms (HUB-19). */
const RETRIES = [1_000, 2_000, 4_000];

/** Delays from the handshake to the request, its response, and the end, ms. */
const EXCHANGE = { request: 1, answer: 6, end: 38 } as const;

/**
 * Attempts a connection, starting at `time`: each SYN is evaluated against the current policies, so a retry succeeds once
 * a policy allows it, and the rest is reported as by the datapath (HUB-17). A pod refuses what it does not listen for.
 */
export function attempt(parts: AttemptParts, tried: Attempt, time: number): void {
  const { mirror, random, publish } = parts;
  const make = flowMaker(tried, mirror, random);
  if (tried.through !== undefined) publish(translation(parts, tried, tried.through, time));
  const send = (now: number, retry: number): void => {
    if (parts.goal?.reached === true) return;
    const packet = tried.protocol === 'UDP' ? { reply: false } : { reply: false, flags: SYN };
    const decision = decide(mirror, tried.from, tried.to, tried.port, tried.protocol satisfies Protocol);
    const { flows, arrived } = pass(make, tried, packet, now, decision);
    if (arrived && tried.proxied !== undefined) {
      publish(throughProxy(parts, tried, tried.proxied, packet, now));
      if (tried.proxied.http === undefined) exchange(parts, tried, now);
      else httpExchange(parts, tried, tried.proxied.http, now);
      return;
    }
    publish(flows);
    if (arrived) {
      if (parts.goal !== undefined) parts.goal.reached = true;
      if (listens(tried)) exchange(parts, tried, now);
      else refusal(parts, tried, now);
      return;
    }
    const wait = RETRIES[retry];
    if (tried.protocol === 'TCP' && wait !== undefined) {
      parts.timeline.at(now + wait, (later) => send(later, retry + 1));
    }
  };
  send(time, 0);
}

const SYN: readonly Flag[] = ['SYN'];

/** Whether anything takes the connection: a pod with a list of ports listens on those alone. */
function listens({ to, port, protocol }: Connection): boolean {
  if (to.type !== 'pod' || to.pod.ports.length === 0) return true;
  return to.pod.ports.some((item) => item.port === port && item.protocol === protocol);
}

/** The flows of a connection that the destination resets at once. */
function refusal(parts: AttemptParts, tried: Attempt, time: number): void {
  if (tried.protocol === 'UDP') return;
  const make = flowMaker(tried, parts.mirror, parts.random);
  parts.timeline.at(time + 0.4, (now) => {
    parts.publish(follow(make, tried, { reply: true, flags: ['ACK', 'RST'] }, now));
  });
}

/** A connection to a Service without backends: dropped at its source, with the Service's own address. */
export function attemptWithoutBackend(parts: AttemptParts, tried: Connection, time: number): void {
  const node = nodeOf(tried.from);
  if (node === undefined) return;
  const make = flowMaker(tried, parts.mirror, parts.random);
  const packet = { reply: false, flags: SYN };
  const cause = { verdict: false, code: 158, reason: 'SERVICE_BACKEND_NOT_FOUND' };
  parts.publish(drop(make, node, time, packet, 'EGRESS', cause));
}

/** The flows of an open connection: the handshake's reply, a request, its response, and the close by both ends. */
function exchange(parts: AttemptParts, tried: Attempt, time: number): void {
  const make = flowMaker(tried, parts.mirror, parts.random);
  const show = (after: number, reply: boolean, flags?: readonly Flag[]): void => {
    parts.timeline.at(time + after, (now) => {
      parts.publish(follow(make, tried, { reply, flags }, now));
    });
  };
  if (tried.protocol === 'UDP') {
    show(EXCHANGE.request, true);
    return;
  }
  show(0.4, true, ['SYN', 'ACK']);
  show(EXCHANGE.request, false, ['ACK', 'PSH']);
  show(EXCHANGE.answer, true, ['ACK', 'PSH']);
  show(EXCHANGE.end, false, ['ACK', 'FIN']);
  show(EXCHANGE.end + 0.4, true, ['ACK', 'FIN']);
}

/** The socket-level translation from the Service's address to the backend's (type 7). */
function translation(
  parts: AttemptParts,
  tried: Attempt,
  through: Through,
  time: number,
): readonly WireFlow[] {
  const node = nodeOf(tried.from);
  if (node === undefined || tried.from.type !== 'pod') return [];
  const make = flowMaker(tried, parts.mirror, parts.random);
  const l4 = (port: number) =>
    tried.protocol === 'UDP' ? { UDP: { destination_port: port } } : { TCP: { destination_port: port } };
  const common = { Type: 'SOCK', Summary: tried.protocol } as const;
  const before = make(
    node,
    time - 0.2,
    { reply: false },
    {
      ...common,
      verdict: 'TRACED',
      IP: { source: tried.from.ip, destination: through.ip, ipVersion: 'IPv4' },
      l4: l4(through.port),
      event_type: { type: 7, sub_type: 1 },
      destination_service: { name: through.name, namespace: through.namespace },
      sock_xlate_point: 'SOCK_XLATE_POINT_PRE_DIRECTION_FWD',
    },
  );
  const after = make(
    node,
    time - 0.15,
    { reply: false },
    {
      ...common,
      verdict: 'TRANSLATED',
      l4: l4(tried.port),
      event_type: { type: 7, sub_type: 2 },
      sock_xlate_point: 'SOCK_XLATE_POINT_POST_DIRECTION_FWD',
    },
  );
  return [
    { ...before, destination: endpointOf({ type: 'world', ip: through.ip, names: [] }, node, parts.mirror) },
    after,
  ];
}
