import type {
  Decider,
  Decision,
  Direction,
  Half,
  NearMiss,
  PolicyRef,
  RuleEdit,
  Verdict,
} from '../model/model.ts';
import { policyTitle } from './text.ts';

/** One half of a path explained, for any width. */
export type ExplainedHalf = {
  readonly verdict: Decision;
  /** Why, in a few words. */
  readonly cause: string;
  /** Policies with near misses, nearest first, then what else led to the decision. */
  readonly blocks: readonly ExplainedPolicy[];
  /** Why no NetworkPolicy can open it. */
  readonly cannotOpen: readonly string[];
};

/** One policy under a half. `lines`: its rules; a line marked `under` belongs to the rule before it. */
export type ExplainedPolicy = {
  readonly title: string;
  readonly lines: readonly { readonly text: string; readonly under: boolean }[];
};

/** How many near misses are shown per half: the nearest. */
export const MISSES = 4;

/** The explanation of a half; `self` is the end it belongs to. */
export function explainedHalf(half: Half, self: string, direction: Direction): ExplainedHalf {
  return {
    verdict: half.verdict,
    cause: causeText(half, self, direction),
    blocks: blocksOf(half),
    cannotOpen: half.cannotOpen,
  };
}

/**
 * For a path that is open at L4, with a proxy that decides on each request: that, by which rules, and what helps.
 * Undefined for any other path.
 */
export function openAtL4({ egress, ingress }: Pick<Verdict, 'egress' | 'ingress'>): string | undefined {
  const half = [egress, ingress].find(({ l7 }) => l7 !== undefined);
  if (half?.l7 === undefined || egress.verdict !== 'allow' || ingress.verdict !== 'allow') return undefined;
  const ruling = half.deciders.find(({ action }) => action === 'allow');
  const whose = ruling === undefined ? '' : ` of ${policyTitle(ruling)}`;
  return `connections are admitted, then a proxy decides on each request by the ${half.l7} rules${whose}; no grant changes that, only an edit of these rules`;
}

function causeText(half: Half, self: string, direction: Direction): string {
  if (half.verdict === 'undecidable' || half.l7 !== undefined) return half.summary;
  if (half.deciders.length === 0) {
    return half.summary === 'not isolated'
      ? `not isolated: no policy selects ${self} for ${direction}`
      : half.summary;
  }
  const isolating = half.deciders.filter(({ action }) => action === 'isolate');
  if (half.verdict === 'deny' && isolating.length === half.deciders.length) {
    return `isolated by ${listed(unique(isolating.map(({ name }) => name)))}`;
  }
  const ruling = half.deciders.find(({ action }) => action !== 'isolate');
  return ruling === undefined
    ? half.summary
    : `${ruling.action === 'deny' ? 'denied' : 'admitted'} by ${ruling.name}`;
}

function blocksOf(half: Half): readonly ExplainedPolicy[] {
  const misses = half.verdict === 'allow' ? [] : half.nearMisses;
  const told = new Set(misses.map(refKey));
  const shown = misses.slice(0, MISSES);
  const others = half.deciders.filter(
    (decider) => half.verdict === 'allow' || decider.action !== 'isolate' || !told.has(refKey(decider)),
  );
  const byPolicy = Map.groupBy([...shown.map(saidOnce), ...others], refKey);
  const more = misses.length - shown.length;
  return [
    ...Array.from(
      byPolicy.values(),
      (items): ExplainedPolicy => ({
        title: titleOf(items),
        lines: items.flatMap((item) =>
          'why' in item ? missLines(item) : [{ text: item.text, under: false }],
        ),
      }),
    ),
    ...(more === 0 ? [] : [{ title: `and ${more} more rules that match less`, lines: [] }]),
  ];
}

/** A near miss without those of its edits that a nearer one of the same policy has too. */
function saidOnce(miss: NearMiss, at: number, all: readonly NearMiss[]): NearMiss {
  const { edit, otherEdit, ...rest } = miss;
  const said = all
    .slice(0, at)
    .filter((other) => refKey(other) === refKey(miss))
    .flatMap(editsOf);
  const [first, second] = editsOf(miss).filter(({ text }) => said.every((other) => other.text !== text));
  return { ...rest, edit: first, otherEdit: second };
}

/** The edits of a near miss, the preferred one first. */
export function editsOf({ edit, otherEdit }: NearMiss): readonly RuleEdit[] {
  return [edit, otherEdit].filter((item) => item !== undefined);
}

/** `NetworkPolicy shop/db`, with its tier where that matters, and what manages it. */
function titleOf(items: readonly (Decider | NearMiss)[]): string {
  const [first] = items;
  if (first === undefined) return '';
  const ranked = items.find((item) => 'tier' in item && item.tier !== 'normal');
  const tier =
    ranked !== undefined && 'tier' in ranked
      ? ` · ${ranked.tier} tier${ranked.priority === undefined ? '' : `, priority ${ranked.priority}`}`
      : '';
  return `${policyTitle(first)}${tier}${first.managedBy === undefined ? '' : ` · ${first.managedBy}`}`;
}

function missLines(miss: NearMiss): ExplainedPolicy['lines'] {
  const { ruleIndex, why, admits, text, because } = miss;
  const rule = `rule ${ruleIndex + 1} admits ${admits ?? text.replace(/^admits /, '')}`;
  const reason = `misses by ${why}${because === undefined ? '' : `: ${because}`}`;
  return [
    { text: rule, under: false },
    { text: reason, under: true },
    ...editsOf(miss).map((edit) => ({ text: `edit: ${editText(edit)}`, under: true })),
  ];
}

/** `add tcp 443 to rule 1 (admits anyone; opens 4 paths, among them outside → gate/hook tcp 443)`. */
function editText({ text, everybody, price }: RuleEdit): string {
  const marks = [everybody === undefined ? undefined : `admits ${everybody}`, price?.text];
  const shown = marks.filter((mark) => mark !== undefined);
  return shown.length === 0 ? text : `${text} (${shown.join('; ')})`;
}

function refKey({ kind, namespace, name }: PolicyRef): string {
  return `${kind}/${namespace ?? ''}/${name}`;
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

function listed(names: readonly string[]): string {
  return names.length <= 4
    ? names.join(', ')
    : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}
