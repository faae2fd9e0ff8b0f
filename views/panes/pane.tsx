import { Box } from 'ink';
import { memo, type ReactNode, useCallback, useInsertionEffect, useMemo, useRef } from 'react';
import { useStore } from 'zustand';
import type { PaneId, SessionState } from '../../src/session/session.ts';
import { type CellContext, type LaidColumn, lay, measure, rowLine, titleLine } from '../columns/columns.ts';
import { innerColumns, innerRows, type PanePlace, scrollTo } from '../layout/layout.ts';
import { span } from '../text/text.ts';
import { type Emphasis, Frame, Painted, StateLine, TextLine, upperEdge, useUi } from '../ui/ui.ts';
import {
  attemptTable,
  grantTable,
  type Keyed,
  podTable,
  policyTable,
  type TableDefinition,
} from './definition.ts';
import { emptyText } from './empty.ts';
import { paneTitle } from './title.ts';

type PaneProps = { readonly place: PanePlace; readonly focused: boolean };

/** One pane at its place: its border and title, if it has them, and its table. */
export const Pane = memo(function Pane({ place, focused }: PaneProps): ReactNode {
  const { visibleRows } = useUi();
  const { pane, columns, rows } = place;
  const content = <PaneTable place={place} />;
  if (!place.bordered) {
    return (
      <Box flexDirection="column" width={columns} height={rows}>
        {content}
      </Box>
    );
  }
  const top = (state: SessionState) => {
    const { title, right } = paneTitle(state, pane, visibleRows);
    return upperEdge(title, right, columns, focused);
  };
  return (
    <Frame columns={columns} rows={rows} focused={focused} top={<StateLine draw={top} columns={columns} />}>
      {content}
    </Frame>
  );
});

function PaneTable({ place }: { place: PanePlace }): ReactNode {
  const { store, visibleRows, painted } = useUi();
  const state = useStore(store);
  const context = useCellContext(state);
  const { pane } = place;
  const rows = visibleRows(state, pane);
  const { index } = state.panes[pane];
  // Ink writes the frame before layout effects run.
  useInsertionEffect(() => {
    painted.drawn(pane, { rows, index });
    return () => painted.drawn(pane, undefined);
  }, [painted, pane, rows, index]);
  if (rows.length === 0) {
    return <TextLine line={[span('  '), emptyText(state, pane)]} columns={innerColumns(place)} />;
  }
  return tableOf(pane, {
    rows,
    index,
    focused: state.focus === pane,
    width: innerColumns(place),
    height: innerRows(place),
    context,
  });
}

function tableOf(pane: PaneId, props: Omit<Parameters<typeof Table>[0], 'definition'>): ReactNode {
  switch (pane) {
    case 'pods':
      return <Table key={pane} definition={podTable} {...props} />;
    case 'policies':
      return <Table key={pane} definition={policyTable} {...props} />;
    case 'attempts':
      return <Table key={pane} definition={attemptTable} {...props} />;
    case 'grants':
      return <Table key={pane} definition={grantTable} {...props} />;
  }
}

/** Ages are whole seconds, so the context stays the same object between ticks and unchanged rows don't re-render. */
function useCellContext({ serverNow, cluster }: SessionState): CellContext {
  const now = Math.floor(serverNow / 1000) * 1000;
  const { namespace } = cluster;
  return useMemo(() => (namespace === undefined ? { now } : { now, namespace }), [now, namespace]);
}

/** Columns at the left of each row for the cursor. */
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
 * Only the visible rows are mounted, so the cost does not grow with the list (TERM-6). Slots are keyed by their place,
 * so streaming rows change texts but never the tree.
 */
function Table<Row extends Keyed>(props: TableProps<Row>): ReactNode {
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
        const cursor = focused && offset.current + place === index;
        const changed = definition.changed(row, context) ? 'bold' : 'none';
        const emphasis = cursor ? 'inverse' : changed;
        // A slot is identified by its place on the screen, whatever row is in it.
        return <Slot key={place} row={row} cursor={cursor} emphasis={emphasis} draw={draw} />;
      })}
    </>
  );
}

type SlotProps<Row> = {
  readonly row: Row;
  readonly cursor: boolean;
  readonly emphasis: Emphasis;
  readonly draw: (row: Row, cursor: boolean, emphasis: Emphasis) => string;
};

/** One row as one text; re-rendered only when the row, its emphasis or the columns change. */
function Slot<Row>({ row, cursor, emphasis, draw }: SlotProps<Row>): ReactNode {
  return useMemo(() => <Painted text={draw(row, cursor, emphasis)} />, [row, cursor, emphasis, draw]);
}

type Longest = {
  readonly view: string;
  readonly seen: WeakSet<Keyed>;
  readonly columns: Map<string, number>;
  version: number;
};

/**
 * The columns of a table with their widths. They grow with the longest cell shown so far and don't shrink until the
 * width or namespace changes, so that nothing jumps while rows stream. Each row is measured once.
 */
function useLaidColumns<Row extends Keyed>(
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
  // The map is mutated in place; `version` changes with it.
  return useMemo(() => lay(columns, known.columns, width), [columns, known, version, width]);
}
