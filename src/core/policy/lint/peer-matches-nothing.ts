import { shortPeerText } from '../explain/text.ts';
import type { PodMatch } from '../model/policy.ts';
import {
  isInSight,
  type Lint,
  type LintContext,
  namesIn,
  namespacesMatching,
  placedRules,
  podPeers,
  podsMatching,
} from './context.ts';
import type { Severity } from './finding.ts';
import { nearestLabel, nearestName } from './near.ts';

/**
 * A peer that stands for no pod now (NP-15 to NP-20). Pods that have finished count as there: those of a CronJob come
 * again. Of only a part of a cluster, what is surely wrong is reported, and no more.
 */
export const peerMatchesNothing: Lint = {
  id: 'peer-matches-nothing',
  title: 'a peer of a rule matches no pod',
  source: 'Kubernetes API, NetworkPolicyPeer: a peer stands for the pods that its selectors match',
  severity: 'warning',
  *check(context, policy) {
    for (const { direction, index, rule } of placedRules(context, policy)) {
      for (const peer of podPeers(rule)) {
        if (podsMatching(context, peer, { first: true, finished: true }).length > 0) continue;
        const reason = isInSight(context, peer) ? reasonOf(context, peer) : missingNamespace(context, peer);
        if (reason === undefined) continue;
        const { why, ...more } = reason;
        yield {
          direction,
          ruleIndex: index,
          text: `Rule ${index + 1} names ${shortPeerText(peer)}, and ${why}.`,
          ...more,
        };
      }
    }
  },
};

type Reason = { readonly why: string; readonly fix: string; readonly severity?: Severity };

function reasonOf(context: LintContext, peer: PodMatch): Reason {
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
  const near = nearestLabel(context, peer);
  const isWide = reached.length > 1 && near === undefined;
  return {
    why: `no running pod of ${reached.length === 1 ? reached[0] : `those ${reached.length} namespaces`} is one${
      near === undefined ? '' : `; there is ${near}`
    }`,
    fix: 'Correct the selector, or take the peer out if it is of the past.',
    ...(isWide ? { severity: 'info' } : {}),
  };
}

/** A namespace that is not in sight may well be; but not one that looks like a slip of the pen. */
function missingNamespace({ model }: LintContext, { namespaces }: PodMatch): Reason | undefined {
  const [name, ...others] = namespaces.by === 'labels' ? namesIn(namespaces.selector) : [];
  if (name === undefined || others.length > 0 || model.namespace(name) !== undefined) return undefined;
  const near = nearestName(
    name,
    Array.from(model.namespaces(), (item) => item.name),
  );
  if (near === undefined) return undefined;
  return { why: `there is no ${name} here, but ${near}`, fix: `Write ${near} if that is meant.` };
}
