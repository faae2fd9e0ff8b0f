import { peerText } from '../explain/text.ts';
import type { Peer } from '../model/policy.ts';
import {
  isInSight,
  type Lint,
  type LintContext,
  namespacesMatching,
  placedRules,
  podsMatching,
} from './context.ts';
import type { Severity } from './finding.ts';

type PodsPeer = Peer & { readonly type: 'pods' };

/**
 * Two items, one of namespaces and one of pods, side by side where one item was meant (NP-17). Pods that run in the
 * policy's namespace only, and not in those, are meant as a peer of their own: not reported.
 */
export const oneDash: Lint = {
  id: 'one-dash',
  title: 'namespaceSelector and podSelector as two peers where one may be meant',
  source: 'Kubernetes docs, Network Policies, "Behavior of to and from selectors"',
  severity: 'warning',
  *check(context, policy) {
    if (policy.kind !== 'NetworkPolicy') return;
    for (const { direction, index, rule } of placedRules(context, policy)) {
      const peers = rule.peers === 'any' ? [] : rule.peers;
      for (const [at, peer] of peers.entries()) {
        const pair = [peer, peers[at + 1]];
        const namespaces = pair.find(isNamespacesOnly);
        const pods = pair.find(isPodsOnly);
        if (namespaces === undefined || pods === undefined) continue;
        const severity = severityOf(context, namespaces, pods, policy.namespace ?? '');
        if (severity === undefined) continue;
        yield {
          direction,
          ruleIndex: index,
          severity,
          text: `Rule ${index + 1} admits ${peerText(namespaces)}, and besides them ${peerText(pods)} of ${policy.namespace}: they are two items of the list, and either is enough.`,
          fix: 'If only those pods of those namespaces are meant, put podSelector under the same dash as namespaceSelector.',
        };
      }
    }
  },
};

/** Undefined where two items make sense; `info` where either reading does. */
function severityOf(
  context: LintContext,
  namespaces: PodsPeer,
  pods: PodsPeer,
  home: string,
): Severity | undefined {
  const { model, world } = context;
  if (namespacesMatching(model, world, namespaces).includes(home)) return 'warning';
  if (podsMatching(context, pods, { first: true }).length === 0) return 'warning';
  if (!isInSight(context, namespaces)) return undefined;
  const both = { ...pods, namespaces: namespaces.namespaces };
  return podsMatching(context, both, { first: true }).length > 0 ? 'info' : undefined;
}

function isNamespacesOnly(peer: Peer | undefined): peer is PodsPeer {
  return peer?.type === 'pods' && peer.namespaces.by === 'labels' && peer.pods.length === 0;
}

function isPodsOnly(peer: Peer | undefined): peer is PodsPeer {
  return peer?.type === 'pods' && peer.namespaces.by === 'name' && peer.pods.length > 0;
}
