import type { Commands, GrantForm, Overlay, PaneId, SessionState } from '../../src/session/session.ts';

/** Where a key is bound: the open overlay, or the focused pane if there is none. */
export type Scope = PaneId | Exclude<Overlay['type'], 'none'>;

export const PANES: readonly PaneId[] = ['pods', 'policies', 'attempts', 'grants'];

/** Overlays that hold a text field: a printable key without a binding is typed into it. */
export const TEXT_SCOPES: readonly Scope[] = ['grant', 'extend', 'pick', 'command', 'filter'];

/** Overlays that are read, and scroll. */
export const READ_SCOPES: readonly Scope[] = ['help', 'explain', 'detail'];

/** What a command needs to know about the screen: page size, scroll range, visible rows. */
export type ViewFacts = {
  readonly page: number;
  readonly scroll: number;
  readonly scrollMax: number;
  /** Key of the row `below` places below the cursor, clamped to the first and last; undefined if there are no rows. */
  readonly rowAt: (below: number) => string | undefined;
  /** The grant form as the screen shows it. */
  readonly form?: GrantForm;
};

/** What keys can do: the session's commands, plus what needs the terminal. */
export type Actions = Commands & {
  readonly copy: () => void;
  readonly redraw: () => void;
  readonly suspend: () => void;
};

/**
 * One key binding, used by dispatch, key hints and help. `keys` are names from `press.ts` (`j`, `ctrl-f`, `shift-tab`,
 * `enter`). `when` limits the binding to some states; `disabled` says why it is unavailable. `footer`: order in the key
 * hints, lowest first. `dark`: the hints show it even if it is unavailable, with the reason. `onRow`: acts on the row
 * that the screen shows under the cursor.
 */
export type Binding = {
  readonly id: string;
  readonly keys: readonly string[];
  readonly scopes: readonly Scope[];
  readonly title: string;
  readonly hint?: (state: SessionState) => string | undefined;
  readonly footer?: number;
  readonly dark?: true;
  readonly onRow?: true;
  readonly when?: (state: SessionState) => boolean;
  readonly disabled?: (state: SessionState) => string | undefined;
  readonly run: (commands: Actions, state: SessionState, facts: ViewFacts) => void;
};

/** The scope that currently receives keys. */
export function scopeOf(state: SessionState): Scope {
  return state.overlay.type === 'none' ? state.focus : state.overlay.type;
}
