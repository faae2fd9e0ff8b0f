import type { Engine } from '../decide/decide.ts';
import { applyEdit, editsOf, MISSES } from '../explain/explain.ts';
import type { EditPrice, Half, NearMiss, Policy, RuleEdit } from '../model/model.ts';
import { pricesOf } from '../reach/reach.ts';
import type { PathAnswer } from './judge-path.ts';

/**
 * An answer whose suggested edits carry their price: what each opens on the whole cluster. The edits that open the least
 * come first, and those that admit everybody last. Only the near misses that an explanation shows are priced: each
 * price is an evaluation of the cluster. For an answer of the engine in its current state.
 */
export function withPrices(engine: Engine, answer: PathAnswer): PathAnswer {
  const steps = pricing(engine, answer);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** The work of `withPrices` in steps, for whoever must not be away for long. */
export function* pricing(engine: Engine, answer: PathAnswer): Generator<undefined, PathAnswer> {
  // A path through a Service is none of the paths between pods by which prices are made.
  if (engine.dialect.egressSeesServices === 'yes' && answer.query.through !== undefined) return answer;
  const { egress, ingress } = answer.verdict;
  const suggested = [egress, ingress].flatMap(({ nearMisses }) => shownEdits(engine, nearMisses));
  const policies = new Map(suggested.map(({ key, edited }) => [key, edited]));
  if (policies.size === 0) return answer;
  const { model, dialect, foreign } = engine;
  const prices = yield* pricesOf({ model, dialect, foreign }, [...policies.values()], answer.query);
  const byKey = new Map([...policies.keys()].map((key, at) => [key, prices[at]]));
  const priced = (half: Half): Half => ({ ...half, nearMisses: inOrder(half.nearMisses, byKey) });
  return { ...answer, verdict: { ...answer.verdict, egress: priced(egress), ingress: priced(ingress) } };
}

type Suggested = { readonly key: string; readonly edited: Policy };

function shownEdits({ model }: Engine, misses: readonly NearMiss[]): readonly Suggested[] {
  return misses.slice(0, MISSES).flatMap((miss) => {
    const policy = model.policy(miss.kind, miss.namespace, miss.name);
    if (policy === undefined) return [];
    return editsOf(miss).map((edit) => ({ key: keyOf(miss, edit), edited: applyEdit(policy, edit) }));
  });
}

function keyOf({ kind, namespace, name, direction }: NearMiss, { text }: RuleEdit): string {
  return [kind, namespace, name, direction, text].join('\n');
}

type Prices = ReadonlyMap<string, EditPrice | undefined>;

function inOrder(misses: readonly NearMiss[], prices: Prices): readonly NearMiss[] {
  const shown = misses.slice(0, MISSES).map((miss) => pricedMiss(miss, prices));
  return [...shown.toSorted((a, b) => compare(a.edit, b.edit)), ...misses.slice(MISSES)];
}

/** Of two edits that open the same, the smaller change is left. */
function pricedMiss(miss: NearMiss, prices: Prices): NearMiss {
  const edits = editsOf(miss).map((edit) => ({ ...edit, price: prices.get(keyOf(miss, edit)) }));
  const [edit, otherEdit] = edits.toSorted(compare);
  const isSame = edit !== undefined && otherEdit !== undefined && compare(edit, otherEdit) === 0;
  return { ...miss, edit, otherEdit: isSame ? undefined : otherEdit };
}

function compare(a: RuleEdit | undefined, b: RuleEdit | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return (
    Number(a.everybody !== undefined) - Number(b.everybody !== undefined) ||
    (a.price?.opens ?? 0) - (b.price?.opens ?? 0) ||
    (a.price?.ports ?? 0) - (b.price?.ports ?? 0)
  );
}
