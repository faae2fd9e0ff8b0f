import type { WireFlow } from '../../hubble/wire/wire.ts';
import { NODES } from '../world/world.ts';
import type { HalfDecision } from './decision.ts';
import { type FlowMaker, type Packet, replyFlag } from './demo-connection.ts';
import { nodeOf, type Party } from './party.ts';

/** Time between two flows of one packet, ms. */
const STEP = 0.05;

/** Points where a node reports a forwarded packet: number on the wire and name (HUB-10). */
const POINTS = {
  'to-endpoint': { sub: 0, name: 'TO_ENDPOINT' },
  'to-proxy': { sub: 1, name: 'TO_PROXY' },
  'to-stack': { sub: 3, name: 'TO_STACK' },
  'to-overlay': { sub: 4, name: 'TO_OVERLAY' },
  'to-network': { sub: 11, name: 'TO_NETWORK' },
} as const;

export type Point = keyof typeof POINTS;

type Direction = 'INGRESS' | 'EGRESS';

/** A trace event (type 4): the packet passed this point of a node. */
export function trace(
  make: FlowMaker,
  node: string,
  time: number,
  packet: Packet,
  point: Point,
  direction: Direction,
): WireFlow {
  const { sub, name } = POINTS[point];
  const isNew = !packet.reply && (packet.flags === undefined || packet.flags.join() === 'SYN');
  return make(node, time, packet, {
    verdict: 'FORWARDED',
    event_type: { type: 4, ...(sub === 0 ? {} : { sub_type: sub }) },
    traffic_direction: direction,
    trace_observation_point: name,
    trace_reason: packet.reply ? 'REPLY' : isNew ? 'NEW' : 'ESTABLISHED',
    ...replyFlag(packet),
  });
}

/**
 * The events of one half of a first packet: a verdict (type 5) if a policy applies, and for a denial also a drop (type 1)
 * with the same time, without policy names (HUB-12, HUB-17). Empty if none applies.
 */
export function judgement(
  make: FlowMaker,
  node: string,
  time: number,
  packet: Packet,
  half: HalfDecision,
  direction: Direction,
): readonly WireFlow[] {
  if (!half.judged) return [];
  if (half.allowed) {
    const by =
      direction === 'EGRESS' ? { egress_allowed_by: [...half.by] } : { ingress_allowed_by: [...half.by] };
    return [
      make(node, time, packet, {
        verdict: 'FORWARDED',
        event_type: { type: 5 },
        traffic_direction: direction,
        policy_match_type: half.match,
        ...replyFlag(packet),
        ...by,
      }),
    ];
  }
  return drop(make, node, time, packet, direction, { verdict: true, code: 133, reason: 'POLICY_DENIED' });
}

/** A dropped packet: the verdict event, if a policy is the cause, and the drop event. */
export function drop(
  make: FlowMaker,
  node: string,
  time: number,
  packet: Packet,
  direction: Direction,
  cause: { readonly verdict: boolean; readonly code: number; readonly reason: string },
): readonly WireFlow[] {
  const common = {
    verdict: 'DROPPED',
    drop_reason: cause.code,
    drop_reason_desc: cause.reason,
    traffic_direction: direction,
  } as const;
  const dropped = make(node, time, packet, {
    ...common,
    event_type: { type: 1, sub_type: cause.code },
    file: { name: 'bpf_lxc.c', line: direction === 'EGRESS' ? 1_403 : 2_127 },
  });
  return cause.verdict
    ? [make(node, time, packet, { ...common, event_type: { type: 5 } }), dropped]
    : [dropped];
}

/** How far a first packet gets, and the flows along the way. */
export type Passage = { readonly flows: readonly WireFlow[]; readonly arrived: boolean };

/** The path of a first packet from one party to another, with the decision at each end (HUB-17). */
export function pass(
  make: FlowMaker,
  parties: { readonly from: Party; readonly to: Party },
  packet: Packet,
  time: number,
  decision: { readonly egress: HalfDecision; readonly ingress: HalfDecision },
): Passage {
  const source = nodeOf(parties.from);
  const destination = nodeOf(parties.to);
  const flows: WireFlow[] = [];
  let now = time;
  const add = (more: readonly WireFlow[]): void => {
    flows.push(...more);
    if (more.length > 0) now += STEP;
  };
  if (source !== undefined && parties.from.type === 'pod') {
    add(judgement(make, source, now, packet, decision.egress, 'EGRESS'));
    if (!decision.egress.allowed) return { flows, arrived: false };
    if (destination !== source) add(leaving(make, source, now, packet, parties.to));
  }
  if (destination === undefined || parties.to.type !== 'pod') return { flows, arrived: true };
  add(judgement(make, destination, now, packet, decision.ingress, 'INGRESS'));
  if (!decision.ingress.allowed) return { flows, arrived: false };
  add([trace(make, destination, now, packet, 'to-endpoint', 'INGRESS')]);
  return { flows, arrived: true };
}

/** A packet that leaves its pod's node: through the tunnel to pods, over the network otherwise. */
function leaving(
  make: FlowMaker,
  node: string,
  time: number,
  packet: Packet,
  to: Party,
): readonly WireFlow[] {
  if (to.type === 'pod') return [trace(make, node, time, packet, 'to-overlay', 'EGRESS')];
  const flow = trace(make, node, time, packet, 'to-network', 'EGRESS');
  const own = NODES.find(({ name }) => name === node)?.ip;
  const translated = to.type === 'world' && own !== undefined ? { source_xlated: own } : {};
  return [{ ...flow, IP: { ...flow.IP, ...translated } }];
}

/** A later packet of an open connection, or a reply: every node along the way reports it once. */
export function follow(
  make: FlowMaker,
  parties: { readonly from: Party; readonly to: Party },
  packet: Packet,
  time: number,
): readonly WireFlow[] {
  const source = nodeOf(parties.from);
  const destination = nodeOf(parties.to);
  const client = parties.from.type === 'pod' ? source : undefined;
  const server = parties.to.type === 'pod' ? destination : undefined;
  const flows: WireFlow[] = [];
  if (!packet.reply) {
    if (client !== undefined && client !== server)
      flows.push(...leaving(make, client, time, packet, parties.to));
    if (server !== undefined) flows.push(trace(make, server, time + STEP, packet, 'to-endpoint', 'INGRESS'));
    return flows;
  }
  if (server !== undefined && server !== client) {
    const point = client === undefined ? 'to-stack' : 'to-overlay';
    flows.push(trace(make, server, time, packet, point, 'INGRESS'));
  }
  if (client !== undefined) {
    const direction = client === server ? 'INGRESS' : 'EGRESS';
    flows.push(trace(make, client, time + STEP, packet, 'to-endpoint', direction));
  }
  return flows;
}
