import type { TextField } from '../../src/session/session.ts';
import { columnsOf, type Line, span } from '../text/text.ts';

/**
 * A text field in at most `room` columns. The cursor is `▏` at the end, or inverts the character it is on. A suggested
 * text that typing would replace is inverse. A text that is too long shows the part around the cursor.
 */
export function fieldSpans({ text, cursor, offered }: TextField, active: boolean, room = Infinity): Line {
  if (active && offered === true) return [span(text, 'cursor'), span('▏', 'strong')];
  const points = [...text];
  const start = active && columnsOf(text) >= room ? Math.max(0, cursor - Math.max(1, room - 2)) : 0;
  const before = points.slice(start, cursor).join('');
  if (!active) return [span(text)];
  if (cursor >= points.length) return [span(before), span('▏', 'strong')];
  return [span(before), span(points[cursor] ?? '', 'cursor'), span(points.slice(cursor + 1).join(''))];
}
