import type { ApiObject } from '../../core/cluster/cluster.ts';
import { listAt, plural, safeText, textAt } from '../../core/common/common.ts';
import type { EnforcerName } from '../../core/policy/match/match.ts';
import type { ClusterInfo } from '../../core/ports/ports.ts';
import { type ApiClient, ApiError, collectionOf, type Discovery } from '../http/http.ts';
import { listPages } from '../watch/watch.ts';

/** A CNI agent, by a label of its pods. */
type Agent = {
  readonly key: string;
  readonly value: string;
  readonly name: string;
  readonly enforcer: EnforcerName;
  /** Others may enforce on top of it, so it counts only if it is the only one. */
  readonly yields?: true;
};

/** Known agents. `unknown` ones enforce policies in a way that is not modeled; flannel does not enforce any. */
const AGENTS: readonly Agent[] = [
  { key: 'k8s-app', value: 'cilium', name: 'Cilium', enforcer: 'cilium' },
  { key: 'k8s-app', value: 'calico-node', name: 'Calico', enforcer: 'calico' },
  { key: 'k8s-app', value: 'canal', name: 'Canal (Calico)', enforcer: 'calico' },
  { key: 'k8s-app', value: 'kube-router', name: 'kube-router', enforcer: 'kube-router' },
  { key: 'k8s-app', value: 'kindnet', name: 'kindnet', enforcer: 'kindnet' },
  { key: 'k8s-app', value: 'aws-node', name: 'the AWS VPC CNI', enforcer: 'aws-vpc-cni', yields: true },
  { key: 'k8s-app', value: 'azure-npm', name: 'Azure NPM', enforcer: 'unknown' },
  { key: 'app', value: 'antrea', name: 'Antrea', enforcer: 'antrea' },
  { key: 'app', value: 'kindnet', name: 'kindnet', enforcer: 'kindnet' },
  { key: 'app', value: 'ovnkube-node', name: 'OVN-Kubernetes', enforcer: 'ovn-kubernetes' },
  { key: 'app', value: 'kube-network-policies', name: 'kube-network-policies', enforcer: 'kindnet' },
  { key: 'app', value: 'flannel', name: 'flannel', enforcer: 'none' },
];

const AGENT_KEYS: readonly string[] = [...new Set(AGENTS.map(({ key }) => key))];

type Found = Pick<ClusterInfo, 'enforcer' | 'enforcerEvidence' | 'enforcerVersion'>;
type Seen = {
  readonly agent: Agent;
  readonly pods: number;
  readonly version?: string;
  readonly enforcer: EnforcerName;
};

/**
 * Detects what enforces policies, with the evidence: running agents first, then k3s, which has kube-router built in,
 * then API groups. ConfigMaps prove nothing: Hubble's exist in clusters where Cilium does not enforce (ENF-6).
 *
 * @param gitVersion of the server
 */
export async function detectEnforcer(
  client: ApiClient,
  discovery: Discovery,
  gitVersion: string,
  signal?: AbortSignal,
): Promise<Found> {
  const [seen, groups] = await Promise.all([
    seenAgents(client, signal),
    discovery.groups(signal).catch((error: unknown) => {
      if (error instanceof ApiError) return new Map<string, readonly string[]>();
      throw error;
    }),
  ]);
  const running = seen ?? [];
  const able = running.filter(({ enforcer }) => enforcer !== 'none');
  const first = able.filter(({ agent }) => agent.yields !== true);
  const enforcing = first.length > 0 ? first : able;
  const names = new Set(enforcing.map(({ enforcer }) => enforcer));
  const [only] = enforcing;
  if (only !== undefined && names.size === 1) {
    return {
      enforcer: only.enforcer,
      enforcerEvidence: evidence(enforcing),
      enforcerVersion: only.version,
    };
  }
  if (names.size > 1) return { enforcer: 'unknown', enforcerEvidence: `both ${evidence(enforcing)}` };
  if (/\+k3s\d/.test(gitVersion)) {
    return {
      enforcer: 'kube-router',
      enforcerEvidence: `k3s ${safeText(gitVersion)} has kube-router built in`,
    };
  }
  return byGroups([...groups.keys()], seen === undefined, running);
}

/** API groups that only one enforcer installs. */
const OTHER_GROUPS: readonly { readonly group: string; readonly enforcer: EnforcerName }[] = [
  { group: 'crd.antrea.io', enforcer: 'antrea' },
  { group: 'k8s.ovn.org', enforcer: 'ovn-kubernetes' },
];

