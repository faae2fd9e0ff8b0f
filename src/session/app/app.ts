import type { StoreApi } from 'zustand/vanilla';
import type { VisibleRows } from '../commands.ts';
import type { SessionDeps } from '../connection.ts';
import type { Target } from '../running/link.ts';
import type { Runtime } from '../runtime.ts';
import type { Overlay, PathState, SessionState } from '../state.ts';

/** What the groups of commands share. */
export type App = {
  readonly store: StoreApi<SessionState>;
  readonly deps: SessionDeps;
  readonly visibleRows: VisibleRows;
  /** The connection at work; undefined while connecting. */
  readonly runtime: () => Runtime | undefined;
  readonly state: () => SessionState;
  readonly set: (change: Partial<SessionState>) => void;
  /** Lays something over what is there; `pop` brings that back. `path`: what it is about, for the path bar. */
  readonly push: (overlay: Overlay, path?: PathState) => void;
  readonly pop: () => void;
  /** Replaces what lies on top, if it still is of that type. */
  readonly update: <T extends Overlay['type']>(
    type: T,
    change: (overlay: Extract<Overlay, { type: T }>) => Overlay,
  ) => void;
  /** Closes everything that lies over the panes. */
  readonly clear: () => void;
  readonly notify: (level: 'info' | 'warn' | 'error', text: string, hint?: string) => void;
  /** Shows an error, unless it only says that something was aborted. */
  readonly fail: (error: unknown) => void;
  /** Runs an effect in the background; what it throws is shown. */
  readonly run: (effect: (signal: AbortSignal) => Promise<void>) => void;
  /** Something about the cluster's view changed: publish soon. */
  readonly refresh: () => void;
  /** Goes to another context or namespace; asks first what becomes of living grants. */
  readonly reconnect: (target: Target) => void;
  /** Goes there without asking; what can't be reached leaves everything as it is. */
  readonly switchTo: (target: Target) => void;
  readonly end: () => void;
};
