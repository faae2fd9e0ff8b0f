import type { GrantSpan } from '../../src/session/session.ts';
import { columnsOf, cut, fitLine, type Line, span } from '../text/text.ts';
import type { Theme } from '../ui/ui.ts';
import type { Plot } from './off-screen.ts';
import type { Curves } from './series.ts';

/** Columns at the right of the curves, for their names. */
export const NAMES = 12;

/** The lines over the curves, one for each grant whose window they show: at most three, the latest. */
export function shownSpans(
  spans: readonly GrantSpan[],
  { times }: Curves,
  rows: number,
): readonly GrantSpan[] {
  const [first] = times;
  const last = times.at(-1);
  if (first === undefined || last === undefined) return [];
  return spans.filter(({ start, end }) => end >= first && start <= last).slice(rows < 10 ? -1 : -3);
}

/** A grant's window as a line over the curves: `▏─ ◷ web → db ────▏`, open at the right while it lasts. */
export function spanLine(
  { text, start, end }: GrantSpan,
  { times }: Curves,
  plot: Plot,
  columns: number,
): Line {
  const begun = start >= (times[0] ?? 0);
  const over = end <= (times.at(-1) ?? 0);
  const left = Math.max(plot.columnOf(times[0] ?? 0), plot.columnOf(start));
  const right = Math.min(columns - 1, over ? plot.columnOf(end) : columns - 1);
  const label = `◷ ${text} `;
  const width = Math.max(2, right - left + 1);
  const room = width - 4;
  if (columnsOf(label) <= room) {
    const rest = '─'.repeat(room - columnsOf(label));
    return [span(' '.repeat(left)), span(`${begun ? '▏' : '─'}─ ${label}${rest}${over ? '▏' : '▸'}`, 'time')];
  }
  const mark = `${begun ? '▏' : '─'}${'─'.repeat(width - 2)}${over ? '▏' : '▸'}`;
  const after = columns - left - width - 1;
  if (columnsOf(label) <= after) return [span(' '.repeat(left)), span(`${mark} ${label}`, 'time')];
  const before = cut(label.trimEnd(), Math.max(0, left - 1));
  return [span(' '.repeat(Math.max(0, left - 1 - columnsOf(before)))), span(`${before} ${mark}`, 'time')];
}

/** The curves with their names at their right ends, which tell them apart without colors. */
export function curveLines({ series }: Curves, plot: Plot, columns: number): readonly Line[] {
  const names = new Map<number, Line>();
  for (const { sign, name, tone, values } of series) {
    let row = plot.rowOf(values.at(-1) ?? 0);
    while (names.has(row)) row -= 1;
    names.set(Math.max(0, row), [span(` ${sign} ${name}`, tone)]);
  }
  return plot.lines.map((line, row) => [...fitLine(line, columns), ...(names.get(row) ?? [])]);
}

/** Dots of a curve as ASCII, where the terminal has nothing else. */
export function plainDots(line: Line, { ascii }: Theme): Line {
  return ascii
    ? line.map((part) => ({ ...part, text: part.text.replace(/[\u2800-\u28ff]/gu, asciiDots) }))
    : line;
}

function asciiDots(dots: string): string {
  return dots === '\u2800' ? ' ' : '*';
}

/** `✓ 1234 allowed  ✗ 45 dropped`: all that the curves show. */
export function totals({ series }: Curves): Line {
  const parts = series.map(({ sign, name, tone, values }) =>
    span(`${sign} ${values.reduce((sum, value) => sum + value, 0)} ${name}`, tone),
  );
  return parts.flatMap((part, index) => (index === 0 ? [part] : [span('  '), part]));
}
