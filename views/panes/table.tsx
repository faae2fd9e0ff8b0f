import { type ReactNode, useCallback, useRef } from 'react';
import type { CellContext } from '../columns/column.ts';
import { rowLine, titleLine } from '../columns/lay.ts';
import { scrollTo } from '../layout/scroll.ts';
import { span } from '../text/span.ts';
import type { Emphasis } from '../theme.ts';
import { useUi } from '../ui-context.ts';
import type { Keyed, TableDefinition } from './definition.ts';
import { Slot } from './slot.tsx';
import { TextLine } from './text-line.tsx';
import { useLaidColumns } from './use-laid-columns.ts';

/** Blanks at the left of each row, where the cursor stands. */
const CURSOR = 2;

/** A blank between the last column and the border. */
const MARGIN = 1;

type TableProps<Row extends Keyed> = {
  readonly definition: TableDefinition<Row>;
  readonly rows: readonly Keyed[];
  readonly index: number;
  readonly focused: boolean;
  readonly width: number;
  readonly height: number;
  readonly context: CellContext;
};

/**
 * The rows around the cursor, and nothing else, are mounted: cost does not grow with the list (TERM-6). Slots are keyed
 * by their place, so streaming rows change texts and never the tree.
 */
export function Table<Row extends Keyed>(props: TableProps<Row>): ReactNode {
  const { definition, rows, index, focused, width, height, context } = props;
  const { theme } = useUi();
  const offset = useRef(0);
  const two = definition.second !== undefined && 2 * rows.length <= height;
  const shown = two ? Math.floor(height / 2) : height - 1;
  offset.current = scrollTo(offset.current, index, shown, rows.length);
  const slice = rows.slice(offset.current, offset.current + shown).filter(definition.isRow);
  const laid = useLaidColumns(definition, slice, context, width - CURSOR - MARGIN, two);

  const draw = useCallback(
    (row: Row, cursor: boolean, emphasis: Emphasis): string => {
      const lead = span(cursor ? '▸ ' : '  ', 'strong');
      const first = theme.paintShort([lead, ...rowLine(laid, row, context)], width, emphasis);
      if (!two || definition.second === undefined) return first;
      return `${first}\n${theme.paintShort([span('  '), ...definition.second(row)], width)}`;
    },
    [theme, laid, context, width, two, definition],
  );

  return (
    <>
      {two ? null : <TextLine line={[span('  '), ...titleLine(laid)]} columns={width} />}
      {slice.map((row, place) => {
        const cursor = offset.current + place === index;
        const changed = definition.changed(row, context) ? 'bold' : 'none';
        const emphasis = cursor && focused ? 'inverse' : changed;
        // A slot is its place on the screen, whatever row is in it.
        return <Slot key={place} row={row} cursor={cursor} emphasis={emphasis} draw={draw} />;
      })}
    </>
  );
}
