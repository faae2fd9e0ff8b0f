import type { Decider, Half, NearMiss, Verdict } from '../../src/core/policy/verdict.ts';
import type { AttemptLine, Overlay, SessionState } from '../../src/session/state.ts';
import { attemptVerdict, decision } from '../columns/verdict.ts';
import { plural } from '../text/count.ts';
import { columnsOf } from '../text/fit.ts';
import { type Line, span } from '../text/span.ts';
import { age, wallClock } from '../text/time.ts';
import { entry, wrap } from '../text/wrap.ts';
import type { Content } from './panel.ts';

type Explain = Extract<Overlay, { type: 'explain' }>;

const LABEL = 20;

/** Why a path is allowed or denied: both halves, what nearly matched, what was seen, what can be done. */
export function explainContent(overlay: Explain, state: SessionState): Content {
  const { title, verdict, attempt, problem, scroll, at } = overlay;
  const when = span(` evaluated ${wallClock(at)} `, 'faint');
  const right = verdict === undefined ? [when] : [verdictSpan(verdict), when];
  return {
    kind: 'text',
    title: [span(` ${title} `, 'strong')],
    right,
    scroll,
    lines: (columns) => [
      ...(problem === undefined ? [] : wrap(problem, columns).map((text): Line => [span(text, 'warn')])),
      ...(verdict === undefined ? [] : verdictLines(verdict, namesOf(overlay, state), columns)),
      ...(attempt === undefined ? [] : seenLines(attempt, state, columns)),
      ...(verdict === undefined ? [] : wayOut(verdict, columns)),
    ],
  };
}

function verdictSpan({ verdict }: Verdict) {
  const { symbol, word, tone } = decision(verdict);
  return span(`${symbol} ${word.toUpperCase()} `, tone);
}

type Names = { readonly source: string; readonly destination: string };

function namesOf({ attempt }: Explain, { path }: SessionState): Names {
  return {
    source: attempt?.row.sourceName ?? path.sourceName ?? 'the source',
    destination: attempt?.row.destinationName ?? path.destinationName ?? 'the destination',
  };
}

function verdictLines(verdict: Verdict, names: Names, columns: number): readonly Line[] {
  return [
    ...halfLines(`egress of ${names.source}`, verdict.egress, columns),
    ...halfLines(`ingress of ${names.destination}`, verdict.ingress, columns),
    ...verdict.assumptions.flatMap((text, index) =>
      entry([span(index === 0 ? 'rests on' : '', 'faint')], LABEL, span(text, 'faint'), columns),
    ),
  ];
}

function halfLines(title: string, half: Half, columns: number): readonly Line[] {
  const { text, tone } = decision(half.verdict);
  const summary = half.summary === '' ? '' : `   ${half.summary}`;
  const names = [...half.deciders, ...half.nearMisses].map((one) => columnsOf(nameOf(one)) + 2);
  const label = Math.min(Math.floor(columns / 2), Math.max(LABEL, ...names));
  return [
    ...entry([span(title, 'strong')], LABEL, span(text + summary, tone), columns),
    ...half.deciders.flatMap((one) => entry([span(nameOf(one))], label, span(deciderText(one)), columns)),
    ...half.nearMisses.flatMap((one) =>
      entry([span(nameOf(one))], label, span(missText(one), 'warn'), columns),
    ),
    ...half.cannotOpen.flatMap((text) =>
      entry([span('    ✗ no grant opens this', 'bad')], LABEL + 8, span(text), columns),
    ),
  ];
}

function nameOf({ kind, namespace, name }: Decider | NearMiss): string {
  const where = namespace === undefined ? name : `${namespace}/${name}`;
  return `  ${kind === 'NetworkPolicy' ? where : `${kind} ${where}`}`;
}

function deciderText({ text, tier, priority, action }: Decider): string {
  const rank = priority === undefined ? '' : `, priority ${priority}`;
  const where = tier === 'normal' ? '' : `${tier} tier${rank}: `;
  return `${where}${action === 'isolate' ? `isolates, ${text}` : text}`;
}

function missText({ ruleIndex, why, text, admits, because }: NearMiss): string {
  const rule = `rule ${ruleIndex + 1}`;
  if (admits === undefined) return `${rule}  ← misses by ${why}: ${text}`;
  return `${rule}  admits ${admits}   ← misses by ${why}: ${because ?? text}`;
}

function seenLines(
  { row, differs }: AttemptLine,
  { serverNow }: SessionState,
  columns: number,
): readonly Line[] {
  const { newest } = row;
  const who = { hubble: 'Hubble says', socket: 'sockets say', connect: 'a probe says', replay: 'recorded' };
  const { text, tone } = attemptVerdict(row.verdict);
  const reason = newest.dropReason === undefined ? '' : ` ${newest.dropReason.text},`;
  const node = newest.nodes.at(-1) === undefined ? '' : ` on ${newest.nodes.at(-1)}`;
  const often = `${plural(row.count, 'attempt')} in ${age(row.last - row.first)}, ${row.dropped} dropped`;
  const seen = `${text}  ${reason} ${often}, last ${ago(serverNow - row.last)}${node}`.replace(
    / {3,}/g,
    '  ',
  );
  return [
    ...entry([span(who[newest.seen])], LABEL, span(seen, tone), columns),
    ...(differs === undefined
      ? []
      : entry([span('! a finding', 'warn')], LABEL, span(differs, 'warn'), columns)),
  ];
}

function ago(milliseconds: number): string {
  const text = age(milliseconds);
  return text === 'now' ? 'just now' : `${text} ago`;
}

function wayOut(verdict: Verdict, columns: number): readonly Line[] {
  if (verdict.verdict === 'allow') return [];
  const blocked = verdict.egress.cannotOpen.length + verdict.ingress.cannotOpen.length > 0;
  const text = blocked
    ? 'no NetworkPolicy can: ask the owner of the policy named above'
    : 'g: grant it for minutes · Y: the permanent policy to review in Git';
  return [[], ...entry([span('To open it', 'strong')], LABEL, span(text), columns)];
}
