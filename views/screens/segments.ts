import { fitLine, lineColumns } from '../text/fit.ts';
import type { Line, Span } from '../text/span.ts';

/** A part of a one-line bar; those with the highest `drop` go first when there is no room. */
export type Segment = { readonly line: Line; readonly drop: number };

/** Segments side by side in `columns`, `gap` blanks between, `right` at the right edge. */
export function segmentLine(segments: readonly Segment[], right: Line, columns: number, gap: number): Line {
  let shown = segments.filter(({ line }) => line.length > 0);
  const rightColumns = lineColumns(right) + (right.length > 0 ? gap : 0);
  while (shown.length > 1 && spaceOf(shown, gap) + rightColumns > columns) {
    const worst = Math.max(...shown.map(({ drop }) => drop));
    shown = shown.toSpliced(
      shown.findLastIndex(({ drop }) => drop === worst),
      1,
    );
  }
  const blank: Span = { text: ' '.repeat(gap) };
  const left = shown.flatMap(({ line }, index) => (index === 0 ? line : [blank, ...line]));
  return [...fitLine(left, Math.max(0, columns - lineColumns(right))), ...right];
}

function spaceOf(segments: readonly Segment[], gap: number): number {
  return segments.reduce((sum, { line }) => sum + lineColumns(line) + gap, -gap);
}
