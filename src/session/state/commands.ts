import type { Bookmark } from '../runtime/runtime.ts';
import type {
  Copyable,
  GrantField,
  Listed,
  PaletteTarget,
  PaneId,
  SessionState,
  Sort,
} from './session-state.ts';
import type { TextEdit } from './text-field.ts';

/**
 * Everything a key can do; views dispatch nothing else. Each command updates the store immediately; effects (calls to
 * the cluster) run in the background and show up in the state. Commands don't throw: failures become notices.
 */
export type Commands = {
  readonly focus: (pane: PaneId) => void;
  /** Goes to the first pane and lists something else in it. */
  readonly list: (what: Listed) => void;
  readonly focusNext: (step: 1 | -1) => void;
  readonly zoom: () => void;
  /** Shows all columns of the focused pane whole, or those that fit. */
  readonly widen: () => void;
  /** In a wide pane, shows its rows from a cell on. */
  readonly scrollSideways: (to: number) => void;
  /** Scrolls the open form, or moves the cursor in the open list. */
  readonly move: (by: number) => void;
  /** Shows the open text from a line on. */
  readonly scrollTo: (line: number) => void;
  /** Begins to search the open text. */
  readonly openSearch: () => void;
  /** Goes to a match of the search, counted from 0, with the text shown from a line on. */
  readonly searchAt: (match: number, line: number) => void;
  /**
   * Puts the cursor of the focused pane on a row, and keeps it there wherever the row moves; undefined means the first
   * row (in attempts, the newest). Returns whether the row still exists.
   */
  readonly moveTo: (key: string | undefined) => boolean;
  /** Shows only the rows of a pane that have to do with the row under the cursor. */
  readonly drill: (pane: PaneId) => void;
  /** Shows what could reach the pod under the cursor, as policies are now. */
  readonly openReach: () => void;
  /** Shows the last attempts of the row under the cursor, one by one. */
  readonly openAttempts: () => void;
  /** Shows what happened to the grant under the cursor, and when. */
  readonly openHistory: () => void;
  /** Goes back to the view before the last drill, and forward again. */
  readonly historyBack: () => void;
  readonly historyForward: () => void;
  /** Shows the columns of the focused table, to choose from. */
  readonly openColumns: () => void;
  /** Asks for a column of the focused table, or hides it; kept over sessions. */
  readonly showColumn: (id: string, shown: boolean) => void;
  /** Leaves it to the room which columns of the focused table are shown. */
  readonly resetColumns: () => void;
  readonly sort: (pane: PaneId, sort: Sort | undefined) => void;
  readonly pause: () => void;
  readonly toggleDropsOnly: () => void;
  /** Rows of attempts by workload, then by pod, then one by one. */
  readonly regroup: () => void;
  /** Marks the row under the cursor; on an attempt, its source or destination. */
  readonly markSource: () => void;
  readonly markDestination: () => void;
  readonly clearMarks: () => void;
  /** Keeps the path in view among the bookmarks of this context, or removes it from them. */
  readonly bookmark: () => void;
  readonly openBookmarks: () => void;
  /** Marks a kept pair. */
  readonly markBookmark: (bookmark: Bookmark) => void;
  /** Explains the marked pair, or the row under the cursor. */
  readonly explain: () => void;
  /** Describes the row under the cursor in words, with its YAML. */
  readonly about: () => void;
  /** Shows the YAML of the row under the cursor; of an attempt, that of the policies that decided it. */
  readonly detail: () => void;
  readonly openGrant: () => void;
  readonly openRevoke: () => void;
  readonly openExtend: () => void;
  /** Shows what the request under the cursor asks for, planned anew; confirming approves exactly that. */
  readonly openReview: () => void;
  /** Asks why the request under the cursor is refused. */
  readonly openRefuse: () => void;
  readonly openHelp: () => void;
  readonly openMessages: () => void;
  readonly openLog: () => void;
  /** Shows or hides the manifests in the log. */
  readonly toggleManifests: () => void;
  readonly openCharts: () => void;
  readonly openFilter: () => void;
  readonly openCommand: () => void;
  /** Chooses an item of the palette. */
  readonly choose: (index: number) => void;
  /** Puts a text into the palette's line. */
  readonly complete: (text: string) => void;
  /** Closes everything and goes to what the palette offered. */
  readonly go: (target: PaletteTarget) => void;
  readonly pick: (what: 'context' | 'namespace') => void;
  readonly allNamespaces: () => void;
  /** Goes back one level: overlay, then zoom, then filter, then drill, then marks. Never quits. */
  readonly back: () => void;
  /** Confirms the overlay: goes on in the form or submits it, revokes, applies the filter, picks the item, runs the command. */
  readonly confirm: () => void;
  /** Edits the text of the open overlay. */
  readonly type: (change: TextEdit) => void;
  readonly grantField: (field: GrantField | 1 | -1) => void;
  /** Moves among the choices for the end being typed, takes the chosen one, or closes them. */
  readonly grantChoice: (what: 1 | -1 | 'take' | 'close') => void;
  /** Turns an end from the workload into the one pod that was picked, and back. */
  readonly grantScope: () => void;
  readonly grantPreset: (step: 1 | -1) => void;
  readonly grantYaml: () => void;
  /** Shows a permanent policy for the path, for review in Git. */
  readonly promote: () => void;
  /** Clears a notice that stays until a key is pressed. */
  readonly dismiss: () => void;
  /** What can be copied here, the whole first: the open text, or the row under the cursor and its fields. */
  readonly copyables: () => readonly Copyable[];
  /** Offers the fields of the row under the cursor for copying. */
  readonly pickField: () => void;
  /** Shows a notice; `grant` is the id of the grant that it speaks of, which `+` then extends. */
  readonly notify: (level: 'info' | 'warn' | 'error', text: string, hint?: string, grant?: string) => void;
  /** Says what a key that is not bound does; of several in a row only the last is kept among the messages. */
  readonly remark: (text: string) => void;
  /** Quits, after asking if grants are live. */
  readonly quit: () => void;
  /** From the quit dialog: revokes all grants, or leaves them to their leases, then quits. */
  readonly quitWith: (choice: 'revoke' | 'keep') => void;
};

/** Rows of a pane as shown: filtered, sorted, drops only if selected. Memoized by state. */
export type VisibleRows = (state: SessionState, pane: PaneId) => readonly { readonly key: string }[];
