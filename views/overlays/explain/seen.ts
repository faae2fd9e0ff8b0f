import { plural } from '../../../src/core/plural.ts';
import { trustOf } from '../../../src/core/traffic/trust.ts';
import type { AttemptLine } from '../../../src/session/state.ts';
import { attemptVerdict } from '../../columns/verdict.ts';
import { span } from '../../text/span.ts';
import { age } from '../../text/time.ts';
import type { Item } from './items.ts';

const WHO = {
  hubble: 'Hubble says',
  socket: 'sockets say',
  connect: 'a probe says',
  replay: 'recorded',
} as const;

/** What was seen on the wire, by whom, how often and when; `now` is server time. */
export function seenItems({ row, differs }: AttemptLine, now: number): readonly Item[] {
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
    ...(differs === undefined ? [] : [{ label: span('! a finding', 'warn'), text: span(differs, 'warn') }]),
  ];
}

function over(milliseconds: number): string {
  return milliseconds < 1000 ? '' : ` in ${age(milliseconds)}`;
}

function ago(milliseconds: number): string {
  return milliseconds < 1000 ? 'just now' : `${age(milliseconds)} ago`;
}
