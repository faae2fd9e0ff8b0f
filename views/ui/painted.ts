import type { StoreApi } from 'zustand/vanilla';
import type { GrantField, GrantForm, PaneId, SessionState, VisibleRows } from '../../src/session/session.ts';
import { PANES, type Sideways } from '../keys/keys.ts';

/** The rows of a pane, and the index of its cursor. */
export type PaintedRows = { readonly rows: readonly { readonly key: string }[]; readonly index: number };

/** What a click on a line of a panel chooses: an item of its list by its name, or a field. */
export type Target =
  | { readonly type: 'item'; readonly name: string }
  | { readonly type: 'field'; readonly field: GrantField };

/** The key of the row on a line inside a pane's border, counted from 0. */
export type RowAt = (line: number) => string | undefined;

/**
 * The panes and the grant form as the terminal shows them. The state may be ahead of the last frame, so a key that acts
 * on a row takes the row that the user saw from here, and one that grants compares the plan.
 */
export type Painted = {
  /** What a pane shows; for a pane that isn't drawn, what the state has. */
  readonly at: (pane: PaneId) => PaintedRows;
  /** The key of the row on a line of a pane, as the terminal shows it; undefined for a title, a rule or no row. */
  readonly rowAt: (pane: PaneId, line: number) => string | undefined;
  /** What the lines of a drawn pane show; undefined if it shows no rows. */
  readonly lined: (pane: PaneId, rowAt: RowAt | undefined) => void;
  /** A pane is part of the next frame; undefined if it no longer is. */
  readonly drawn: (pane: PaneId, rows: PaintedRows | undefined) => void;
  /** A drawn pane has other rows now, none of which is on the screen: no frame will tell. */
  readonly unseen: (pane: PaneId, rows: PaintedRows['rows']) => void;
  /** The columns that a pane's table has room for; undefined if it is no longer drawn. */
  readonly laid: (pane: PaneId, columns: readonly string[] | undefined, sideways?: Sideways) => void;
  /** How far a pane's rows can be scrolled to the side. */
  readonly sideways: (pane: PaneId) => Sideways;
  /** The ids of those columns; undefined for a pane that isn't drawn. */
  readonly columns: (pane: PaneId) => readonly string[] | undefined;
  /** Whether a column is among them; of a pane that isn't drawn, all are. */
  readonly hasColumn: (pane: PaneId, column: string) => boolean;
  /** What a line inside the border of the open panel stands for. */
  readonly targetAt: (line: number) => Target | undefined;
  /** What the lines of the panel in the next frame stand for. */
  readonly drawnTargets: (targets: readonly (Target | undefined)[]) => void;
  /** The grant form; undefined if none is open. */
  readonly form: () => GrantForm | undefined;
  /** A form is part of the next frame, or none is. */
  readonly drawnForm: (form: GrantForm | undefined) => void;
  /** The frame is on the terminal. */
  readonly written: () => void;
  /** Runs the action of a key: the next key, which may come before the next frame, sees the cursor where it left it. */
  readonly press: (act: () => void) => void;
};

const STILL: Sideways = { max: 0, page: 0 };

/** Starts with nothing painted. */
export function createPainted(store: StoreApi<SessionState>, visibleRows: VisibleRows): Painted {
  const next = new Map<PaneId, PaintedRows>();
  const shown = new Map<PaneId, PaintedRows>();
  const nextLines = new Map<PaneId, RowAt>();
  const shownLines = new Map<PaneId, RowAt>();
  const columns = new Map<PaneId, readonly string[]>();
  const sideways = new Map<PaneId, Sideways>();
  let nextTargets: readonly (Target | undefined)[] = [];
  let shownTargets = nextTargets;
  let nextForm: GrantForm | undefined;
  let shownForm: GrantForm | undefined;

  const look = (pane: PaneId) => {
    const state = store.getState();
    return { rows: visibleRows(state, pane), cursor: state.panes[pane] };
  };
  const put = (pane: PaneId, painted: PaintedRows | undefined) => {
    for (const map of [next, shown]) {
      if (painted === undefined) map.delete(pane);
      else map.set(pane, painted);
    }
  };

  return {
    at: (pane) => {
      const { rows, cursor } = look(pane);
      return shown.get(pane) ?? { rows, index: cursor.index };
    },
    rowAt: (pane, line) => shownLines.get(pane)?.(line),
    lined: (pane, rowAt) => {
      if (rowAt === undefined) nextLines.delete(pane);
      else nextLines.set(pane, rowAt);
    },
    drawn: (pane, rows) => {
      if (rows === undefined) next.delete(pane);
      else next.set(pane, rows);
    },
    unseen: (pane, rows) => {
      const drawn = next.get(pane);
      if (drawn === undefined) return;
      const isShown = shown.get(pane) === drawn;
      next.set(pane, { ...drawn, rows });
      if (isShown) shown.set(pane, next.get(pane) ?? drawn);
    },
    laid: (pane, ids, scrolls = STILL) => {
      sideways.set(pane, scrolls);
      if (ids === undefined) columns.delete(pane);
      else columns.set(pane, ids);
    },
    sideways: (pane) => sideways.get(pane) ?? STILL,
    columns: (pane) => columns.get(pane),
    hasColumn: (pane, column) => columns.get(pane)?.includes(column) ?? true,
    targetAt: (line) => shownTargets[line],
    drawnTargets: (targets) => {
      nextTargets = targets;
    },
    form: () => shownForm,
    drawnForm: (form) => {
      nextForm = form;
    },
    written: () => {
      shownForm = nextForm;
      shownTargets = nextTargets;
      shown.clear();
      shownLines.clear();
      for (const [pane, rows] of next) shown.set(pane, rows);
      for (const [pane, rowAt] of nextLines) shownLines.set(pane, rowAt);
    },
    press: (act) => {
      const before = PANES.map((pane) => ({ pane, ...look(pane) }));
      act();
      for (const { pane, rows, cursor } of before) {
        const after = look(pane);
        // If the key itself changed the rows, the state is right.
        if (after.rows !== rows) put(pane, undefined);
        else if (after.cursor !== cursor) put(pane, movedTo(rows[after.cursor.index]?.key, shown.get(pane)));
      }
    },
  };
}

/** The same rows with the cursor on another one; undefined if that row was not among them. */
function movedTo(key: string | undefined, painted: PaintedRows | undefined): PaintedRows | undefined {
  const index = painted?.rows.findIndex((row) => row.key === key) ?? -1;
  return painted === undefined || index < 0 ? undefined : { rows: painted.rows, index };
}
