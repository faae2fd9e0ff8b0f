import type { Direction } from './policy.ts';
import type { Decider, Decision, Half, NearMiss, Verdict } from './verdict.ts';

/** How the ends are called in the explanation. */
export type PathNames = { readonly from: string; readonly to: string };

/** Sign and word of a decision: never colour alone (design §4). */
export const DECISION_WORDS: Readonly<Record<Decision, string>> = {
  allow: '✓ allow',
  deny: '✗ deny',
  undecidable: '? undecidable',
};

const HEAD_WIDTH = 18;
const WORD_WIDTH = 12;

/**
 * A verdict as lines of text, in the shape of the Explain screen: both halves with their cause, under a denied half
 * the rules of the policies that isolate it, what no grant can open, and what the verdict rests on. Without a
 * heading: the caller knows the port and the time.
 */
export function explainText(verdict: Verdict, names: PathNames): readonly string[] {
  return [
    ...halfLines(verdict.egress, `egress of ${names.from}`, names.from, 'egress'),
    ...halfLines(verdict.ingress, `ingress of ${names.to}`, names.to, 'ingress'),
    ...verdict.assumptions.map((text) => `${'assuming'.padEnd(HEAD_WIDTH)} ${text}`),
  ];
}

function halfLines(half: Half, head: string, self: string, direction: Direction): readonly string[] {
  const word = DECISION_WORDS[half.verdict].padEnd(WORD_WIDTH);
  const lines = half.verdict === 'allow' ? admittingLines(half) : missLines(half);
  return [
    `${head.padEnd(HEAD_WIDTH)} ${word} ${causeText(half, self, direction)}`,
    ...aligned(lines),
    ...half.cannotOpen.map((text) => `  no grant opens it: ${text}`),
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
    return `isolated by ${unique(isolating.map(({ name }) => name)).join(', ')}`;
  }
  const ruling = half.deciders.find(({ action }) => action !== 'isolate');
  return ruling === undefined
    ? half.summary
    : `${ruling.action === 'deny' ? 'denied' : 'admitted'} by ${ruling.name}`;
}

type Row = readonly [name: string, rule: string, verb: string, what: string, note: string];

function admittingLines({ deciders }: Half): readonly Row[] {
  return deciders.map((decider) => rowOf(decider, decider.text, ''));
}

/** The rules that came near, nearest first, then what else led to the decision. */
function missLines({ deciders, nearMisses }: Half): readonly Row[] {
  const told = new Set(nearMisses.map(keyOf));
  const missed = nearMisses.map((miss): Row => {
    const note = `← misses by ${miss.why}${miss.because === undefined ? '' : `: ${miss.because}`}`;
    return [
      miss.name,
      `rule ${miss.ruleIndex + 1}`,
      'admits',
      miss.admits ?? miss.text.replace(/^admits /, ''),
      note,
    ];
  });
  const others = deciders.filter((decider) => decider.action !== 'isolate' || !told.has(keyOf(decider)));
  return [...missed, ...others.map((decider) => rowOf(decider, decider.text, ''))];
}

function rowOf(decider: Decider, text: string, note: string): Row {
  const [, rule = '', verb = '', what = ''] = /^(rule \d+)? ?(\S+) (.*)$/.exec(text) ?? [];
  return [decider.name, rule, verb, what, note];
}

function keyOf({ kind, namespace, name }: Decider | NearMiss): string {
  return `${kind}/${namespace ?? ''}/${name}`;
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

/** Rows in columns, each as wide as its widest cell. */
function aligned(rows: readonly Row[]): readonly string[] {
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => {
    const cells = row.slice(0, 4).map((cell, column) => cell.padEnd(widths[column] ?? 0));
    return `  ${[...cells, row[4]].join('  ').trimEnd()}`;
  });
}
