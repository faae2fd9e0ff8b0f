import type { Direction, PolicyRef } from './policy.ts';
import { policyTitle } from './text.ts';
import type { Decider, Decision, Half, NearMiss, Verdict } from './verdict.ts';
import { wrapped } from './wrap.ts';

/** How the ends are called in the explanation. */
export type PathNames = { readonly from: string; readonly to: string };

/** Sign and word of a decision: never colour alone (design §4). */
export const DECISION_WORDS: Readonly<Record<Decision, string>> = {
  allow: '✓ allow',
  deny: '✗ deny',
  undecidable: '? undecidable',
};

const HEAD_WIDTH = 18;
const WORD_WIDTH = 13;
/** How many rules that nearly matched are told of one half: the nearest. */
const MISSES = 4;

/**
 * A verdict as lines of text of 80 columns: both halves with their cause; under each the policies that decide, by kind
 * and name, with their rules; under a rule that nearly matched, what it misses by and the smallest edit; what no grant
 * can open; what the verdict rests on. Without a heading: the caller knows the port and the time.
 */
export function explainText(verdict: Verdict, names: PathNames): readonly string[] {
  return [
    ...halfLines(verdict.egress, `egress of ${names.from}`, names.from, 'egress'),
    ...halfLines(verdict.ingress, `ingress of ${names.to}`, names.to, 'ingress'),
    ...verdict.assumptions.flatMap((text) => remark('assuming', text)),
  ];
}

/** A line with its word in the first column: `assuming`, `note`. */
export function remark(word: string, text: string): readonly string[] {
  return wrapped(`${word.padEnd(HEAD_WIDTH)} `, text);
}

function halfLines(half: Half, head: string, self: string, direction: Direction): readonly string[] {
  const word = DECISION_WORDS[half.verdict].padEnd(WORD_WIDTH);
  return [
    ...wrapped(`${head.padEnd(HEAD_WIDTH)} ${word} `, causeText(half, self, direction), HEAD_WIDTH + 1),
    ...blocksOf(half).flatMap(blockLines),
    ...half.cannotOpen.flatMap((text) => wrapped('  no grant opens it: ', text, 4)),
  ];
}

/** Why, on the line of the half. */
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

/** One policy under a half, with what is to be said of its rules. */
type Block = { readonly title: string; readonly lines: readonly (readonly string[])[] };

/** Policies whose rules came near, nearest first, then what else led to the decision. */
function blocksOf(half: Half): readonly Block[] {
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
      (items): Block => ({
        title: titleOf(items),
        lines: items.map((item) => ('why' in item ? missLines(item) : deciderLines(item))),
      }),
    ),
    ...(more === 0 ? [] : [{ title: `and ${more} rules more that match less`, lines: [] }]),
  ];
}

/** A near miss without its edit where a nearer one of the same policy has the same. */
function saidOnce(miss: NearMiss, at: number, all: readonly NearMiss[]): NearMiss {
  const { edit, ...rest } = miss;
  const isSaid = all
    .slice(0, at)
    .some((other) => refKey(other) === refKey(miss) && other.edit?.text === edit?.text);
  return isSaid ? rest : miss;
}

function blockLines({ title, lines }: Block): readonly string[] {
  return [...wrapped('  ', title, 4), ...lines.flat()];
}

/** `NetworkPolicy shop/db`, with its tier where that counts, and who manages it. */
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

function deciderLines({ text }: Decider): readonly string[] {
  return wrapped('    ', text, 6);
}

function missLines({ ruleIndex, why, admits, text, because, edit }: NearMiss): readonly string[] {
  return [
    ...wrapped('    ', `rule ${ruleIndex + 1} admits ${admits ?? text.replace(/^admits /, '')}`, 6),
    ...wrapped('      ', `misses by ${why}${because === undefined ? '' : `: ${because}`}`, 8),
    ...(edit === undefined ? [] : wrapped('      ', `edit: ${edit.text}`, 8)),
  ];
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
