import { canonicalIp, formatIp, type Labels, type Pod } from '../../cluster/cluster.ts';
import type { ClusterModel } from '../../live/live.ts';
import { type CidrTable, type Dialect, isOwnNode, type Side } from '../match/match.ts';
import {
  CLUSTER_LABEL,
  type LabelFilter,
  NAMESPACE_LABEL,
  NAMESPACE_LABELS,
  SERVICE_ACCOUNT_LABEL,
} from './labels.ts';

/** The labels of a pod in its Cilium identity: its own and the derived ones, minus those dropped by the filter. */
export type Identities = (pod: Pod) => Labels;

/** What Cilium's matching works with. */
export type CiliumSight = {
  readonly model: ClusterModel;
  readonly dialect: Dialect;
  readonly cidrs: CidrTable;
  readonly identityOf: Identities;
};

type Known = { readonly namespaceLabels: Labels; readonly labels: Labels };

/** Labels derived by Cilium; a pod that sets them itself can't spoof them (CIL-7). */
const DERIVED = /^io\.cilium\.k8s\./;

const NO_LABELS: Labels = {};

/** Identities in one cluster, each computed once per pod and namespace labels. */
export function createIdentities(model: ClusterModel, filter: LabelFilter): Identities {
  const identities = new WeakMap<Pod, Known>();

  function make(pod: Pod, namespaceLabels: Labels): Labels {
    const labels: Record<string, string> = {};
    for (const [key, value] of Object.entries(pod.labels)) {
      if (filter.own(key) && !DERIVED.test(key)) labels[key] = value;
    }
    const derive = (key: string, value: string) => {
      if (filter.derived(key)) labels[key] = value;
    };
    for (const [key, value] of Object.entries(namespaceLabels)) derive(`${NAMESPACE_LABELS}${key}`, value);
    derive(NAMESPACE_LABEL, pod.namespace);
    derive(SERVICE_ACCOUNT_LABEL, pod.serviceAccount);
    derive(CLUSTER_LABEL, 'default');
    return labels;
  }

  return (pod) => {
    const namespaceLabels = model.namespace(pod.namespace)?.labels ?? NO_LABELS;
    const known = identities.get(pod);
    if (known?.namespaceLabels === namespaceLabels) return known.labels;
    const labels = make(pod, namespaceLabels);
    identities.set(pod, { namespaceLabels, labels });
    return labels;
  };
}

/** What Cilium knows about an end that is not a pod: names under `reserved:`. `apiServer` undefined: unknown. */
export type Reserved = { readonly names: readonly string[]; readonly apiServer: boolean | undefined };

/** The reserved names of an end, seen from the pod at the other end; none for a pod (CIL-10). */
export function reservedOf(model: ClusterModel, side: Side, self: Side): Reserved {
  if (side.type === 'pod') return { names: [], apiServer: false };
  if (side.reserved !== undefined) return { names: [side.reserved], apiServer: false };
  const own = self.type === 'pod' && isOwnNode(self.pod, side);
  const place = side.node === undefined ? 'world' : own ? 'host' : 'remote-node';
  const apiServer = isApiServer(model, side);
  return { names: apiServer === true ? [place, 'kube-apiserver'] : [place], apiServer };
}

/** Reserved names as labels, for selectors with a `reserved:` key. */
export function reservedLabels(names: readonly string[]): Labels {
  return Object.fromEntries(names.map((name) => [name, '']));
}

/** From the endpoints of `default/kubernetes`; undefined if they are unknown. */
function isApiServer(model: ClusterModel, side: Side & { readonly type: 'ip' }): boolean | undefined {
  const addresses = model.endpoints('default', 'kubernetes');
  if (addresses.length === 0) return undefined;
  const own = new Set([...side.ips.map(formatIp), ...(side.node?.ips ?? []).map(canonicalIp)]);
  return addresses.some((address) => own.has(canonicalIp(address)));
}
