import type { GrantField, PaneId, SessionState, Sort } from './session-state.ts';
import type { TextEdit } from './text-field.ts';

/**
 * Everything a key can do. Views dispatch these and nothing else. Each acts on the store at once; effects (calls on
 * the cluster) go on in the background and show in the state. None throws: what fails becomes a notice.
 */
export type Commands = {
  readonly focus: (pane: PaneId) => void;
  readonly focusNext: (step: 1 | -1) => void;
  readonly zoom: () => void;
  /** Scrolls the open text, or moves in the open list. */
  readonly move: (by: number) => void;
  /**
   * Puts the cursor of the focused pane on a row, and keeps it there wherever the row goes; undefined: on the first
   * row, of the attempts the newest. Says whether the row was still there.
   */
  readonly moveTo: (key: string | undefined) => boolean;
  readonly sort: (pane: PaneId, sort: Sort | undefined) => void;
  readonly pause: () => void;
  readonly toggleDropsOnly: () => void;
  /** Marks what the cursor is on. On an attempt row, source or destination of the attempt. */
  readonly markSource: () => void;
  readonly markDestination: () => void;
  readonly clearMarks: () => void;
  /** Explains the marked pair, or the row under the cursor. */
  readonly explain: () => void;
  /** What the row under the cursor is and does, in words, with its YAML. */
  readonly about: () => void;
  /** The YAML of the row under the cursor. */
  readonly detail: () => void;
  readonly openGrant: () => void;
  readonly openRevoke: () => void;
  readonly openExtend: () => void;
  readonly openHelp: () => void;
  readonly openCharts: () => void;
  readonly openFilter: () => void;
  readonly openCommand: () => void;
  readonly pick: (what: 'context' | 'namespace') => void;
  readonly allNamespaces: () => void;
  /** One level back: overlay, then zoom, then filter, then marks. Never quits. */
  readonly back: () => void;
  /** Confirms the overlay: submits the form, revokes, applies the filter, picks the item, runs the command. */
  readonly confirm: () => void;
  /** Edits the text of the overlay that is open. */
  readonly type: (change: TextEdit) => void;
  readonly complete: () => void;
  readonly grantField: (field: GrantField | 1 | -1) => void;
  readonly grantScope: () => void;
  readonly grantPreset: (step: 1 | -1) => void;
  readonly grantYaml: () => void;
  /** Shows the permanent policy for the path, to review in Git. */
  readonly promote: () => void;
  /** Takes away a notice that stays until a key is pressed. */
  readonly dismiss: () => void;
  /** Text of what the cursor is on, for the clipboard. */
  readonly copyText: () => string | undefined;
  readonly notify: (level: 'info' | 'warn' | 'error', text: string, hint?: string) => void;
  /** Asks when grants live, else ends. */
  readonly quit: () => void;
  /** From the quit dialog: revoke all and end, or keep them to their leases and end. */
  readonly quitWith: (choice: 'revoke' | 'keep') => void;
};

/** Rows of a pane as shown: filtered, sorted, drops only where asked. Memoised by state. */
export type VisibleRows = (state: SessionState, pane: PaneId) => readonly { readonly key: string }[];
