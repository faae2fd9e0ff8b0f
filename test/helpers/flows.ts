import { EVENT, type Flow, type FlowEnd, TRACE } from '../../src/core/traffic/flow.ts';

/** Ten o'clock, when all invented flows begin, and what the local clock says then. */
export const START = Date.UTC(2026, 0, 5, 10);

/** A pod of the shop, as a flow of its own node tells it. */
export function podEnd(workload: string, more: Partial<FlowEnd> = {}): FlowEnd {
  return {
    ip: `10.0.0.${workload.length}`,
    namespace: 'shop',
    pod: `${workload}-x1`,
    workload: { kind: 'Deployment', name: workload },
    ...more,
  };
}

/** The same end as a node tells it that does not run the pod: no workload. */
export function farEnd(end: FlowEnd): FlowEnd {
  const { workload: _, ...rest } = end;
  return rest;
}

export const web = podEnd('web', { ip: '10.0.0.1', port: 40_000 });
export const db = podEnd('db', { ip: '10.0.0.2', port: 5432 });

let uuids = 0;

/** A flow from web to db; `at` is ms after `START`. */
export function flow({ at = 0, ...more }: Partial<Flow> & { readonly at?: number } = {}): Flow {
  uuids += 1;
  return {
    uuid: `uuid-${uuids}`,
    time: START + at,
    seen: 'hubble',
    node: 'node-1',
    verdict: 'forwarded',
    protocol: 'TCP',
    tcpFlags: ['SYN'],
    source: web,
    destination: db,
    allowedBy: [],
    deniedBy: [],
    ...more,
  };
}

type More = Partial<Flow> & { readonly at?: number };

const DENIED = { code: 133, text: 'Policy denied' };

/** The two flows of a packet that a policy drops: verdict and drop, of equal time. */
export function dropped(direction: 'ingress' | 'egress', more: More = {}): readonly Flow[] {
  const both = { verdict: 'dropped', direction, dropReason: DENIED, ...more } as const;
  return [
    flow({ ...both, eventType: EVENT.policyVerdict }),
    flow({ ...both, eventType: EVENT.drop, eventSubType: both.dropReason.code }),
  ];
}

/** A policy verdict that lets a packet go on. */
export function admitted(direction: 'ingress' | 'egress', more: More = {}): Flow {
  return flow({ direction, eventType: EVENT.policyVerdict, isReply: false, ...more });
}

/** The packet as it reaches the destination. */
export function delivered(more: More = {}): Flow {
  return flow({
    direction: 'ingress',
    eventType: EVENT.trace,
    eventSubType: TRACE.toEndpoint,
    isReply: false,
    ...more,
  });
}

/** The packet as it leaves the node of its source. */
export function sent(more: More = {}): Flow {
  return flow({
    direction: 'egress',
    eventType: EVENT.trace,
    eventSubType: TRACE.toNetwork,
    isReply: false,
    ...more,
  });
}

/** An answer of db to web. */
export function answered(more: More = {}): Flow {
  return flow({
    direction: 'ingress',
    eventType: EVENT.trace,
    eventSubType: TRACE.toEndpoint,
    isReply: true,
    tcpFlags: ['SYN', 'ACK'],
    source: db,
    destination: web,
    ...more,
  });
}
