import { columnsOf } from '../../text/fit.ts';
import type { Line, Span } from '../../text/span.ts';
import { entry } from '../../text/wrap.ts';

/** A label and what is said about it; `apart`: an empty line comes before. */
export type Item = { readonly label: Span; readonly text: Span; readonly apart?: boolean };

const NARROWEST = 20;

/** Items as lines, all texts starting in one column; texts that are too long wrap there. */
export function layItems(items: readonly Item[], columns: number): readonly Line[] {
  const longest = Math.max(NARROWEST, ...items.map(({ label }) => columnsOf(label.text) + 2));
  const width = Math.min(Math.floor(columns * 0.4), longest);
  return items.flatMap(({ label, text, apart }) => [
    ...(apart === true ? [[]] : []),
    ...entry([label], width, text, columns),
  ]);
}
