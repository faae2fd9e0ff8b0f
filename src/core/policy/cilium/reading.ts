import type { Dialect } from '../match/dialect.ts';
import type { Peer, PodMatch, Policy, Reading, Rule } from '../model/policy.ts';
import { isReplacedNamespace } from './labels.ts';

/**
 * A NetworkPolicy as Cilium takes it: both sections count, listed or not, and isolate; a namespace written under
 * matchLabels gives way to the policy's own (CIL-6, CIL-21).
 */
export function asCilium({ appliesUnlisted }: Dialect, policy: Policy): Reading {
  const { unlisted, isolates } = policy;
  const more = appliesUnlisted && unlisted !== undefined ? unlisted : { ingress: [], egress: [] };
  return {
    subject: pinned(policy.subject),
    isolates: {
      ingress: isolates.ingress || more.ingress.length > 0,
      egress: isolates.egress || more.egress.length > 0,
    },
    ingress: [...policy.ingress, ...more.ingress].map(pinnedRule),
    egress: [...policy.egress, ...more.egress].map(pinnedRule),
  };
}

function pinnedRule(rule: Rule): Rule {
  return rule.peers === 'any' ? rule : { ...rule, peers: rule.peers.map(pinnedPeer) };
}

function pinnedPeer(peer: Peer): Peer {
  return peer.type === 'pods' && peer.namespaces.by === 'name' ? { ...peer, ...pinned(peer) } : peer;
}

function pinned(match: PodMatch): PodMatch {
  return { ...match, pods: match.pods.filter((requirement) => !isReplacedNamespace(requirement, '')) };
}
