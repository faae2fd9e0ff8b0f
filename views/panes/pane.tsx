import { Box } from 'ink';
import {
  memo,
  type ReactNode,
  type RefObject,
  useCallback,
  useInsertionEffect,
  useMemo,
  useRef,
  useSyncExternalStore,
} from 'react';
import { useStore } from 'zustand';
import {
  type ColumnWishes,
  type PaneId,
  type SessionState,
  type TableId,
  tableOf,
  wishesIn,
} from '../../src/session/session.ts';
import {
  type CellContext,
  type Column,
  type LaidColumn,
  lay,
  layWhole,
  measure,
  type Natural,
  restLines,
  rowLine,
  titleLine,
  widthOf,
  wished,
} from '../columns/columns.ts';
import { innerColumns, innerRows, type PanePlace, scrollTo } from '../layout/layout.ts';
import { type Line, lineFrom, span, wrap } from '../text/text.ts';
import {
  type Emphasis,
  Frame,
  Painted,
  StateLine,
  StateLines,
  TextLine,
  upperEdge,
  useUi,
} from '../ui/ui.ts';
import {
  attemptTable,
  grantTable,
  type Keyed,
  podTable,
  policyTable,
  serviceTable,
  type TableDefinition,
  workloadTable,
} from './definition.ts';
import { emptyText } from './empty.ts';
import { isStale } from './feeds.ts';
import { paneTitle } from './title.ts';

type PaneProps = { readonly place: PanePlace; readonly pane: PaneId; readonly focused: boolean };

/** One pane at its place: its border and title, if it has them, and its table. */
export const Pane = memo(function Pane({ place, pane, focused }: PaneProps): ReactNode {
  const { visibleRows } = useUi();
  const { columns, rows } = place;
  const content = <PaneTable place={place} pane={pane} />;
  if (!place.bordered) {
    return (
      <Box flexDirection="column" width={columns} height={rows}>
        {content}
      </Box>
    );
  }
  const top = (state: SessionState) => {
    const { title, right } = paneTitle(state, pane, visibleRows, columns);
    return upperEdge(title, right, columns, focused);
  };
  return (
    <Frame columns={columns} rows={rows} focused={focused} top={<StateLine draw={top} columns={columns} />}>
      {content}
    </Frame>
  );
});

function PaneTable({ place, pane }: { place: PanePlace; pane: PaneId }): ReactNode {
  const { store, painted } = useUi();
  const looksTheSame = useRef<LooksTheSame>(() => false);
  const rows = useRows(pane, looksTheSame);
  const index = useStore(store, (state) => state.panes[pane].index);
  const table = useStore(store, (state) => tableOf(state, pane));
  const wishes = useStore(store, (state) => wishesIn(state, pane));
  const wide = useStore(store, (state) => state.panes[pane].wide);
  const focused = useStore(store, (state) => state.focus === pane);
  const banded = useStore(store, (state) => state.panes[pane].sort === undefined);
  const stale = useStore(store, (state) => isStale(state, pane));
  // Ink writes the frame before layout effects run.
  useInsertionEffect(() => {
    painted.drawn(pane, { rows, index });
    return () => painted.drawn(pane, undefined);
  }, [painted, pane, rows, index]);
  if (rows.length === 0) {
    const width = innerColumns(place);
    const draw = (state: SessionState) => {
      const { text, tone } = emptyText(state, pane);
      return wrap(text, width - 3).map((part): Line => [span('  '), span(part, tone)]);
    };
    return <StateLines draw={draw} columns={width} rows={innerRows(place)} />;
  }
  return drawTable(table, {
    pane,
    wishes,
    wide,
    rows,
    index,
    focused,
    looksTheSame,
    width: innerColumns(place),
    height: innerRows(place),
    banded,
    stale,
  });
}

/** Whether a later list of rows looks like the one on the screen. */
type LooksTheSame = (later: readonly Keyed[]) => boolean;

/** The rows of a pane: rendered anew when one of those on the screen changes, or their number, and for no other. */
function useRows(pane: PaneId, looksTheSame: RefObject<LooksTheSame>): readonly Keyed[] {
  const { store, visibleRows, painted } = useUi();
  const drawn = useRef<{ rows: readonly Keyed[]; version: number }>({ rows: [], version: 0 });
  const subscribe = useCallback(
    (notify: () => void) => {
      const look = () => {
        const later = visibleRows(store.getState(), pane);
        if (later === drawn.current.rows) return;
        if (looksTheSame.current(later)) {
          drawn.current.rows = later;
          painted.unseen(pane, later);
        } else {
          drawn.current.version++;
          notify();
        }
      };
      look();
      return store.subscribe(look);
    },
    [store, visibleRows, painted, pane, looksTheSame],
  );
  useSyncExternalStore(subscribe, () => drawn.current.version);
  const rows = visibleRows(store.getState(), pane);
  useInsertionEffect(() => {
    drawn.current.rows = rows;
  }, [rows]);
  return rows;
}

