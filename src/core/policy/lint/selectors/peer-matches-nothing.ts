import type { PodMatch } from '../../policy.ts';
import { shortPeerText } from '../../text.ts';
import {
  type Lint,
  type LintContext,
  namespacesMatching,
  placedRules,
  podPeers,
  podsMatching,
} from '../context.ts';

/** A peer that stands for no pod now (facts/policy.md §1 rules 15 to 20). */
export const peerMatchesNothing: Lint = {
  id: 'peer-matches-nothing',
  title: 'a peer of a rule matches no pod',
  source: 'Kubernetes API, NetworkPolicyPeer: a peer stands for the pods that its selectors match',
  severity: 'warning',
  *check(context, policy) {
    for (const { direction, index, rule } of placedRules(context.dialect, policy)) {
      for (const peer of podPeers(rule)) {
        if (podsMatching(context, peer, { first: true }).length > 0) continue;
        const { why, fix } = reasonOf(context, peer);
        yield {
          direction,
          ruleIndex: index,
          text: `Rule ${index + 1} names ${shortPeerText(peer)}, and ${why}.`,
          fix,
        };
      }
    }
  },
};

function reasonOf(context: LintContext, peer: PodMatch): { readonly why: string; readonly fix: string } {
  const reached = namespacesMatching(context.model, context.world, peer);
  if (reached.length === 0) {
    return {
      why: 'no namespace has those labels',
      fix: 'Correct the namespaceSelector, or label the namespace.',
    };
  }
  const elsewhere = podsMatching(context, { ...peer, namespaces: { by: 'labels', selector: [] } });
  const places = [...new Set(elsewhere.map(({ namespace }) => namespace))];
  if (peer.pods.length > 0 && places.length > 0 && places.length <= 3) {
    return {
      why: `such pods run in ${places.join(' and ')} only`,
      fix: `Name that namespace in the peer, or take the peer out.`,
    };
  }
  return {
    why: `no running pod of ${reached.length === 1 ? reached[0] : `those ${reached.length} namespaces`} is one`,
    fix: 'Correct the selector, or take the peer out if it is of the past.',
  };
}
