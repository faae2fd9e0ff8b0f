import type { Verdict } from '../../../src/core/policy/verdict.ts';
import type { Overlay, SessionState } from '../../../src/session/state.ts';
import { decision } from '../../columns/verdict.ts';
import { span } from '../../text/span.ts';
import { wallClock } from '../../text/time.ts';
import type { Content } from '../panel.ts';
import { halfItems } from './half.ts';
import { type Item, layItems } from './items.ts';
import { seenItems } from './seen.ts';

type Explain = Extract<Overlay, { type: 'explain' }>;

/** Why a path is allowed or denied: both halves, what nearly matched, what was seen, what can be done. */
export function explainContent(overlay: Explain, state: SessionState): Content {
  const { title, verdict, attempt, problem, scroll, at } = overlay;
  const when = span(` evaluated ${wallClock(at)} `, 'faint');
  return {
    kind: 'text',
    title: [span(` ${title} `, 'strong')],
    right: verdict === undefined ? [when] : [verdictSpan(verdict), when],
    scroll,
    lines: (columns) =>
      layItems(
        [
          ...(problem === undefined ? [] : [{ label: span('not evaluated'), text: span(problem, 'warn') }]),
          ...(verdict === undefined ? [] : verdictItems(verdict, overlay, state)),
          ...(attempt === undefined ? [] : seenItems(attempt, state.serverNow)),
          ...(verdict === undefined ? [] : wayOut(verdict)),
        ],
        columns,
      ),
  };
}

function verdictSpan({ verdict }: Verdict) {
  const { symbol, word, tone } = decision(verdict);
  return span(`${symbol} ${word.toUpperCase()} `, tone);
}

function verdictItems(verdict: Verdict, { attempt }: Explain, { path }: SessionState): readonly Item[] {
  const source = attempt?.row.sourceName ?? path.sourceName ?? 'the source';
  const destination = attempt?.row.destinationName ?? path.destinationName ?? 'the destination';
  return [
    ...halfItems(`egress of ${source}`, verdict.egress),
    ...halfItems(`ingress of ${destination}`, verdict.ingress),
    ...verdict.assumptions.map((text, index) => ({
      label: span(index === 0 ? 'rests on' : '', 'faint'),
      text: span(text, 'faint'),
    })),
  ];
}

function wayOut(verdict: Verdict): readonly Item[] {
  if (verdict.verdict === 'allow') return [];
  const blocked = verdict.egress.cannotOpen.length + verdict.ingress.cannotOpen.length > 0;
  const text = blocked
    ? 'no NetworkPolicy can: ask the owner of the policy named above'
    : 'g: grant it for minutes · Y: the permanent policy to review in Git';
  return [{ label: span('To open it', 'strong'), text: span(text), apart: true }];
}
