import { columnsOf, cut } from './fit.ts';
import type { Line, Span, Tone } from './span.ts';

/**
 * Wraps a text at spaces into lines of at most `columns`. A word longer than a line is split over several lines, so
 * that nothing is lost. An empty text is one empty line.
 */
export function wrap(text: string, columns: number): readonly string[] {
  const room = Math.max(1, columns);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (columnsOf(joined) <= room) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (columnsOf(line) > room) {
      const head = headOf(line, room);
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  lines.push(line);
  return lines;
}

/** As much of a word as fits, at least one character; up to a hyphen, if that is most of it. */
function headOf(word: string, columns: number): string {
  const head = cut(word, columns + 1).slice(0, -1);
  if (head === '') return [...word][0] ?? '';
  const hyphen = head.lastIndexOf('-') + 1;
  return hyphen > head.length / 2 ? head.slice(0, hyphen) : head;
}

/** A sentence that starts at `indent`; continuation lines are indented by two more columns. */
export function hanging(text: string, indent: number, columns: number, tone?: Tone): readonly Line[] {
  const [first = '', ...rest] = wrapFrom(text, columns - indent, columns - indent - 2);
  const line = (blanks: number, part: string): Line => [
    { text: ' '.repeat(blanks) },
    tone === undefined ? { text: part } : { text: part, tone },
  ];
  return [line(indent, first), ...rest.map((part) => line(indent + 2, part))];
}

/** Wraps with different widths for the first line and the others. */
function wrapFrom(text: string, first: number, others: number): readonly string[] {
  const [head = ''] = wrap(text, first);
  const rest = text.slice(head.length).trimStart();
  return rest === '' ? [head] : [head, ...wrap(rest, others)];
}

/** An entry of a definition list: `label` in its own column, `text` wrapped beside it. */
export function entry(label: Line, labelColumns: number, text: Span, columns: number): readonly Line[] {
  const used = label.reduce((sum, part) => sum + columnsOf(part.text), 0);
  const gap = ' '.repeat(Math.max(1, labelColumns - used));
  const [first = '', ...rest] = wrap(text.text, columns - Math.max(labelColumns, used + 1));
  return [
    [...label, { text: gap }, { ...text, text: first }],
    ...rest.map((line): Line => [{ text: ' '.repeat(labelColumns) }, { ...text, text: line }]),
  ];
}
