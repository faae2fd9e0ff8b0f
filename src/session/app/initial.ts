import type { Limits } from '../../core/access/limits.ts';
import type { PaneId, PaneState, SessionState } from '../state.ts';

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
