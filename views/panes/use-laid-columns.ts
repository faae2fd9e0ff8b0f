import { useMemo, useRef } from 'react';
import type { CellContext, LaidColumn } from '../columns/column.ts';
import { lay, measure } from '../columns/lay.ts';
import type { Keyed, TableDefinition } from './definition.ts';

type Longest = {
  readonly view: string;
  readonly seen: WeakSet<Keyed>;
  readonly columns: Map<string, number>;
  version: number;
};

/**
 * The columns of a table with their widths. They grow with the longest cell shown so far and don't shrink until the
 * view changes (another width or namespace), so that nothing jumps while rows stream. A row is measured once.
 */
export function useLaidColumns<Row extends Keyed>(
  definition: TableDefinition<Row>,
  slice: readonly Row[],
  context: CellContext,
  width: number,
  two: boolean,
): readonly LaidColumn<Row>[] {
  const longest = useRef<Longest | undefined>(undefined);
  const all = definition.columns(context.namespace === undefined);
  const columns = useMemo(
    () => (two ? all.filter(({ id }) => !definition.inSecond?.includes(id)) : all),
    [all, two, definition],
  );
  const view = `${width} ${context.namespace ?? ''} ${two}`;
  if (longest.current?.view !== view) {
    longest.current = { view, seen: new WeakSet(), columns: new Map(), version: 0 };
  }
  const known = longest.current;
  for (const row of slice) {
    if (known.seen.has(row)) continue;
    known.seen.add(row);
    if (measure(columns, row, context, known.columns)) known.version++;
  }
  const { version } = known;
  // The map grows in place; its version says when.
  return useMemo(() => lay(columns, known.columns, width), [columns, known, version, width]);
}
