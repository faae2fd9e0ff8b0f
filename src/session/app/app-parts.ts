import type { StoreApi } from 'zustand/vanilla';
import type { Limits } from '../../core/common/common.ts';
import type { Runtime, SessionDeps } from '../runtime/runtime.ts';
import type {
  Commands,
  Overlay,
  PaneId,
  PaneState,
  PathState,
  SessionState,
  VisibleRows,
} from '../state/state.ts';
import type { Target } from './link.ts';

/** What the command groups share. */
export type App = {
  readonly store: StoreApi<SessionState>;
  readonly deps: SessionDeps;
  readonly visibleRows: VisibleRows;
  /** The active connection; undefined while connecting. */
  readonly runtime: () => Runtime | undefined;
  readonly state: () => SessionState;
  readonly set: (change: Partial<SessionState>) => void;
  /** Opens an overlay on top; `pop` restores what it covers. `path`: the path in view meanwhile. */
  readonly push: (overlay: Overlay, path?: PathState) => void;
  readonly pop: () => void;
  /** Updates the top overlay of that type, if there still is one. */
  readonly update: <T extends Overlay['type']>(
    type: T,
    change: (overlay: Extract<Overlay, { type: T }>) => Overlay,
  ) => void;
  /** Closes all overlays. */
  readonly clear: () => void;
  readonly notify: Commands['notify'];
  /** Shows an error, except for aborts. */
  readonly fail: (error: unknown) => void;
  /** Runs an effect in the background; errors are shown. */
  readonly run: (effect: (signal: AbortSignal) => Promise<void>) => void;
  /** Publishes the view of the cluster after a change. */
  readonly refresh: () => void;
  /** Switches to another context or namespace; asks first what to do with live grants. */
  readonly reconnect: (target: Target) => void;
  /** Switches without asking; if the target is unreachable nothing changes. */
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
    spans: [],
    pods: [],
    listed: 'pods',
    workloads: [],
    services: [],
    policies: [],
    attempts: [],
    drops: 0,
    grants: [],
    path: {},
    focus: 'attempts',
    zoomed: false,
    panes: { pods: pane, policies: pane, attempts: pane, grants: pane },
    columns: {},
    trail: [],
    ahead: [],
    following: true,
    dropsOnly: false,
    grouping: 'workload',
    overlay: { type: 'none' },
    messages: [],
    calls: [],
    ended: false,
  };
}
