import type { Attempt, FlowEnd } from '../../src/core/traffic/traffic.ts';
import { attemptVerdict } from '../columns/columns.ts';
import { type Line, span, wallClock, wrap } from '../text/text.ts';

/** Attempts one by one: when, what became of it, between which addresses, on which node, and why it was dropped. */
export function attemptListLines(attempts: readonly Attempt[], columns: number): readonly Line[] {
  return attempts.flatMap((attempt) => {
    const { text, tone } = attemptVerdict(attempt.verdict);
    const lead: Line = [span(`${wallClock(attempt.last)}  `, 'faint'), span(text.padEnd(9), tone)];
    const [first = '', ...rest] = wrap(whatOf(attempt), Math.max(20, columns - LEAD));
    return [[...lead, span(first)], ...rest.map((part): Line => [span(' '.repeat(LEAD)), span(part)])];
  });
}

const LEAD = 19;

function whatOf({ source, destination, tries, nodes, dropReason, dropDirection, l7 }: Attempt): string {
  const at = dropDirection === undefined ? '' : ` at ${dropDirection}`;
  return [
    `${endText(source)} → ${endText(destination)}`,
    ...(tries > 1 ? [`${tries} tries`] : []),
    ...(nodes.length === 0 ? [] : [`on ${nodes.join(' and ')}`]),
    ...(dropReason === undefined ? [] : [`${dropReason.text}${at}`]),
    ...(l7 === undefined ? [] : [l7.text]),
  ].join('  ');
}

function endText({ namespace, pod, ip, port, dns, service, reserved }: FlowEnd): string {
  const known = pod === undefined ? undefined : `${namespace ?? '?'}/${pod}`;
  const name = known ?? dns?.[0] ?? service?.name ?? ip ?? reserved ?? '?';
  return port === undefined ? name : `${name}:${port}`;
}
