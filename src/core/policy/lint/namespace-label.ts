import { NAME_LABEL } from '../../cluster/cluster.ts';
import { type Lint, namespacesMatching, placedRules, podPeers } from './context.ts';

/** Keys that look as if every namespace had its name there. */
const LOOKS_LIKE_NAME = ['name', 'namespace', 'kubernetes.io/name', 'metadata.name'];

/** A namespace selected by a label that Kubernetes does not set, while one of that name exists (NP-20). */
export const namespaceLabel: Lint = {
  id: 'namespace-label',
  title: 'a namespace is selected by a name label that it does not have',
  source:
    'Kubernetes docs, Network Policies, "Targeting a Namespace by its name": kubernetes.io/metadata.name',
  severity: 'warning',
  *check(context, policy) {
    const { model, world } = context;
    for (const { direction, index, rule } of placedRules(context, policy)) {
      for (const peer of podPeers(rule)) {
        if (peer.namespaces.by !== 'labels' || namespacesMatching(model, world, peer).length > 0) continue;
        const named = peer.namespaces.selector.find(
          ({ key, operator, values }) =>
            LOOKS_LIKE_NAME.includes(key) &&
            operator === 'In' &&
            values.some((value) => model.namespace(value) !== undefined),
        );
        if (named === undefined) continue;
        const name = named.values.find((value) => model.namespace(value) !== undefined) ?? '';
        yield {
          direction,
          ruleIndex: index,
          text: `Rule ${index + 1} names namespaces ${named.key}=${named.values.join(',')}, but namespace ${name} has no label ${named.key}.`,
          fix: `Use ${NAME_LABEL}: ${name}, which every namespace has.`,
        };
      }
    }
  },
};
