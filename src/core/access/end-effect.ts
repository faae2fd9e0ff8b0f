import type { Engine } from '../policy/decide/engine.ts';
import type { PolicyRef } from '../policy/model/policy.ts';
import { pathChangesText } from '../policy/reach/change-text.ts';
import { type ClusterDiff, clusterDiff } from '../policy/reach/cluster-diff.ts';
import type { Grant } from './grant.ts';

type Asked = Pick<Engine, 'model' | 'dialect' | 'foreign'>;

/** What ending a grant now would do to the whole cluster; undefined while none of its policies is in view. */
export function endEffect(asked: Asked, { halves }: Pick<Grant, 'halves'>): ClusterDiff | undefined {
  const remove = halves.flatMap(({ namespace, policy }): readonly PolicyRef[] => {
    const known =
      policy === undefined ? undefined : asked.model.policy('NetworkPolicy', namespace, policy.name);
    return known === undefined ? [] : [known];
  });
  return remove.length === 0 ? undefined : clusterDiff(asked, { add: [], remove });
}

/**
 * The same in sentences: what closes; that nothing does, where the path is open without the grant; and what a grant
 * that has become the only policy of its pods sets free (GRANT-4).
 */
export function endTexts(asked: Asked, grant: Pick<Grant, 'halves'>): readonly string[] {
  const effect = endEffect(asked, grant);
  if (effect === undefined) return [];
  const { opens, closes, blurs, freed } = effect;
  const pods = freed.map(({ pod, direction }) => `${pod.namespace}/${pod.name} (${direction})`);
  return [
    ...(closes.length === 0 ? [] : [`It closes ${pathChangesText(closes, 2)}.`]),
    ...(closes.length + blurs.length > 0 ? [] : ['It closes nothing: the path is open without it.']),
    ...(pods.length === 0 ? [] : [`It frees ${listed(pods)}: no other policy isolates them.`]),
    ...(opens.length === 0 ? [] : [`It opens ${pathChangesText(opens, 2)}.`]),
  ];
}

function listed(names: readonly string[]): string {
  return names.length <= 3
    ? names.join(', ')
    : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}
