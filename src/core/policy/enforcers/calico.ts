import { type Labels, matches, type Pod, type Selector } from '../../cluster/cluster.ts';
import type { ClusterModel } from '../../live/live.ts';
import { besideCilium } from '../cilium/cilium.ts';
import { apiMatching, type CidrTable, type Dialect } from '../match/match.ts';
import { isAtLeast } from './enforcer-version.ts';
import { ADMIN_KINDS, ALPHA1_KINDS, ALPHA2_KIND, DEFAULT_DIALECT, NETWORK_POLICY } from './spec.ts';

const MATCHING = besideCilium(calicoMatching);

/** Calico, measured on Felix 3.28 with real packets unless a source is named. */
export function calicoDialect(version: string | undefined): Dialect {
  return {
    ...DEFAULT_DIALECT,
    enforcer: 'calico',
    ...(version === undefined ? {} : { version }),
    ipBlockMatchesPods: 'yes',
    endPort: 'yes',
    // Felix accepts established flows before evaluating policies; calico #6399.
    keepsEstablished: 'yes',
    rejects: 'no',
    // Calico has no endpoint for such a pod; its packets carry the node's address, and the own node is always allowed.
    hostNetwork: 'node',
    filtersHairpin: 'yes',
    // Since calico PR #8885, which 3.28 lacks.
    sidecarPortNames: version === undefined ? 'unknown' : isAtLeast(version, '3.29') ? 'yes' : 'no',
    kinds: {
      sure: [NETWORK_POLICY, ...calicoAdminKinds(version)],
      unsure: version === undefined ? ADMIN_KINDS : [],
    },
    matching: MATCHING,
  };
}

/** v1alpha1 from 3.29 to 3.31, v1alpha2 from 3.32 (ANP-12). */
function calicoAdminKinds(version: string | undefined): readonly string[] {
  if (version === undefined || !isAtLeast(version, '3.29')) return [];
  return isAtLeast(version, '3.32') ? [ALPHA2_KIND] : ALPHA1_KINDS;
}

/*
 * Calico converts a NetworkPolicy to one of its own, whose selectors see more than pod and namespace labels: in
 * addition to the pod's own labels, its endpoints carry derived ones, and those of its namespace and service account
 * under a prefix (Felix 3.28, measured with real packets; libcalico-go `conversion/workload_endpoint_default.go`).
 */

const DERIVED = 'projectcalico.org/';
const OF_NAMESPACE = 'pcns.';
const OF_ACCOUNT = 'pcsa.';
const NAME = 'projectcalico.org/name';

function calicoMatching(
  model: ClusterModel,
  dialect: Dialect,
  cidrs: CidrTable,
): ReturnType<typeof apiMatching> {
  return {
    ...apiMatching(model, dialect, cidrs),
    podLabels: ({ pods }, pod) => (speaksOfDerived(pods) ? endpointLabels(model, pod) : pod.labels),
    matchLabels: ({ pods }, labels, pod, doubts) => {
      const seen = pods.filter(({ key }) => !isUnseen(key));
      if (!matches(seen, labels)) return 'no';
      if (seen.length === pods.length) return 'yes';
      doubts?.push({ type: 'labels', of: 'service account', name: pod.serviceAccount });
      return 'maybe';
    },
    namespaceLabels: (selector, { name, labels }) =>
      selector.some(({ key }) => key === NAME) ? { ...labels, [NAME]: name } : labels,
  };
}

/** Whether a selector refers to any derived label; most do not, and then the pod's own labels are all they see. */
function speaksOfDerived(selector: Selector): boolean {
  return selector.some(
    ({ key }) => key.startsWith(DERIVED) || key.startsWith(OF_NAMESPACE) || key.startsWith(OF_ACCOUNT),
  );
}

/** A label of the service account itself, which none of sluice's lists contains. */
function isUnseen(key: string): boolean {
  return key.startsWith(OF_ACCOUNT) && key !== `${OF_ACCOUNT}${NAME}`;
}

/**
 * The labels of a pod's endpoint, except those of the service account itself. The derived ones never come from the pod.
 */
function endpointLabels(model: ClusterModel, pod: Pod): Labels {
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