function drawTable(table: TableId, props: Omit<Parameters<typeof Table>[0], 'definition'>): ReactNode {
  switch (table) {
    case 'pods':
      return <Table key={table} definition={podTable} {...props} />;
    case 'workloads':
      return <Table key={table} definition={workloadTable} {...props} />;
    case 'services':
      return <Table key={table} definition={serviceTable} {...props} />;
    case 'policies':
      return <Table key={table} definition={policyTable} {...props} />;
    case 'attempts':
      return <Table key={table} definition={attemptTable} {...props} />;
    case 'grants':
      return <Table key={table} definition={grantTable} {...props} />;
  }
}

/** The context of the rows on the screen: another object only when time changes one of them. */
function useCellContext<Row extends Keyed>(
  slice: readonly Row[],
  { aging }: TableDefinition<Row>,
): CellContext {
  const { store } = useUi();
  const namespace = useStore(store, ({ cluster }) => cluster.namespace);
  const aged = useStore(store, (state) => {
    const now = wholeSecond(state);
    return aging === undefined ? now : slice.map((row) => aging(row, now)).join(' ');
  });
  // The time is read anew when it changes a row.
  return useMemo(() => {
    const now = wholeSecond(store.getState());
    return namespace === undefined ? { now } : { now, namespace };
  }, [store, namespace, aged]);
}

function wholeSecond({ serverNow }: SessionState): number {
  return Math.floor(serverNow / 1000) * 1000;
}

/** Columns at the left of each row for the cursor. */
const CURSOR = 2;

/** A blank between the last column and the border. */
const MARGIN = 1;

type TableProps<Row extends Keyed> = {
  readonly pane: PaneId;
  readonly definition: TableDefinition<Row>;
  readonly wishes: ColumnWishes;
  /** Set if all columns are shown whole: the cells that are scrolled out at the left. */
  readonly wide: number | undefined;
  readonly rows: readonly Keyed[];
  readonly index: number;
  readonly focused: boolean;
  /** Set to compare with what is drawn. */
  readonly looksTheSame: RefObject<LooksTheSame>;
  readonly width: number;
  readonly height: number;
  /** Whether the rows may be out of date: they are dimmed. */
  readonly stale: boolean;
  /** Whether the rows are in the order of their bands. */
  readonly banded: boolean;
};

/**
 * Only the visible rows are mounted, so the cost does not grow with the list (TERM-6). Slots are keyed by their place,
 * so streaming rows change texts but never the tree.
 */
