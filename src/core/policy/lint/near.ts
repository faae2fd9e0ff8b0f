import { isLive, type Selector } from '../../cluster/cluster.ts';
import { nearestNames } from '../../common/common.ts';
import type { PodMatch } from '../model/model.ts';
import { type LintContext, namespacesMatching } from './context.ts';

/** A likely intended label: `app=web` for `app=wbe`; undefined when no pod has a similar one. */
export function nearestLabel(context: LintContext, match: PodMatch): string | undefined {
  const pods = namespacesMatching(context.model, context.world, match)
    .flatMap((namespace) => context.model.podsIn(namespace))
    .filter(isLive);
  for (const { key, value } of equalities(match.pods)) {
    const values = new Set(pods.flatMap(({ labels }) => labels[key] ?? []));
    if (values.has(value)) continue;
    const [near] = nearestNames(value, values, typosIn(value));
    if (near !== undefined) return `${key}=${near}`;
  }
  return undefined;
}

/** A likely intended name among the existing ones; undefined when none is similar. */
export function nearestName(wanted: string, names: Iterable<string>): string | undefined {
  return nearestNames(wanted, names, typosIn(wanted))[0];
}

/** How many letters may differ before it is a different word. */
function typosIn(word: string): number {
  return word.length <= 3 ? 1 : 2;
}

function equalities(selector: Selector): readonly { readonly key: string; readonly value: string }[] {
  return selector.flatMap(({ key, operator, values }) =>
    operator === 'In' ? values.map((value) => ({ key, value })) : [],
  );
}
