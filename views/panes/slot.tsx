import { type ReactNode, useMemo } from 'react';
import type { Emphasis } from '../theme.ts';
import { Painted } from './painted.tsx';

type SlotProps<Row> = {
  readonly row: Row;
  readonly cursor: boolean;
  readonly emphasis: Emphasis;
  readonly draw: (row: Row, cursor: boolean, emphasis: Emphasis) => string;
};

/** One row as one text; painted again only when the row, its place under the cursor, or the columns are others. */
export function Slot<Row>({ row, cursor, emphasis, draw }: SlotProps<Row>): ReactNode {
  return useMemo(() => <Painted text={draw(row, cursor, emphasis)} />, [row, cursor, emphasis, draw]);
}