function byGroups(groups: readonly string[], blind: boolean, running: readonly Seen[]): Found {
  const note = blind ? '; not allowed to list pods' : ', no agent pods found';
  const cilium = groups.includes('cilium.io');
  const calico = groups.find((name) => name === 'projectcalico.org' || name === 'crd.projectcalico.org');
  if (cilium && calico !== undefined) {
    return { enforcer: 'unknown', enforcerEvidence: `CRDs of both cilium.io and ${calico}${note}` };
  }
  if (cilium) return { enforcer: 'cilium', enforcerEvidence: `CRDs of cilium.io${note}` };
  if (calico !== undefined) return { enforcer: 'calico', enforcerEvidence: `CRDs of ${calico}${note}` };
  const other = OTHER_GROUPS.find(({ group }) => groups.includes(group));
  if (other !== undefined) {
    return { enforcer: other.enforcer, enforcerEvidence: `CRDs of ${other.group}${note}` };
  }
  if (running.length > 0) {
    return {
      enforcer: 'none',
      enforcerEvidence: `only ${evidence(running)}, which does not enforce policies`,
    };
  }
  return {
    enforcer: 'unknown',
    enforcerEvidence: blind
      ? 'not allowed to list pods, and no CRDs of a known CNI'
      : 'no agents and no CRDs of a known CNI',
  };
}

function evidence(seen: readonly Seen[]): string {
  return seen.map(({ agent, pods }) => `${plural(pods, 'agent')} of ${agent.name}`).join(' and ');
}

/** Running agents; undefined if pods can be listed neither in all namespaces nor in kube-system. */
async function seenAgents(client: ApiClient, signal?: AbortSignal): Promise<readonly Seen[] | undefined> {
  for (const namespace of [undefined, 'kube-system']) {
    try {
      const lists = await Promise.all(AGENT_KEYS.map((key) => agentsBy(client, key, namespace, signal)));
      return lists.flat();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
    }
  }
  return undefined;
}

async function agentsBy(
  client: ApiClient,
  key: string,
  namespace: string | undefined,
  signal?: AbortSignal,
): Promise<readonly Seen[]> {
  const agents = AGENTS.filter((agent) => agent.key === key);
  const counts = new Map<Agent, Omit<Seen, 'agent'>>();
  const collection = collectionOf(
    { group: '', version: 'v1', resource: 'pods' },
    {
      labels: `${key} in (${agents.map((agent) => agent.value).join(',')})`,
      fields: 'status.phase=Running',
      namespace,
    },
  );
  await listPages(client, collection, signal, (pods) => {
    for (const pod of pods) {
      const agent = agents.find(({ value }) => pod.metadata.labels?.[key] === value);
      if (agent === undefined) continue;
      const found = counts.get(agent) ?? { pods: 0, enforcer: enforcerOf(agent, pod) };
      const version = found.version ?? imageVersion(listAt(pod, 'spec', 'containers')[0]);
      counts.set(agent, { ...found, pods: found.pods + 1, ...(version === undefined ? {} : { version }) });
    }
  });
  return [...counts].map(([agent, found]) => ({ agent, ...found }));
}

/**
 * The AWS VPC CNI enforces only with an argument of its second container, which is off by default (EKS user guide,
 * "Restrict Pod network traffic"); without the argument it is unknown.
 */
function enforcerOf({ enforcer }: Agent, pod: ApiObject): EnforcerName {
  if (enforcer !== 'aws-vpc-cni') return enforcer;
  const flags = listAt(pod, 'spec', 'containers')
    .flatMap((container) => listAt(container, 'args'))
    .filter((text) => typeof text === 'string' && text.startsWith('--enable-network-policy'));
  if (flags.includes('--enable-network-policy=true') || flags.includes('--enable-network-policy'))
    return enforcer;
  return flags.length > 0 ? 'none' : 'unknown';
}

/** `1.19.1` of `quay.io/cilium/cilium:v1.19.1@sha256:…`. */
function imageVersion(container: unknown): string | undefined {
  const found = /:v?(\d+\.\d+[\w.-]*)(?:@|$)/.exec(textAt(container, 'image') ?? '')?.[1];
  return found === undefined ? undefined : safeText(found);
}
