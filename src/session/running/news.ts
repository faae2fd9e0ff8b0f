import type { App } from '../app/app.ts';
import type { RuntimeListener } from '../runtime.ts';
import type { SessionState } from '../state.ts';
import type { Publishing } from './publishing.ts';

/** Takes what a connection tells into the state; rows follow at the screen's own rate. */
export function newsInto(app: App, publishing: Publishing, lookForOthers: () => void): RuntimeListener {
  const { state, set } = app;
  return {
    cluster: (kind, events) => {
      publishing.changed(events);
      publishing.soon('cluster');
      if (kind === 'policies') lookForOthers();
    },
    feed: (feed, feedState) => {
      const feeds = { ...state().feeds, [feed]: feedState };
      set({ feeds, cluster: { ...state().cluster, ...connectionOf(feeds) } });
      publishing.changed([]);
      publishing.soon('cluster');
    },
    scope: (namespace) => {
      const { confinedTo: _, ...rest } = state().cluster;
      set({ cluster: namespace === undefined ? rest : { ...rest, confinedTo: namespace, namespace } });
    },
    flows: () => publishing.soon('traffic'),
    traffic: (traffic) => set({ traffic }),
    grants: () => publishing.soon('grants'),
    problem: (error, part) => {
      app.fail(error);
      if (part === 'traffic')
        set({ traffic: { ...state().traffic, status: 'failed', detail: error.message } });
    },
  };
}

/** The connection as a whole: live while any list is, else why not. */
function connectionOf(feeds: SessionState['feeds']): Pick<SessionState['cluster'], 'connection' | 'problem'> {
  const states = Object.values(feeds);
  if (states.some(({ state }) => state === 'live')) return { connection: 'live', problem: undefined };
  const stale = states.find((feed) => feed.state === 'stale');
  if (stale?.state === 'stale') return { connection: 'stale', problem: stale.reason };
  return { connection: 'connecting', problem: undefined };
}
