import type { Commands, Overlay, PaneId, SessionState } from '../../src/session/session.ts';

/** Where a key means something: a pane while nothing lies over it, else what lies over. */
export type Scope = PaneId | Exclude<Overlay['type'], 'none'>;

export const PANES: readonly PaneId[] = ['pods', 'policies', 'attempts', 'grants'];

/** Overlays that hold a text field: a printable key without a binding is typed into it. */
export const TEXT_SCOPES: readonly Scope[] = ['grant', 'extend', 'pick', 'command', 'filter'];

/** Overlays that are read, and scroll. */
export const READ_SCOPES: readonly Scope[] = ['help', 'explain', 'detail'];

/** What a command needs from the screen: how much a page is, how far the open text can scroll, which rows it shows. */
export type ViewFacts = {
  readonly page: number;
  readonly scroll: number;
  readonly scrollMax: number;
  /** Key of the row so many places below the cursor, or of the last one there is; undefined: there are no rows. */
  readonly rowAt: (below: number) => string | undefined;
};

/** What keys can do: the session's commands, and what only the terminal can. */
export type Actions = Commands & {
  readonly copy: () => void;
  readonly redraw: () => void;
  readonly suspend: () => void;
};

/**
 * One key and all that is known of it: dispatch, key hints, help and the README's table come from this.
 * `keys` are names as `press.ts` gives them (`j`, `ctrl-f`, `shift-tab`, `enter`). `when` makes the binding exist
 * only in some states; `disabled` says why it can't be used now. `footer`: shown in the key hint, lowest first.
 * `onRow`: it acts on the row under the cursor, which is the one that the screen shows there.
 */
export type Binding = {
  readonly id: string;
  readonly keys: readonly string[];
  readonly scopes: readonly Scope[];
  readonly title: string;
  readonly hint?: (state: SessionState) => string;
  readonly footer?: number;
  readonly onRow?: true;
  readonly when?: (state: SessionState) => boolean;
  readonly disabled?: (state: SessionState) => string | undefined;
  readonly run: (commands: Actions, state: SessionState, facts: ViewFacts) => void;
};

/** The scope that keys go to now. */
export function scopeOf(state: SessionState): Scope {
  return state.overlay.type === 'none' ? state.focus : state.overlay.type;
}
