import { FOREIGN_FEED } from '../runtime/runtime.ts';
import { type SessionState, waitsForLogin } from '../state/state.ts';

type ConnectionState = Pick<SessionState['cluster'], 'connection' | 'problem' | 'staleSince' | 'retryAt'>;

/** The state of the whole connection: live if any list is, else the reason. Without a login, nothing of it is current. */
export function connectionOf({
  feeds,
  cluster,
  login,
}: Pick<SessionState, 'feeds' | 'cluster' | 'login'>): ConnectionState {
  if (waitsForLogin({ cluster, login })) {
    return {
      connection: 'stale',
      problem: 'it waits for a login',
      staleSince: login?.since,
      retryAt: undefined,
    };
  }
  const none = { problem: undefined, staleSince: undefined, retryAt: undefined };
  // Policies that are not evaluated are only listed once a minute.
  const states = Object.entries(feeds).flatMap(([name, feed]) => (name === FOREIGN_FEED ? [] : [feed]));
  if (states.some(({ state }) => state === 'live')) return { ...none, connection: 'live' };
  const stale = states.filter((feed) => feed.state === 'stale');
  const [first] = stale;
  if (first === undefined) return { ...none, connection: 'connecting' };
  const tries = stale.flatMap(({ retryAt }) => retryAt ?? []);
  return {
    connection: 'stale',
    problem: first.reason,
    staleSince: Math.min(...stale.map(({ since }) => since)),
    retryAt: tries.length === 0 ? undefined : Math.min(...tries),
  };
}
