import { ciliumCidr, kubernetesCidr } from './cidr.ts';
import { identity } from './identity.ts';
import { networkPolicyPorts } from './ports.ts';
import type { Ask, Direction, Normal } from './question.ts';
import { at, type Json, list, type OraclePod, selects } from './reading.ts';

/** A NetworkPolicy on a question; undefined when it does not select the pod. */
export function networkPolicyOn(ask: Ask, policy: Json): Normal | undefined {
  const { self, direction } = ask;
  if (at(policy, 'metadata', 'namespace') !== self.namespace) return undefined;
  if (!selects(at(policy, 'spec', 'podSelector'), sees(ask, self))) return undefined;
  const rules = list(at(policy, 'spec', direction)) ?? [];
  const listed = typesOf(policy).includes(direction);
  // Cilium takes both sections whatever policyTypes say (CIL-21).
  const counts = listed || (ask.settings.cilium && rules.length > 0);
  if (!counts) return { isolates: false, denies: false, allows: 'no', speaks: false };
  const allows = rules.some((rule, index) => matches(ask, policy, rule, index));
  return { isolates: true, denies: false, allows: allows ? 'plain' : 'no', speaks: true };
}

function typesOf(policy: Json): readonly Direction[] {
  const types = list(at(policy, 'spec', 'policyTypes')) ?? [];
  if (types.length > 0) return types.map((type) => (type === 'Ingress' ? 'ingress' : 'egress'));
  return (list(at(policy, 'spec', 'egress')) ?? []).length > 0 ? ['ingress', 'egress'] : ['ingress'];
}

function sees(ask: Ask, pod: OraclePod): (key: string) => string | undefined {
  return ask.settings.cilium ? identity(ask, pod) : (key) => pod.labels[key];
}

function matches(ask: Ask, policy: Json, rule: unknown, index: number): boolean {
  const peers = list(at(rule, ask.direction === 'ingress' ? 'from' : 'to')) ?? [];
  const place = `${policy.kind} ${at(policy, 'metadata', 'namespace')}/${at(policy, 'metadata', 'name')} ${ask.direction} ${index}`;
  if (!networkPolicyPorts(ask, at(rule, 'ports'), place)) return false;
  return peers.length === 0 || peers.some((peer, item) => admits(ask, policy, peer, `${place}.${item}`));
}

function admits(ask: Ask, policy: Json, item: unknown, place: string): boolean {
  const block = at(item, 'ipBlock');
  if (block !== undefined) {
    const range = { cidr: String(at(block, 'cidr')), except: (list(at(block, 'except')) ?? []).map(String) };
    return ask.settings.cilium ? ciliumCidr(ask, range, place) : kubernetesCidr(ask, range, place);
  }
  const { peer, world } = ask;
  if (peer.type !== 'pod') return isHostNamespace(ask, item, place);
  const namespaces = at(item, 'namespaceSelector');
  const labels = world.namespaces.get(peer.namespace) ?? {};
  const there =
    namespaces === undefined
      ? peer.namespace === at(policy, 'metadata', 'namespace')
      : selects(namespaces, (key) => labels[key]);
  return there && selects(at(item, 'podSelector'), sees(ask, peer));
}

/** OVN-Kubernetes counts the host network as a namespace, if it was given a name, which no world has (ENF-34). */
function isHostNamespace({ settings, direction, peer, guess }: Ask, item: unknown, place: string): boolean {
  const isAsked = settings.name === 'ovn-kubernetes' && direction === 'ingress';
  if (!isAsked || peer.type !== 'address' || peer.node === undefined) return false;
  const [namespaces, pods] = [at(item, 'namespaceSelector'), at(item, 'podSelector')];
  const isWhole = pods === undefined || selects(pods, () => undefined);
  if (namespaces === undefined || !isWhole || JSON.stringify(pods ?? {}).includes('key')) return false;
  const mayBe = ['openshift-host-network', 'ovn-host-network'].some((name) => couldSelect(namespaces, name));
  return mayBe && guess(`host namespace ${place}`);
}

/** Whether a selector may select a namespace of which nothing but the name is known. */
function couldSelect(selector: unknown, name: string): boolean {
  const key = 'kubernetes.io/metadata.name';
  const labels = Object.entries(at(selector, 'matchLabels') ?? {});
  const named = labels.every(([label, value]) => label !== key || value === name);
  const expressions = (list(at(selector, 'matchExpressions')) ?? []).filter((one) => at(one, 'key') === key);
  return named && selects({ matchExpressions: expressions }, (label) => (label === key ? name : undefined));
}
