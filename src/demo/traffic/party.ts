import type { Labels, Pod } from '../../core/cluster/cluster.ts';
import type { End } from '../../core/policy/model/model.ts';
import type { WireEndpoint } from '../../hubble/wire/wire.ts';
import { hash } from '../store/store.ts';
import type { Mirror } from './mirror.ts';

/** One end of a connection on the wire. */
export type Party =
  | { readonly type: 'pod'; readonly pod: Pod; readonly ip: string; readonly node: string }
  | { readonly type: 'node'; readonly node: string; readonly ip: string; readonly pod?: Pod }
  | { readonly type: 'api-server'; readonly ip: string }
  | { readonly type: 'world'; readonly ip: string; readonly names: readonly string[] };

/** A pod as a party: itself, or its node on the host network; undefined while it has no address. */
export function partyOf(pod: Pod): Party | undefined {
  const [ip] = pod.ips;
  if (ip === undefined || pod.node === undefined) return undefined;
  return pod.hostNetwork
    ? { type: 'node', node: pod.node, ip, pod }
    : { type: 'pod', pod, ip, node: pod.node };
}

/** A party as an end for the policy engine. */
export function endOf(party: Party): End {
  if (party.type === 'pod') return { type: 'pod', pod: party.pod };
  return party.type === 'node' && party.pod !== undefined
    ? { type: 'pod', pod: party.pod }
    : { type: 'ip', ip: party.ip };
}

/** The node of a party; undefined outside the cluster. */
export function nodeOf(party: Party): string | undefined {
  return party.type === 'pod' || party.type === 'node' ? party.node : undefined;
}

/** Labels in this world that Cilium excludes from identities (CIL-8). */
const IGNORED =
  /^(pod-template-hash|controller-revision-hash|controller-uid|statefulset\.kubernetes\.io\/pod-name|apps\.kubernetes\.io\/pod-index|batch\.kubernetes\.io\/controller-uid)/;

/**
 * A party as reported by the node `seenFrom`: endpoint id and workload only for its own pods; it is itself `host`, and
 * other nodes are `remote-node` (HUB-14).
 */
export function endpointOf(party: Party, seenFrom: string, mirror: Mirror): WireEndpoint {
  switch (party.type) {
    case 'world':
      return { identity: 2, cluster_name: 'default', labels: ['reserved:world'] };
    case 'api-server':
      return {
        identity: 7,
        cluster_name: 'default',
        labels: ['reserved:kube-apiserver', 'reserved:remote-node'],
      };
    case 'node':
      return party.node === seenFrom
        ? { identity: 1, cluster_name: 'default', labels: ['reserved:host'] }
        : { identity: 6, cluster_name: 'default', labels: ['reserved:remote-node'] };
    case 'pod':
      return podEndpoint(party.pod, party.node === seenFrom, mirror);
  }
}

function podEndpoint(pod: Pod, local: boolean, mirror: Mirror): WireEndpoint {
  const labels = identityLabels(pod, mirror);
  return {
    ...(local ? { ID: 100 + (hash(pod.uid) % 3_900) } : {}),
    identity: 1_024 + (hash(labels.join()) % 60_000),
    cluster_name: 'default',
    namespace: pod.namespace,
    labels,
    pod_name: pod.name,
    ...(local && pod.owner !== undefined
      ? { workloads: [{ name: pod.owner.name, kind: pod.owner.kind }] }
      : {}),
  };
}

/** A cache of pod labels, by the pod and the namespace's labels that they are built from. */
const known = new WeakMap<Pod, { readonly of: unknown; readonly labels: string[] }>();

function identityLabels(pod: Pod, mirror: Mirror): string[] {
  const of = mirror.model.namespace(pod.namespace);
  const found = known.get(pod);
  if (found !== undefined && found.of === of) return found.labels;
  const labels = makeLabels(pod, of?.labels ?? {});
  known.set(pod, { of, labels });
  return labels;
}

function makeLabels(pod: Pod, namespaceLabels: Labels): string[] {
  const own = Object.entries(pod.labels)
    .filter(([key]) => !IGNORED.test(key))
    .map(([key, value]) => `k8s:${key}=${value}`);
  const namespace = Object.entries(namespaceLabels).map(
    ([key, value]) => `k8s:io.cilium.k8s.namespace.labels.${key}=${value}`,
  );
  return [
    ...own,
    ...namespace,
    'k8s:io.cilium.k8s.policy.cluster=default',
    `k8s:io.cilium.k8s.policy.serviceaccount=${pod.serviceAccount}`,
    `k8s:io.kubernetes.pod.namespace=${pod.namespace}`,
  ].sort();
}
