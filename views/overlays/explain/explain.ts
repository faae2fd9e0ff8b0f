import type { Verdict } from '../../../src/core/policy/model/verdict.ts';
import type { Overlay, SessionState } from '../../../src/session/state.ts';
import { decision } from '../../columns/verdict.ts';
import { type Line, span } from '../../text/span.ts';
import { wallClock } from '../../text/time.ts';
import { hanging } from '../../text/wrap.ts';
import type { Content } from '../panel.ts';
import { halfLines } from './half.ts';
import { type Item, itemLines, labelColumns } from './items.ts';
import { seenItems } from './seen.ts';

type Explain = Extract<Overlay, { type: 'explain' }>;

/**
 * Why a path is allowed or denied, as the verb `explain` says it: parts that differ, both halves, what nearly matched,
 * what the verdict rests on; then what was seen, and what can be done.
 */
export function explainContent(overlay: Explain, state: SessionState): Content {
  const { title, verdict, parts = [], scroll, at } = overlay;
  const when = span(` evaluated ${wallClock(at)} `, 'faint');
  const inPart = parts.some((part) => part.verdict !== verdict?.verdict);
  return {
    kind: 'text',
    title: [span(` ${title} `, 'strong')],
    right: verdict === undefined ? [when] : [verdictSpan(verdict, inPart), when],
    scroll,
    lines: (columns) => allLines(overlay, state, columns),
  };
}

function verdictSpan({ verdict, incomplete = [] }: Verdict, inPart: boolean) {
  const { symbol, word, tone } = decision(verdict);
  const limits = `${inPart ? 'in part ' : ''}${incomplete.length > 0 ? 'as far as read ' : ''}`;
  return span(`${symbol} ${word.toUpperCase()} ${limits}`, tone);
}

function allLines(overlay: Explain, state: SessionState, columns: number): readonly Line[] {
  const { verdict, attempt, problem, names, notes = [] } = overlay;
  const { from, to } = names ?? { from: 'the source', to: 'the destination' };
  const heads = verdict === undefined ? [] : [`egress of ${from}`, `ingress of ${to}`];
  const labels = labelColumns(heads, columns);
  const items: readonly Item[] = [
    ...remarks('rests on', verdict?.assumptions ?? []),
    ...remarks('note', notes),
    ...(attempt === undefined ? [] : seenItems(attempt, state.serverNow)),
    ...(verdict === undefined ? [] : wayOut(verdict)),
  ];
  return [
    ...(problem === undefined
      ? []
      : itemLines({ label: span('not evaluated'), text: span(problem, 'warn') }, labels, columns)),
    ...partLines(overlay, columns),
    ...(verdict === undefined
      ? []
      : [
          ...halfLines(verdict.egress, from, 'egress', labels, columns),
          ...halfLines(verdict.ingress, to, 'ingress', labels, columns),
        ]),
    ...items.flatMap((item) => itemLines(item, labels, columns)),
  ];
}

/** The parts of a path with different verdicts, and which of them the halves are about. */
function partLines({ parts = [], shown }: Explain, columns: number): readonly Line[] {
  return [
    ...parts.flatMap(({ verdict, text, why }) => {
      const { text: word, tone } = decision(verdict);
      return [...hanging(`${word}  ${text}`, 2, columns, tone), ...hanging(why, 6, columns, 'faint')];
    }),
    ...(shown === undefined ? [] : [...(parts.length === 0 ? [] : [[]]), ...hanging(shown, 0, columns)]),
  ];
}

function remarks(word: string, texts: readonly string[]): readonly Item[] {
  return texts.map((text, index) => ({
    label: span(index === 0 ? word : '', 'faint'),
    text: span(text, 'faint'),
  }));
}

function wayOut(verdict: Verdict): readonly Item[] {
  if (verdict.verdict === 'allow') return [];
  const blocked = verdict.egress.cannotOpen.length + verdict.ingress.cannotOpen.length > 0;
  const text = blocked
    ? 'no NetworkPolicy can: ask the owner of the policy named above'
    : 'g: grant it for minutes · Y: the permanent policy to review in Git';
  return [{ label: span('To open it', 'strong'), text: span(text), apart: true }];
}
