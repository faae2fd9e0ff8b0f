import type { Pod } from '../core/cluster/cluster.ts';
import type { Flow, FlowEnd, FlowVerdict } from '../core/traffic/traffic.ts';
import type { SocketObservation } from './observe.ts';
import type { SocketEnd } from './proc-net.ts';
import type { ServiceAt } from './target.ts';

/** The context of an observation. `time`: when the sample was taken, ms since the epoch. */
export type FlowSurroundings = {
  readonly pod: Pod;
  readonly time: number;
  readonly podAt: (ip: string) => Pod | undefined;
  readonly serviceAt?: ServiceAt;
};

const VERDICTS: Readonly<Record<SocketObservation['what'], FlowVerdict>> = {
  connected: 'forwarded',
  unanswered: 'dropped',
  datagram: 'unknown',
};

/** Hubble's number for a drop without a known reason. */
const NO_ANSWER = { code: 0, text: 'no answer' };

/**
 * The flow for an observation. The peer of a socket that dialed a service is the service's only backend on its target
 * port, or the service itself if there are several, because the socket does not show which one was chosen.
 */
export function flowOf(seen: SocketObservation, around: FlowSurroundings): Flow {
  const protocol = seen.what === 'datagram' ? 'UDP' : 'TCP';
  const own: FlowEnd = { ...endOfPod(around.pod), ...seen.local };
  const [source, destination] = seen.incoming
    ? [endAt(seen.remote, around), own]
    : [own, dialled(seen.remote, protocol, around)];
  return {
    time: around.time - seen.age,
    seen: 'socket',
    node: around.pod.node,
    verdict: VERDICTS[seen.what],
    ...(seen.what === 'unanswered' ? { dropReason: NO_ANSWER } : {}),
    direction: seen.incoming ? 'ingress' : 'egress',
    protocol,
    ...(seen.what === 'unanswered' ? { tcpFlags: ['SYN'] } : {}),
    source,
    destination,
    isReply: false,
    allowedBy: [],
    deniedBy: [],
  };
}

function endOfPod(pod: Pod): FlowEnd {
  const { namespace, name, labels, owner } = pod;
  return {
    namespace,
    pod: name,
    labels,
    ...(owner === undefined ? {} : { workload: { kind: owner.kind, name: owner.name } }),
  };
}

function endAt(end: SocketEnd, { podAt }: FlowSurroundings): FlowEnd {
  const pod = podAt(end.ip);
  return pod === undefined ? end : { ...endOfPod(pod), ...end };
}

function dialled(end: SocketEnd, protocol: 'TCP' | 'UDP', around: FlowSurroundings): FlowEnd {
  const target = around.serviceAt?.(end.ip, end.port, protocol);
  if (target === undefined) return endAt(end, around);
  const { namespace, name, backends } = target;
  const service = { namespace, name };
  const [only, ...others] = backends;
  if (only === undefined || others.length > 0) return { ...end, namespace, service };
  return { ...endOfPod(only.pod), ip: only.ip, port: only.port, service };
}
