import type { Labels } from '../../cluster/labels.ts';
import type { ClusterModel } from '../../cluster/model.ts';
import type { Pod } from '../../cluster/objects.ts';
import type { Dialect } from '../match/dialect.ts';
import type { CidrTable } from '../match/ranges.ts';
import type { LabelFilter } from './label-filter.ts';
import { CLUSTER_LABEL, NAMESPACE_LABEL, NAMESPACE_LABELS, SERVICE_ACCOUNT_LABEL } from './labels.ts';

/** The labels by which Cilium knows a pod: its own and the derived ones, without those that its filter drops. */
export type Identities = (pod: Pod) => Labels;

/** What the matching of Cilium works with. */
export type CiliumSight = {
  readonly model: ClusterModel;
  readonly dialect: Dialect;
  readonly cidrs: CidrTable;
  readonly identityOf: Identities;
};

type Known = { readonly namespaceLabels: Labels; readonly labels: Labels };

/** Labels that Cilium derives; a pod that carries them itself does not deceive it (CIL-7). */
const DERIVED = /^io\.cilium\.k8s\./;

const NO_LABELS: Labels = {};

/** Identities in one cluster, each made once for a pod and the labels of its namespace. */
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
