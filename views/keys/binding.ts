import type {
  Commands,
  Copyable,
  GrantForm,
  PaneId,
  Place,
  SessionState,
} from '../../src/session/session.ts';

/** Where a key is bound: the open overlay, or the focused pane if there is none, or the search being typed. */
export type Scope = Place | 'search';

export const PANES: readonly PaneId[] = ['pods', 'policies', 'attempts', 'grants'];

/** Overlays that hold a text field: a printable key without a binding is typed into it. */
export const TEXT_SCOPES: readonly Scope[] = [
  'grant',
  'extend',
  'refuse',
  'pick',
  'command',
  'filter',
  'search',
];

/** Overlays that are read, searched, and scroll. */
export const READ_SCOPES: readonly Scope[] = ['help', 'explain', 'detail', 'review', 'messages', 'log'];

/** How far the rows of a pane can be scrolled to the side: at most, and at once; in cells. */
export type Sideways = { readonly max: number; readonly page: number };

/** What a command needs to know about the screen: page size, scroll range, visible rows. */
export type ViewFacts = {
  readonly page: number;
  readonly scroll: number;
  readonly scrollMax: number;
  /** The line of each match of the search, in order. */
  readonly matches: readonly number[];
  /** Key of the row `below` places below the cursor, clamped to the first and last; undefined if there are no rows. */
  readonly rowAt: (below: number) => string | undefined;
  /** How many cells of the focused pane, if it is wide, have no room, and how many to scroll at once. */
  readonly sideways: Sideways;
  /** Whether the focused pane has room for a column. */
  readonly hasColumn: (id: string) => boolean;
  /** The grant form as the screen shows it. */
  readonly form?: GrantForm;
};

/** What keys can do: the session's commands, plus what needs the terminal. */
export type Actions = Commands & {
  readonly copy: (one?: Copyable) => void;
  readonly redraw: () => void;
  readonly suspend: () => void;
  /** Gives the terminal to the credential plug-in that a login waits for. */
  readonly login: () => void;
  /** Runs the chosen item of the palette, or else the typed line. */
  readonly runChosen: () => void;
  /** Moves in the palette's list. */
  readonly chooseNext: (step: 1 | -1) => void;
  /** Completes the typed command with the chosen one, or chooses the next item. */
  readonly completeChosen: () => void;
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
  readonly footer?: number | ((state: SessionState) => number);
  readonly dark?: true;
  readonly onRow?: true;
  readonly when?: (state: SessionState) => boolean;
  readonly disabled?: (state: SessionState) => string | undefined;
  readonly run: (commands: Actions, state: SessionState, facts: ViewFacts) => void;
};

/** The scope that currently receives keys. */
export function scopeOf({ overlay, focus }: SessionState): Scope {
  if ('scroll' in overlay && overlay.search?.typing === true) return 'search';
  return overlay.type === 'none' ? focus : overlay.type;
}
