import type { Labels, Selector } from '../../cluster/labels.ts';
import type { ClusterModel } from '../../cluster/model.ts';
import type { Pod } from '../../cluster/objects.ts';

/*
 * Calico turns a NetworkPolicy into one of its own, whose selectors see more than the labels of pods and namespaces:
 * its endpoints carry derived labels beside those of the pod, and those of its namespace and service account under a
 * prefix (Felix 3.28, measured with real packets; libcalico-go `conversion/workload_endpoint_default.go`).
 */

const DERIVED = 'projectcalico.org/';
const OF_NAMESPACE = 'pcns.';
const OF_ACCOUNT = 'pcsa.';
const NAME = 'projectcalico.org/name';

/** Whether a label key means something to Calico that no pod says of itself. */
function isDerived(key: string): boolean {
  return key.startsWith(DERIVED) || key.startsWith(OF_NAMESPACE) || key.startsWith(OF_ACCOUNT);
}

/** A label of the service account itself, which no list of sluice holds. */
export function isUnseen(key: string): boolean {
  return key.startsWith(OF_ACCOUNT) && key !== `${OF_ACCOUNT}${NAME}`;
}

const derived = new WeakMap<Selector, boolean>();

/** Whether a selector speaks of any derived label; most do not, and then a pod's own labels are all it sees. */
export function speaksOfDerived(selector: Selector): boolean {
  const known = derived.get(selector) ?? selector.some(({ key }) => isDerived(key));
  derived.set(selector, known);
  return known;
}

/** The labels of a pod's endpoint, but for those of the service account itself. The derived ones are never the pod's. */
export function endpointLabels(model: ClusterModel, pod: Pod): Labels {
  const { namespace, serviceAccount } = pod;
  const inherited = Object.entries(model.namespace(namespace)?.labels ?? {}).map(
    ([key, value]): [string, string] => [`${OF_NAMESPACE}${key}`, value],
  );
  return {
    ...Object.fromEntries(inherited),
    [`${OF_NAMESPACE}${NAME}`]: namespace,
    [`${OF_ACCOUNT}${NAME}`]: serviceAccount,
    ...pod.labels,
    [`${DERIVED}namespace`]: namespace,
    [`${DERIVED}orchestrator`]: 'k8s',
    [`${DERIVED}serviceaccount`]: serviceAccount,
  };
}

const seen = new WeakMap<Labels, Labels>();

/** The labels of a namespace as a namespaceSelector sees them. */
export function namespaceLabels(name: string, labels: Labels): Labels {
  const known = seen.get(labels) ?? { ...labels, [NAME]: name };
  seen.set(labels, known);
  return known;
}
