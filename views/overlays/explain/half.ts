import { type ExplainedPolicy, explainedHalf } from '../../../src/core/policy/explain/explanation.ts';
import type { Direction } from '../../../src/core/policy/model/policy.ts';
import type { Half } from '../../../src/core/policy/model/verdict.ts';
import { decision } from '../../columns/verdict.ts';
import { type Line, span, type Tone } from '../../text/span.ts';
import { hanging } from '../../text/wrap.ts';
import { type Item, itemLines } from './items.ts';

/**
 * One half of a path: its verdict and cause; the policies that decided it with their rules; under a rule that nearly
 * matched, what it misses by and the smallest edit. The words are those of the verb.
 */
export function halfLines(
  half: Half,
  self: string,
  direction: Direction,
  labels: number,
  columns: number,
): readonly Line[] {
  const { verdict, cause, blocks, cannotOpen } = explainedHalf(half, self, direction);
  const { text, tone } = decision(verdict);
  const head: Item = {
    label: span(`${direction} of ${self}`, 'strong'),
    text: span(`${text}   ${cause}`, tone),
  };
  return [
    ...itemLines(head, labels, columns),
    ...blocks.flatMap((block) => policyLines(block, columns)),
    ...cannotOpen.flatMap((one) => hanging(`✗ no grant opens it: ${one}`, 2, columns, 'bad')),
  ];
}

function policyLines({ title, lines }: ExplainedPolicy, columns: number): readonly Line[] {
  return [
    ...hanging(title, 2, columns),
    ...lines.flatMap(({ text, under }) => hanging(text, under ? 6 : 4, columns, toneOf(text, under))),
  ];
}

/** What a rule misses by, and what would mend it, stand out from what it says. */
function toneOf(text: string, under: boolean): Tone {
  if (!under) return 'plain';
  return text.startsWith('edit: ') ? 'time' : 'warn';
}
