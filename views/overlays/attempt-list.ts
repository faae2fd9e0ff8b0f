import type { Attempt, FlowEnd } from '../../src/core/traffic/traffic.ts';
import { attemptVerdict } from '../columns/columns.ts';
import { columnsOf, fit, type Line, span, wallClock, wrap } from '../text/text.ts';

/**
 * Attempts one by one: when, what became of it, between which addresses, on which node, and why it was dropped. What all
 * of them have in common is told once, above them.
 */
export function attemptListLines(attempts: readonly Attempt[], columns: number): readonly Line[] {
  const room = Math.max(20, columns - LEAD);
  const common = attempts.length < 2 ? [] : factsOf(attempts[0]).filter((fact) => isOfAll(fact, attempts));
  const sources = Math.max(0, ...attempts.map(({ source }) => columnsOf(endText(source))));
  const destinations = Math.max(0, ...attempts.map(({ destination }) => columnsOf(endText(destination))));
  // Aligned, unless that alone would make lines wrap.
  const width = sources + destinations + TRIES <= room ? sources : 0;
  const lines = attempts.flatMap((attempt): readonly Line[] => {
    const { text, tone } = attemptVerdict(attempt.verdict);
    const lead: Line = [span(`${wallClock(attempt.last)}  `, 'faint'), span(text.padEnd(9), tone)];
    const [first = '', ...rest] = wrap(whatOf(attempt, common, width), room);
    return [[...lead, span(first)], ...rest.map((part): Line => [span(' '.repeat(LEAD)), span(part)])];
  });
  if (common.length === 0) return lines;
  const shared = wrap(common.join(' · '), room).map(
    (part, at): Line => [span((at === 0 ? 'all of them' : '').padEnd(LEAD), 'faint'), span(part)],
  );
  return [...shared, [], ...lines];
}

const LEAD = 19;

/** Columns for the arrow and the tries. */
const TRIES = 14;

function isOfAll(fact: string, attempts: readonly Attempt[]): boolean {
  return attempts.every((attempt) => factsOf(attempt).includes(fact));
}

/** What an attempt may have in common with others. */
function factsOf(attempt: Attempt | undefined): readonly string[] {
  if (attempt === undefined) return [];
  const { nodes, dropReason, dropDirection, l7 } = attempt;
  const at = dropDirection === undefined ? '' : ` at ${dropDirection}`;
  return [
    ...(nodes.length === 0 ? [] : [`on ${nodes.join(' and ')}`]),
    ...(dropReason === undefined ? [] : [`${dropReason.text}${at}`]),
    ...(l7 === undefined ? [] : [l7.text]),
  ];
}

function whatOf(attempt: Attempt, common: readonly string[], width: number): string {
  const { source, destination, tries } = attempt;
  const from = endText(source);
  return [
    `${fit(from, Math.max(width, columnsOf(from)))} → ${endText(destination)}`,
    ...(tries > 1 ? [`${tries} tries`] : []),
    ...factsOf(attempt).filter((fact) => !common.includes(fact)),
  ].join('  ');
}

function endText({ namespace, pod, ip, port, dns, service, reserved }: FlowEnd): string {
  const known = pod === undefined ? undefined : `${namespace ?? '?'}/${pod}`;
  const name = known ?? dns?.[0] ?? service?.name ?? ip ?? reserved ?? '?';
  return port === undefined ? name : `${name}:${port}`;
}
