import { columnsOf, entry, type Line, type Span, span, type Tone, wrap } from '../text/text.ts';

/** A label and its text; `apart` puts an empty line before it. */
export type Item = { readonly label: Span; readonly text: Span; readonly apart?: boolean };

const NARROWEST = 20;

/** The column in which texts start: after the longest label, but within the left 40% of the width. */
export function labelColumns(labels: readonly string[], columns: number): number {
  const longest = Math.max(NARROWEST, ...labels.map((label) => columnsOf(label) + 2));
  return Math.min(Math.floor(columns * 0.4), longest);
}

/** One item; a text that is too long wraps in its column. */
export function itemLines({ label, text, apart }: Item, labels: number, columns: number): readonly Line[] {
  return [...(apart === true ? [[]] : []), ...entry([label], labels, text, columns)];
}

/** Items as lines, with all texts aligned in one column. */
export function layItems(items: readonly Item[], columns: number): readonly Line[] {
  const labels = labelColumns(
    items.map(({ label }) => label.text),
    columns,
  );
  return items.flatMap((item) => itemLines(item, labels, columns));
}

/** A line of YAML; one that is too long wraps at its own indentation. */
export function indented(line: string, columns: number, tone?: Tone): readonly Line[] {
  const indent = /^ */.exec(line)?.[0] ?? '';
  const room = Math.max(20, columns - indent.length);
  return wrap(line.slice(indent.length), room).map((text): Line => [span(indent + text, tone)]);
}
