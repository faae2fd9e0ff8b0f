import type { StoreApi } from 'zustand/vanilla';
import type { Limits } from '../../core/common/common.ts';
import type { Runtime, SessionDeps } from '../runtime/runtime.ts';
import type { Overlay, PaneId, PaneState, PathState, SessionState, VisibleRows } from '../state/state.ts';
import type { Target } from './link.ts';

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

/** Panes in the order of their digits. */
export const PANES: readonly PaneId[] = ['pods', 'policies', 'attempts', 'grants'];

const pane: PaneState = { index: 0, filter: '' };

/** The state before anything is known. */
export function initialState(now: number, limits: Limits): SessionState {
  return {
    now,
    serverNow: now,
    limits,
    cluster: { context: '', enforcer: 'unknown', connection: 'connecting', demo: false },
    feeds: {},
    traffic: { source: 'none', status: 'connecting', detail: 'looking for Hubble', lost: 0 },
    rate: 0,
    samples: [],
    dropReasons: [],
    talkers: [],
    pods: [],
    policies: [],
    attempts: [],
    drops: 0,
    grants: [],
    path: {},
    focus: 'attempts',
    zoomed: false,
    panes: { pods: pane, policies: pane, attempts: pane, grants: pane },
    following: true,
    dropsOnly: false,
    overlay: { type: 'none' },
    ended: false,
  };
}
