import type { Decision, Direction, Half, Verdict } from '../model/model.ts';
import { explainedHalf, openAtL4 } from './explanation.ts';
import { wrapped } from './text.ts';

/** Names of the ends in the explanation. */
export type PathNames = { readonly from: string; readonly to: string };

/** Symbol and word of a decision: never color alone (TERM-10). */
export const DECISION_WORDS: Readonly<Record<Decision, string>> = {
  allow: '✓ allow',
  deny: '✗ deny',
  undecidable: '? undecidable',
};

const HEAD_WIDTH = 18;
const WORD_WIDTH = 13;

/**
 * A verdict as lines of 80 columns: both halves with their cause; under each, the deciding policies by kind and name,
 * with their rules; under a near miss, what differs and the smallest edit; what a grant can't open; the assumptions.
 * Without a heading: the caller knows the port and the time.
 */
export function explainText(verdict: Verdict, names: PathNames): readonly string[] {
  const atL4 = openAtL4(verdict);
  return [
    ...halfLines(verdict.egress, `egress of ${names.from}`, names.from, 'egress'),
    ...halfLines(verdict.ingress, `ingress of ${names.to}`, names.to, 'ingress'),
    ...(atL4 === undefined ? [] : remark('open at L4', atL4)),
    ...verdict.assumptions.flatMap((text) => remark('assuming', text)),
  ];
}

/** A line with its word in the first column: `assuming`, `note`. */
export function remark(word: string, text: string): readonly string[] {
  return wrapped(`${word.padEnd(HEAD_WIDTH)} `, text);
}

function halfLines(half: Half, head: string, self: string, direction: Direction): readonly string[] {
  const { verdict, cause, blocks, cannotOpen } = explainedHalf(half, self, direction);
  const word = DECISION_WORDS[verdict].padEnd(WORD_WIDTH);
  return [
    ...wrapped(`${head.padEnd(HEAD_WIDTH)} ${word} `, cause, HEAD_WIDTH + 1),
    ...blocks.flatMap(({ title, lines }) => [
      ...wrapped('  ', title, 4),
      ...lines.flatMap(({ text, under }) => (under ? wrapped('      ', text, 8) : wrapped('    ', text, 6))),
    ]),
    ...cannotOpen.flatMap((text) => wrapped('  no grant can open it: ', text, 4)),
  ];
}
