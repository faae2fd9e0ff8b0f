import sliceAnsi from 'slice-ansi';
import stringWidth from 'string-width';
import type { Line, Span } from './span.ts';

/** ASCII and our own symbols take one column and one UTF-16 unit each: nearly all text, with no need to measure. */
const NARROW = /^[\x20-\x7e✓✗◌◷→←↑↓▸‹›●·…▏▁▂▃▄▅▆▇█░│─╭╮╰╯×]*$/;

/** Width of a text in terminal columns. */
export function columnsOf(text: string): number {
  return NARROW.test(text) ? text.length : stringWidth(text);
}

/** The text in at most `columns` columns; a cut text ends in `…`. A wide character is never split. */
export function cut(text: string, columns: number): string {
  if (columns <= 0) return '';
  if (columnsOf(text) <= columns) return text;
  const room = columns - 1;
  return `${NARROW.test(text) ? text.slice(0, room) : sliceAnsi(text, 0, room)}…`;
}

/** The text in exactly `columns` columns. */
export function fit(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const shown = cut(text, columns);
  const gap = ' '.repeat(Math.max(0, columns - columnsOf(shown)));
  return align === 'left' ? shown + gap : gap + shown;
}

/** Width of a line in terminal columns. */
export function lineColumns(line: Line): number {
  return line.reduce((sum, { text }) => sum + columnsOf(text), 0);
}

/** The line in exactly `columns` columns: padded with blanks, or cut with `…` in the first span that doesn't fit. */
export function fitLine(line: Line, columns: number): Line {
  const out: Span[] = [];
  let left = columns;
  for (const part of line) {
    const width = columnsOf(part.text);
    if (width > left) {
      out.push({ ...part, text: fit(part.text, left) });
      return out;
    }
    out.push(part);
    left -= width;
  }
  if (left > 0) out.push({ text: ' '.repeat(left) });
  return out;
}

/** The line in exactly `columns` columns, from a column on; blanks stand for a wide character that is split. */
export function lineFrom(line: Line, from: number, columns: number): Line {
  const out: Span[] = [];
  let at = 0;
  for (const part of line) {
    const width = columnsOf(part.text);
    const start = Math.max(0, from - at);
    const end = Math.min(width, from + columns - at);
    if (start < end) out.push({ ...part, text: slice(part.text, start, end) });
    at += width;
  }
  return fitLine(out, columns);
}

function slice(text: string, start: number, end: number): string {
  if (NARROW.test(text)) return text.slice(start, end);
  const shown = sliceAnsi(text, start, end);
  return shown + ' '.repeat(Math.max(0, end - start - columnsOf(shown)));
}

/** `left` and `right` on one line of `columns`; `left` is cut first, then `right` is dropped. */
export function spread(left: Line, right: Line, columns: number): Line {
  const room = columns - lineColumns(right);
  if (room < Math.min(20, lineColumns(left) + 1)) return fitLine(left, columns);
  return [...fitLine(left, room), ...right];
}
