import { networks } from './cidr.ts';
import { identity } from './identity.ts';
import { adminPorts } from './ports.ts';
import type { Ask, Opinion } from './question.ts';
import { at, type Json, list, type OraclePod, selects } from './reading.ts';

/** `admin`, `baseline`, or undefined for another kind (ANP-1). */
export function tierOf(policy: Json): 'admin' | 'baseline' | undefined {
  if (policy.kind === 'AdminNetworkPolicy') return 'admin';
  if (policy.kind === 'BaselineAdminNetworkPolicy') return 'baseline';
  if (policy.kind !== 'ClusterNetworkPolicy') return undefined;
  return at(policy, 'spec', 'tier') === 'Baseline' ? 'baseline' : 'admin';
}

export function priorityOf(policy: Json): number {
  return Number(at(policy, 'spec', 'priority') ?? 0);
}

/** The action of the first rule that matches (ANP-2, ANP-3, ANP-6 to ANP-8). */
export function adminPolicyOn(ask: Ask, policy: Json): Opinion['action'] | undefined {
  if (!isMeant(ask, at(policy, 'spec', 'subject'), ask.self)) return undefined;
  const rules = list(at(policy, 'spec', ask.direction)) ?? [];
  const field = ask.direction === 'ingress' ? 'from' : 'to';
  for (const [index, rule] of rules.entries()) {
    const place = `${policy.kind} ${at(policy, 'metadata', 'name')} ${ask.direction} ${index}`;
    const peers = list(at(rule, field)) ?? [];
    const hit =
      adminPorts(ask, rule, place) && peers.some((peer, item) => isPeer(ask, peer, `${place}.${item}`));
    if (!hit) continue;
    const action = at(rule, 'action');
    return action === 'Deny' ? 'deny' : action === 'Pass' ? 'pass' : 'allow';
  }
  return undefined;
}

/** Pods by namespaces, or by namespaces and labels; never a host-network one. */
function isMeant(ask: Ask, match: unknown, pod: OraclePod): boolean {
  if (pod.host) return false;
  const labels = ask.world.namespaces.get(pod.namespace) ?? {};
  const whole = at(match, 'namespaces');
  if (whole !== undefined) return selects(whole, (key) => labels[key]);
  const both = at(match, 'pods');
  return (
    both !== undefined &&
    selects(at(both, 'namespaceSelector'), (key) => labels[key]) &&
    selects(at(both, 'podSelector'), ask.settings.cilium ? identity(ask, pod) : (key) => pod.labels[key])
  );
}

function isPeer(ask: Ask, peer: unknown, place: string): boolean {
  const cidrs = list(at(peer, 'networks'));
  if (cidrs !== undefined) {
    return cidrs.some((cidr, index) =>
      networks(ask, { cidr: String(cidr), except: [] }, `${place}.${index}`),
    );
  }
  const nodes = at(peer, 'nodes');
  if (nodes !== undefined) {
    const node = nodeOf(ask);
    return node !== undefined && selects(nodes, (key) => node.labels[key]);
  }
  return ask.peer.type === 'pod' && isMeant(ask, peer, ask.peer);
}

/** The node that the other end is, or shares its address with. */
function nodeOf({ peer, world }: Ask) {
  if (peer.type === 'address') return peer.node;
  return peer.host ? world.nodes.find(({ name }) => name === peer.node) : undefined;
}
