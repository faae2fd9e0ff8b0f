import type { Peer } from '../../policy.ts';
import { peerText } from '../../text.ts';
import { type Lint, placedRules } from '../context.ts';

/** Two items, one of namespaces and one of pods, side by side where one item was meant (facts/policy.md §1 rule 17). */
export const oneDash: Lint = {
  id: 'one-dash',
  title: 'namespaceSelector and podSelector as two peers where one may be meant',
  source: 'Kubernetes docs, Network Policies, "Behavior of to and from selectors"',
  severity: 'warning',
  *check({ dialect }, policy) {
    if (policy.kind !== 'NetworkPolicy') return;
    for (const { direction, index, rule } of placedRules(dialect, policy)) {
      const peers = rule.peers === 'any' ? [] : rule.peers;
      for (const [at, peer] of peers.entries()) {
        const pair = [peer, peers[at + 1]];
        const namespaces = pair.find(isNamespacesOnly);
        const pods = pair.find(isPodsOnly);
        if (namespaces === undefined || pods === undefined) continue;
        yield {
          direction,
          ruleIndex: index,
          text: `Rule ${index + 1} admits ${peerText(namespaces)}, and besides them ${peerText(pods)} of ${policy.namespace}: they are two items of the list, and either is enough.`,
          fix: 'If only those pods of those namespaces are meant, put podSelector under the same dash as namespaceSelector.',
        };
      }
    }
  },
};

function isNamespacesOnly(peer: Peer | undefined): peer is Peer {
  return peer?.type === 'pods' && peer.namespaces.by === 'labels' && peer.pods.length === 0;
}

function isPodsOnly(peer: Peer | undefined): peer is Peer {
  return peer?.type === 'pods' && peer.namespaces.by === 'name' && peer.pods.length > 0;
}
