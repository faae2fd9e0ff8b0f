import type { Requirement, Selector } from '../../cluster/labels.ts';
import { isIgnoredLabel } from '../cilium/labels.ts';
import { type Lint, placedRules, podPeers } from './context.ts';
import type { Flaw } from './finding.ts';

/** Labels that are no part of Cilium's identities (CIL-8). */
export const ignoredLabels: Lint = {
  id: 'ignored-labels',
  title: 'a selector uses labels that the enforcer ignores',
  source: 'Cilium, pkg/labelsfilter/filter.go; rke2 #9029, cilium #18878',
  severity: 'error',
  *check(context, policy) {
    const { dialect } = context;
    if (!dialect.identityLabels) return;
    const ignored = (selector: Selector) => selector.filter(({ key }) => isIgnoredLabel(key, dialect.labels));
    for (const { subject } of context.world.matching.readings(policy)) {
      for (const found of ignored(subject.pods)) yield flawOf(found, 'It selects its pods by');
    }
    for (const { direction, index, rule } of placedRules(context, policy)) {
      for (const peer of podPeers(rule)) {
        for (const found of ignored(peer.pods)) {
          yield { direction, ruleIndex: index, ...flawOf(found, `Rule ${index + 1} selects by`) };
        }
      }
    }
  },
};

function flawOf({ key, operator }: Requirement, who: string): Flaw {
  const excludes = operator === 'NotIn' || operator === 'DoesNotExist';
  return {
    text: `${who} the label ${key}, which Cilium leaves out of identities: ${
      excludes ? 'excluding by it excludes no pod' : 'it selects no pod'
    }.`,
    fix: 'Use a label of the workload, such as app, or add the key to the labels option of Cilium.',
  };
}
