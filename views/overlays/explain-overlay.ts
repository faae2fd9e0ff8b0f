import { plural } from '../../src/core/common/common.ts';
import { type ExplainedPolicy, explainedHalf, openAtL4 } from '../../src/core/policy/explain/explain.ts';
import type { Direction, Half, Verdict } from '../../src/core/policy/model/model.ts';
import { trustOf } from '../../src/core/traffic/traffic.ts';
import type { AttemptLine, Overlay, SessionState } from '../../src/session/session.ts';
import { attemptVerdict, decision } from '../columns/columns.ts';
import { age, hanging, type Line, span, type Tone, wallClock } from '../text/text.ts';
import { type Item, itemLines, labelColumns } from './items.ts';
import type { Content } from './panel.ts';

type Explain = Extract<Overlay, { type: 'explain' }>;

/**
 * Why a path is allowed or denied, in the same words as `sluice explain`: parts that differ, both halves, near misses,
 * assumptions; then what was seen, and what can be done about it.
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
    ...remarks('assuming', verdict?.assumptions ?? []),
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

/** The parts of a path with different verdicts, and which of them the halves describe. */
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
  const atL4 = openAtL4(verdict);
  if (atL4 !== undefined) return [{ label: span('Open at L4', 'strong'), text: span(atL4), apart: true }];
  const blocked = verdict.egress.cannotOpen.length + verdict.ingress.cannotOpen.length > 0;
  const text = blocked
    ? 'not possible with a NetworkPolicy: ask the owner of the policy above'
    : 'g: temporary grant · Y: permanent policy for Git';
  return [{ label: span('To open it', 'strong'), text: span(text), apart: true }];
}

/**
 * One half of a path: its verdict and cause, the policies that decided it with their rules, and for a near miss what
 * didn't match and the smallest edit. Same words as `sluice explain`.
 */
function halfLines(
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
    ...cannotOpen.flatMap((one) => hanging(`✗ no grant can open it: ${one}`, 2, columns, 'bad')),
  ];
}

function policyLines({ title, lines }: ExplainedPolicy, columns: number): readonly Line[] {
  return [
    ...hanging(title, 2, columns),
    ...lines.flatMap(({ text, under }) => hanging(text, under ? 6 : 4, columns, toneOf(text, under))),
  ];
}

/** Near misses and suggested edits stand out from the rules themselves. */
function toneOf(text: string, under: boolean): Tone {
  if (!under) return 'plain';
  return text.startsWith('edit: ') ? 'time' : 'warn';
}

const WHO = {
  hubble: 'seen by Hubble',
  socket: 'seen in sockets',
  connect: 'seen by probe',
  replay: 'recorded',
} as const;

/** What was seen on the wire, by which source, how often and when; `now` is server time. */
function seenItems({ row, differs }: AttemptLine, now: number): readonly Item[] {
  const { newest } = row;
  const { text, tone } = attemptVerdict(row.verdict);
  const node = newest.nodes.at(-1);
  const facts = [
    newest.dropReason?.text,
    `${plural(row.count, 'attempt')}${over(row.last - row.first)}`,
    row.dropped === 0 ? undefined : `${row.dropped} dropped`,
    `last ${ago(now - row.last)}${node === undefined ? '' : ` on ${node}`}`,
  ].filter((fact) => fact !== undefined);
  const seen: Item = { label: span(WHO[newest.seen]), text: span(`${text}  ${facts.join(', ')}`, tone) };
  const trust = trustOf(newest);
  return [
    seen,
    ...(trust === undefined
      ? []
      : [{ label: span(`  ${trust.level}`, 'faint'), text: span(trust.text, 'faint') }]),
    ...(differs === undefined ? [] : [{ label: span('! mismatch', 'warn'), text: span(differs, 'warn') }]),
  ];
}

function over(milliseconds: number): string {
  return milliseconds < 1000 ? '' : ` in ${age(milliseconds)}`;
}

function ago(milliseconds: number): string {
  return milliseconds < 1000 ? 'just now' : `${age(milliseconds)} ago`;
}
