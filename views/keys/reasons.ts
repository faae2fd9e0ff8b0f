import { isLiving, rowsIn, type SessionState, waitsForLogin } from '../../src/session/session.ts';
import { PANES } from './binding.ts';

/** Why there is nothing to open: the pane has no rows. */
export function nothingUnderCursor(state: SessionState): string | undefined {
  const counts = {
    pods: rowsIn(state, 'pods').length,
    policies: state.policies.length,
    attempts: state.attempts.length,
    grants: state.grants.length,
  };
  if (counts[state.focus] > 0) return undefined;
  const [other] = PANES.filter((pane) => counts[pane] > 0);
  const next = other === undefined ? '' : `; ${PANES.indexOf(other) + 1} goes to the ${other}`;
  return `no ${state.focus === 'pods' ? state.listed : state.focus} in this view${next}`;
}

/** Why the row can't be marked as an end of a path. */
export function cannotMark(state: SessionState): string | undefined {
  if (state.focus === 'policies' || state.focus === 'grants') {
    return `${state.focus} can't be marked: mark a pod (1) or an attempt (3)`;
  }
  return nothingUnderCursor(state);
}

/** Why nothing can be changed in the cluster: it is out of reach. */
function outOfReach(state: SessionState): string | undefined {
  const { cluster, grants } = state;
  if (cluster.connection !== 'stale') return undefined;
  if (waitsForLogin(state)) return `${cluster.context} waits for a login; l logs in`;
  const living = grants.some(({ grant }) => isLiving(grant));
  const end = living ? '; the cluster ends living grants at their deadlines all the same' : '';
  return `disconnected from ${cluster.context}${end}`;
}

/** Why there is nothing to grant. */
export function cannotGrant(state: SessionState): string | undefined {
  const away = outOfReach(state);
  if (away !== undefined) return away;
  if (hasPair(state) || (state.focus === 'attempts' && state.attempts.length > 0)) return undefined;
  return 'nothing to grant yet: mark a source with s and a destination with d, or go to an attempt (3)';
}

/** Why there is nothing to explain. */
export function cannotExplain(state: SessionState): string | undefined {
  if (hasPair(state) || (state.focus === 'attempts' && state.attempts.length > 0)) return undefined;
  return 'nothing to explain yet: mark a source with s and a destination with d, or go to an attempt (3)';
}

/** Why there is nothing to revoke or extend. */
export function noLiveGrant(state: SessionState): string | undefined {
  return state.grants.some(({ grant }) => isLiving(grant)) ? outOfReach(state) : 'no grants are open';
}

function hasPair({ path }: SessionState): boolean {
  return path.source !== undefined && path.destination !== undefined;
}
