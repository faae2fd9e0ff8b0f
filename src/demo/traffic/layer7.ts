import type { Layer7, WireFlow } from '../../hubble/wire/wire.ts';
import { type Connection, flowMaker, replyFlag } from './connection.ts';
import { trace } from './datapath.ts';
import type { Attempt, AttemptParts } from './parts.ts';
import { nodeOf } from './party.ts';

/** Answers that the payment service gives, by their share. */
const CODES: readonly [number, ...number[]] = [200, 200, 200, 200, 200, 201, 402, 503];

/** ms until an outside server answers. */
const LATENCY = 24;

/**
 * A request through the node's proxy: the verdict REDIRECTED, the way into the proxy, and the request and its
 * answer as L7 flows (facts/traffic.md §2.5, §2.8).
 *
 * @returns the flows of the first packet and the request; the answer follows on the timeline
 */
export function httpExchange(
  parts: AttemptParts,
  tried: Attempt,
  http: string,
  time: number,
): readonly WireFlow[] {
  const node = nodeOf(tried.from);
  if (node === undefined) return [];
  const [method = 'GET', url = ''] = http.split(' ');
  const make = flowMaker(tried, parts.mirror, parts.random);
  const syn = { reply: false, flags: ['SYN'] as const };
  const code = parts.random.pick(CODES);
  const request = { method, url, protocol: 'HTTP/1.1' };
  const seen = (at: number, reply: boolean, l7: Layer7, summary: string): WireFlow =>
    layer7(tried, parts, node, at, reply, l7, summary);
  parts.timeline.at(time + LATENCY, (now) => {
    parts.publish([
      seen(
        now,
        true,
        { type: 'RESPONSE', latency_ns: LATENCY * 1e6, http: { ...request, code } },
        `HTTP/1.1 ${code} ${LATENCY}ms (${method} ${url})`,
      ),
    ]);
  });
  return [
    make(node, time, syn, {
      verdict: 'REDIRECTED',
      event_type: { type: 5 },
      traffic_direction: 'EGRESS',
      policy_match_type: 2,
      proxy_port: 10_945,
      ...replyFlag(syn),
    }),
    { ...trace(make, node, time + 0.05, syn, 'to-proxy', 'EGRESS'), proxy_port: 10_945 },
    seen(time + 1, false, { type: 'REQUEST', http: request }, `HTTP/1.1 ${method} ${url}`),
  ];
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