function Table<Row extends Keyed>(props: TableProps<Row>): ReactNode {
  const { pane, definition, wishes, wide, rows, index, focused } = props;
  const { looksTheSame, width, height, banded, stale } = props;
  const { theme, painted } = useUi();
  const offset = useRef(0);
  const isWide = wide !== undefined;
  const two = definition.second !== undefined && !isWide && 2 * rows.length <= height;
  const room = two ? Math.floor(height / 2) : height - 1;
  const endOf = (list: readonly Keyed[]) => (banded ? (definition.bandEnd?.(list) ?? 0) : 0);
  const end = endOf(rows);
  offset.current = scrollTo(offset.current, index, end === 0 ? room : room - 1, rows.length);
  const ruled = end > offset.current && end < offset.current + room;
  const shown = ruled ? room - 1 : room;
  const slice = rows.slice(offset.current, offset.current + shown).filter(definition.isRow);
  const from = offset.current;
  const context = useCellContext(slice, definition);
  useInsertionEffect(() => {
    looksTheSame.current = (later) =>
      later.length === rows.length &&
      endOf(later) === end &&
      slice.every((row, place) => row === later[from + place]);
  });
  const all = definition.columns(context.namespace === undefined);
  const columns = useMemo(() => {
    if (isWide) return all;
    const covered = two ? (definition.inSecond ?? []) : [];
    return wished(all, wishes).filter(({ id }) => !covered.includes(id) || wishes[id] === true);
  }, [all, isWide, wishes, two, definition]);
  const cells = width - CURSOR - MARGIN;
  const laid = useLaidColumns(columns, slice, context, cells, isWide);
  const hidden = isWide ? Math.max(0, widthOf(laid) - cells) : 0;
  const left = Math.min(hidden, wide ?? 0);
  useInsertionEffect(() => {
    const below = two ? (definition.inSecond ?? []) : [];
    const sideways = { max: hidden, page: Math.floor(cells / 2) };
    painted.laid(pane, [...laid.map(({ column }) => column.id), ...below], sideways);
    return () => painted.laid(pane, undefined);
  }, [painted, pane, laid, hidden, cells, two, definition]);

  const lines = slice.length * (two ? 2 : 1) + (two ? 0 : 1) + (ruled ? 1 : 0);
  const spare = slice.length === rows.length ? height - lines : 0;
  const wraps = !isWide && spare > 0 && hasRest(slice, laid, context, spare);

  const draw = useCallback(
    (row: Row, cursor: boolean, emphasis: Emphasis): string => {
      const lead = span(cursor ? '▸ ' : '  ', 'strong');
      const dimmed = (line: Line): Line => (stale ? line.map(({ text }) => span(text, 'faint')) : line);
      const line = rowLine(laid, row, context, wraps);
      const shown = isWide ? lineFrom(line, left, cells) : line;
      const first = theme.paintShort([lead, ...dimmed(shown)], width, emphasis);
      const below = [
        ...(wraps ? restLines(laid, row, context) : []),
        ...(two && definition.second !== undefined ? [definition.second(row)] : []),
      ];
      return [first, ...below.map((line) => theme.paintShort([span('  '), ...dimmed(line)], width))].join(
        '\n',
      );
    },
    [theme, laid, context, width, two, wraps, stale, definition, isWide, left, cells],
  );

  useInsertionEffect(() => {
    const linesOf = (row: Row) => (two ? 2 : 1) + (wraps ? restLines(laid, row, context).length : 0);
    painted.lined(pane, (line) => {
      let below = two ? 0 : 1;
      if (line < below) return undefined;
      for (const [place, row] of slice.entries()) {
        if (ruled && from + place === end && line === below++) return undefined;
        below += linesOf(row);
        if (line < below) return row.key;
      }
      return undefined;
    });
    return () => painted.lined(pane, undefined);
  });

  const titles = isWide ? lineFrom(titleLine(laid), left, cells) : titleLine(laid);
  return (
    <>
      {two ? null : <TextLine line={[span('  '), ...titles]} columns={width} />}
      {slice.map((row, place) => {
        const at = offset.current + place;
        const cursor = focused && at === index;
        const changed = definition.changed(row, context) ? 'bold' : 'none';
        const emphasis = cursor ? 'inverse' : changed;
        // A slot is identified by its place on the screen, whatever row is in it.
        const slot = <Slot key={place} row={row} cursor={cursor} emphasis={emphasis} draw={draw} />;
        return ruled && at === end ? [<Rule key="rule" width={width} />, slot] : slot;
      })}
    </>
  );
}

/** Whether texts are cut that fit on the free lines. */
function hasRest<Row>(
  rows: readonly Row[],
  laid: readonly LaidColumn<Row>[],
  context: CellContext,
  spare: number,
): boolean {
  const wanted = rows.reduce((sum, row) => sum + restLines(laid, row, context).length, 0);
  return wanted > 0 && wanted <= spare;
}

/** A thin line between two bands of rows. */
function Rule({ width }: { width: number }): ReactNode {
  return <TextLine line={[span(`  ${'─'.repeat(width - 3)}`, 'faint')]} columns={width} />;
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

type Longest<Row> = {
  readonly columns: readonly Column<Row>[];
  readonly view: string;
  readonly seen: WeakSet<Keyed>;
  readonly natural: Natural;
  version: number;
};

/**
 * Columns with their widths. They grow with the longest cell shown so far and don't shrink until the columns, the width
 * or the namespace change, so that nothing jumps while rows stream. Each row is measured once.
 */
function useLaidColumns<Row extends Keyed>(
  columns: readonly Column<Row>[],
  slice: readonly Row[],
  context: CellContext,
  width: number,
  isWide: boolean,
): readonly LaidColumn<Row>[] {
  const longest = useRef<Longest<Row> | undefined>(undefined);
  const view = `${width} ${context.namespace ?? ''}`;
  if (longest.current?.columns !== columns || longest.current.view !== view) {
    longest.current = {
      columns,
      view,
      seen: new WeakSet(),
      natural: { least: new Map(), full: new Map() },
      version: 0,
    };
  }
  const known = longest.current;
  for (const row of slice) {
    if (known.seen.has(row)) continue;
    known.seen.add(row);
    if (measure(columns, row, context, known.natural)) known.version++;
  }
  const { version } = known;
  // The maps are mutated in place; `version` changes with them.
  return useMemo(
    () => (isWide ? layWhole(columns, known.natural) : lay(columns, known.natural, width)),
    [columns, known, version, width, isWide],
  );
}
