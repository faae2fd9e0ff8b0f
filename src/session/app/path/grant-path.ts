import type { EndRef, Grant } from '../../../core/access/grant.ts';
import { parseIp } from '../../../core/cluster/ip.ts';
import { isLive, type Pod } from '../../../core/cluster/objects.ts';
import { matchPods } from '../../../core/policy/match/match.ts';
import type { Policy } from '../../../core/policy/model/policy.ts';
import type { Runtime } from '../../runtime.ts';
import type { PathState } from '../../state.ts';
import { endOfPod } from './ends.ts';

/**
 * The path of a grant. A grant keeps the names of its ends; which workloads these are is found by its policies while
 * they stand, afterwards by the name alone, near where its policies were.
 */
export function pathOfGrant(runtime: Runtime, grant: Grant): PathState {
  const [port] = grant.ports;
  const source = endNamed(runtime, grant, 'source');
  const destination = endNamed(runtime, grant, 'destination');
  return {
    sourceName: grant.source,
    destinationName: grant.destination,
    ...(source === undefined ? {} : { source }),
    ...(destination === undefined ? {} : { destination }),
    ...(port === undefined ? {} : { port }),
  };
}

type Role = 'source' | 'destination';

function endNamed({ model, engine }: Runtime, grant: Grant, role: Role): EndRef | undefined {
  const name = grant[role];
  if (parseIp(name) !== undefined) return { type: 'ip', ip: name };
  const direction = role === 'source' ? 'egress' : 'ingress';
  const home = grant.halves.find((half) => half.direction === direction)?.namespace;
  if (name.startsWith('svc/')) {
    const namespace = home ?? grant.halves[0]?.namespace;
    return namespace === undefined ? undefined : { type: 'service', namespace, name: name.slice(4) };
  }
  const named = Array.from(model.pods()).filter(
    (pod) => isLive(pod) && (pod.owner?.name === name || pod.name === name),
  );
  const peers = role === 'source' ? peersOf(runtimePolicy(model, grant, 'ingress'), 'ingress') : [];
  const pod =
    named.find(({ namespace }) => namespace === home) ??
    named.find((one) => peers.some((peer) => matchPods(engine.world, peer, one) === 'yes')) ??
    named.find(({ namespace }) => namespace === grant.halves[0]?.namespace) ??
    named[0];
  return pod === undefined ? undefined : endAs(pod, name);
}

/** The pod by the name that the grant gave it: its workload's or its own. */
function endAs(pod: Pod, name: string): EndRef {
  return pod.name === name ? { type: 'pod', namespace: pod.namespace, name } : endOfPod(pod);
}

function runtimePolicy(
  model: Runtime['model'],
  { halves }: Grant,
  direction: 'ingress' | 'egress',
): Policy | undefined {
  const half = halves.find((one) => one.direction === direction);
  return half?.policy === undefined
    ? undefined
    : model.policy('NetworkPolicy', half.namespace, half.policy.name);
}

function peersOf(policy: Policy | undefined, direction: 'ingress' | 'egress') {
  return (policy?.[direction] ?? []).flatMap(({ peers }) =>
    peers === 'any' ? [] : peers.filter((peer) => peer.type === 'pods'),
  );
}
