import type { Layer7, WireFlow } from '../../hubble/wire/wire.ts';
import { hash } from '../store/store.ts';
import { trace } from './datapath.ts';
import {
  type Attempt,
  type AttemptParts,
  type Connection,
  flowMaker,
  type Packet,
  type Proxied,
  replyFlag,
} from './demo-connection.ts';
import { nodeOf } from './party.ts';

/** Responses of the payment service, weighted. */
const CODES: readonly [number, ...number[]] = [200, 200, 200, 200, 200, 201, 402, 503];

/** Latency of an outside server, ms. */
const LATENCY = 24;

/**
 * The first packet of a connection that a policy redirects to the node's proxy: the verdict REDIRECTED with that policy,
 * and the path into the proxy (HUB-17).
 */
export function throughProxy(
  parts: AttemptParts,
  tried: Attempt,
  { by }: Proxied,
  packet: Packet,
  time: number,
): readonly WireFlow[] {
  const node = nodeOf(tried.from);
  if (node === undefined) return [];
  const make = flowMaker(tried, parts.mirror, parts.random);
  const proxy_port = 10_000 + (hash(node) % 10_000);
  return [
    make(node, time, packet, {
      verdict: 'REDIRECTED',
      event_type: { type: 5 },
      traffic_direction: 'EGRESS',
      policy_match_type: 2,
      egress_allowed_by: [by],
      ...replyFlag(packet),
    }),
    { ...trace(make, node, time + 0.05, packet, 'to-proxy', 'EGRESS'), proxy_port },
  ];
}

/** An HTTP request and its response, as seen by the proxy. */
export function httpExchange(parts: AttemptParts, tried: Attempt, http: string, time: number): void {
  const node = nodeOf(tried.from);
  if (node === undefined) return;
  const [method = 'GET', url = ''] = http.split(' ');
  const code = parts.random.pick(CODES);
  const request = { method, url, protocol: 'HTTP/1.1' };
  const show = (after: number, reply: boolean, l7: Layer7, summary: string): void => {
    parts.timeline.at(time + after, (now) => {
      parts.publish([layer7(tried, parts, node, now, reply, l7, summary)]);
    });
  };
  show(1, false, { type: 'REQUEST', http: request }, `HTTP/1.1 ${method} ${url}`);
  show(
    LATENCY,
    true,
    { type: 'RESPONSE', latency_ns: (LATENCY - 1) * 1e6, http: { ...request, code } },
    `HTTP/1.1 ${code} ${LATENCY - 1}ms (${method} ${url})`,
  );
}

/** An L7 flow (type 129) of a connection. */
export function layer7(
  connection: Connection,
  parts: AttemptParts,
  node: string,
  time: number,
  reply: boolean,
  l7: Layer7,
  summary: string,
): WireFlow {
  const make = flowMaker(connection, parts.mirror, parts.random);
  const packet = { reply };
  const flow = make(node, time, packet, {
    verdict: 'FORWARDED',
    Type: 'L7',
    l7,
    event_type: { type: 129 },
    traffic_direction: 'EGRESS',
    ...replyFlag(packet),
    Summary: summary,
  });
  const ports = flow.l4?.TCP;
  if (ports === undefined) return flow;
  const { flags: _none, ...bare } = ports;
  return { ...flow, l4: { TCP: bare } };
}
