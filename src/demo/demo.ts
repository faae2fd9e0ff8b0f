/* The embedded cluster: an API server, controllers, a data path and a Hubble, for the demo and the tests. */

import { setTimeout as delay } from 'node:timers/promises';
import { writeYaml } from '../core/yaml/yaml.ts';
import {
  type Admission,
  type ApiServer,
  allows,
  createTunnels,
  type Gate,
  pathOf,
  type RequestAttributes,
  type Rule,
  responderRules,
  startApiServer,
  type User,
} from './api/api.ts';
import { COLLEAGUE, startColleague } from './colleague.ts';
import { type Controllers, startControllers } from './controllers/controllers.ts';
import type { Faults, Match, Undo } from './faults.ts';
import {
  createRandom,
  createStore,
  deleteObject,
  objectKey,
  type Store,
  type Stored,
  withPart,
} from './store/store.ts';
import { createMirror, type Observer, startObserver, startTraffic } from './traffic/traffic.ts';
import { NODES, placeWorld } from './world/world.ts';

/** A running embedded cluster. */
export type Demo = {
  /** YAML text of a kubeconfig: one context `demo`, namespace `shop`, user `responder@demo`. */
  readonly kubeconfig: string;
  /** `127.0.0.1:PORT` of Hubble Relay's Observer API, plaintext. */
  readonly hubbleAddress: string;
  /** Closes ports and connections and stops all timers. Idempotent. */
  readonly stop: () => Promise<void>;
  /** Fault injection, and direct access behind the API. */
  readonly faults: Faults;
};

export type DemoOptions = {
  /** The only input for names, addresses, ports and rhythms of the world; 1 by default. */
  readonly seed?: number;
  /** How long after a grant that concerns a colleague they change its surroundings, ms; 15 s by default. */
  readonly colleagueAfter?: number;
  /** Stops the demo. */
  readonly signal?: AbortSignal;
};

/** How much past traffic Hubble has when the demo starts, ms. */
const PAST = 20_000;

/**
 * Starts the embedded cluster: a Kubernetes API server and a Hubble Relay on free ports of 127.0.0.1, over one
 * simulated world in real time. Rejects if no port is available.
 */
export async function startDemo(options: DemoOptions = {}): Promise<Demo> {
  const { seed = 1, colleagueAfter = 15_000, signal } = options;
  signal?.throwIfAborted();
  const random = createRandom(seed);
  const store = createStore();
  const now = Date.now();
  const addresses = placeWorld(store, random.fork('world'), now);
  const board = createFaultBoard();
  const tokens = new Map<string, User>();
  const relay = store.list('/pods', 'kube-system').find(isRelay);
  const observer = await startObserver({
    nodes: NODES,
    relay: relay?.metadata.name ?? 'hubble-relay',
    past: PAST,
  });
  const api = await startApiServer({
    context: {
      store,
      random: random.fork('server'),
      admissions: board.admissions,
      warnings: board.warnings,
      takeExpiry: board.takeExpiry,
      bookmarkEvery: 60_000,
    },
    tokens,
    mayDo: board.mayDo,
    gate: board.gate,
    tunnel: createTunnels((namespace, pod, port) =>
      port === RELAY_PORT && isRelay(store.get('/pods', `${namespace}/${pod}`)) ? observer.port : undefined,
    ),
  });
  const controllers = startControllers(store, random.fork('controllers'), addresses);
  const mirror = createMirror(store);
  const traffic = startTraffic({
    mirror,
    random: random.fork('traffic'),
    publish: observer.publish,
    now,
    past: PAST,
  });

  const admitUser = ({ username, groups = [], rules }: Parameters<Faults['addUser']>[0]) => {
    const token = `demo-${createRandom(seed).fork(`token ${username}`).text(24)}`;
    const server = `http://127.0.0.1:${api.port}${tokens.size === 0 ? '' : pathOf(token)}`;
    tokens.set(token, { username, groups: [...groups, 'system:authenticated'], rules });
    return { token, server };
  };
  const addUser: Faults['addUser'] = (user) => {
    const { token, server } = admitUser(user);
    return kubeconfigFor(server, { name: user.username, token }, user.namespace ?? 'shop');
  };
  const kubeconfig = addUser({ username: 'responder@demo', groups: ['sre'], rules: responderRules() });
  const { server } = admitUser(COLLEAGUE);
  const colleague = startColleague(store, { server, after: colleagueAfter });

  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      signal?.removeEventListener('abort', stopQuietly);
      colleague.stop();
      traffic.stop();
      mirror.stop();
      controllers.stop();
      observer.shut();
      await api.shut();
    })();
    return stopping;
  };
  const stopQuietly = (): void => {
    void stop();
  };
  signal?.addEventListener('abort', stopQuietly, { once: true });
  if (signal?.aborted) await stop();
  return {
    kubeconfig,
    hubbleAddress: observer.address,
    stop,
    faults: createFaults({ board, store, api, observer, controllers, addUser }),
  };
}

/** Relay's port, as set by its chart. */
const RELAY_PORT = 4_245;

function isRelay(pod: Stored | undefined): boolean {
  return pod?.metadata.labels?.['k8s-app'] === 'hubble-relay';
}

export type { Faults, Rule };

/** The parts that faults act on. */
type FaultParts = {
  readonly board: FaultBoard;
  readonly store: Store;
  readonly api: ApiServer;
  readonly observer: Observer;
  readonly controllers: Controllers;
  readonly addUser: Faults['addUser'];
};

/** The faults of a running demo. */
function createFaults({ board, store, api, observer, controllers, addUser }: FaultParts): Faults {
  const edit: Faults['edit'] = (resource, namespace, name, change) => {
    const object = store.get(resource, objectKey(namespace, name));
    if (object === undefined)
      throw new Error(`${resource} ${namespace ?? ''}/${name} not found in the embedded cluster.`);
    const next = change(object);
    if (next === undefined) store.remove(resource, objectKey(namespace, name));
    else store.put(resource, next);
  };
  return {
    dropWatches: api.dropWatches,
    expireWatches: board.expireWatches,
    compact: store.forget,
    forbid: board.forbid,
    unauthorized: board.unauthorized,
    stall: board.stall,
    reset: board.reset,
    shut: api.shut,
    reopen: api.reopen,
    refuse: async (milliseconds, signal) => {
      await api.shut();
      try {
        await delay(milliseconds, undefined, { signal });
      } finally {
        await api.reopen();
      }
    },
    restart: async (down, blind = 1_000) => {
      await api.shut();
      await delay(down);
      const undo = board.forbid({});
      void delay(blind, undefined, { ref: false }).then(undo);
      await api.reopen();
    },
    loseHubble: observer.shut,
    restoreHubble: observer.reopen,
    loseEvents: observer.loseEvents,
    setNode: observer.setNode,
    rejectMasks: observer.rejectMasks,
    suspend: (namespace, job, suspend = true) =>
      edit('batch/jobs', namespace, job, (object) => withPart(object, 'spec', { suspend })),
    orphan: (namespace, job) => {
      const object = store.get('batch/jobs', objectKey(namespace, job));
      if (object === undefined) throw new Error(`Job ${namespace}/${job} not found in the embedded cluster.`);
      deleteObject(store, 'batch/jobs', object, { propagation: 'Orphan' }, Date.now());
    },
    edit,
    peek: (resource, namespace, name) => store.get(resource, objectKey(namespace, name)),
    admit: board.admit,
    warn: board.warn,
    pauseControllers: controllers.pause,
    resumeControllers: controllers.resume,
    addUser,
  };
}

/** The faults as the servers query them. */
type FaultState = {
  readonly mayDo: (user: User, attributes: RequestAttributes) => boolean;
  readonly gate: Gate;
  readonly takeExpiry: () => boolean;
  readonly admissions: () => readonly Admission[];
  readonly warnings: () => readonly string[];
};

type Hold = {
  readonly method?: string;
  readonly path?: string;
  readonly kind: 'stall' | 'reset';
  readonly over: Promise<void>;
};

/** The state of the faults, and the self-contained part of `Faults`. */
type FaultBoard = FaultState &
  Pick<Faults, 'expireWatches' | 'forbid' | 'unauthorized' | 'stall' | 'reset' | 'admit' | 'warn'>;

function createFaultBoard(): FaultBoard {
  const forbidden = new Set<Match>();
  const holds = new Set<Hold>();
  const admissions = new Set<Admission>();
  const warnings = new Set<{ readonly text: string }>();
  let locked = 0;
  let expiries = 0;

  const hold = (kind: Hold['kind'], match: { readonly method?: string; readonly path?: string }): Undo => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const entry = { ...match, kind, over: promise };
    holds.add(entry);
    return () => {
      holds.delete(entry);
      resolve();
    };
  };
  const put = <T>(set: Set<T>, item: T): Undo => {
    set.add(item);
    return () => set.delete(item);
  };

  return {
    mayDo: (user, attributes) =>
      allows(user, attributes) && ![...forbidden].some((match) => matches(match, user, attributes)),
    gate: async ({ method, path, signal }) => {
      for (const entry of holds) {
        if (entry.method !== undefined && entry.method !== method) continue;
        if (entry.path !== undefined && !path.startsWith(entry.path)) continue;
        if (entry.kind === 'reset') return 'reset';
        await Promise.race([entry.over, aborted(signal)]);
      }
      return locked > 0 ? 'unauthorized' : 'pass';
    },
    takeExpiry: () => {
      if (expiries === 0) return false;
      expiries -= 1;
      return true;
    },
    admissions: () => [...admissions],
    warnings: () => [...warnings].map(({ text }) => text),
    expireWatches: (count = 1) => {
      expiries += count;
    },
    forbid: (match) => put(forbidden, match),
    unauthorized: () => {
      locked += 1;
      let undone = false;
      return () => {
        if (!undone) locked -= 1;
        undone = true;
      };
    },
    stall: (match) => hold('stall', match),
    reset: (match) => hold('reset', match),
    admit: (admission) => put(admissions, admission),
    warn: (text) => put(warnings, { text }),
  };
}

function matches(match: Match, user: User, attributes: RequestAttributes): boolean {
  return (
    (match.verb === undefined || match.verb === attributes.verb) &&
    (match.resource === undefined || match.resource === attributes.resource) &&
    (match.namespace === undefined || match.namespace === attributes.namespace) &&
    (match.user === undefined || match.user === user.username)
  );
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** A kubeconfig with one context, `demo`, for one user of the embedded cluster at `server`. */
export function kubeconfigFor(
  server: string,
  user: { readonly name: string; readonly token: string },
  namespace: string,
): string {
  return writeYaml({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'demo',
    clusters: [{ name: 'demo', cluster: { server } }],
    users: [{ name: user.name, user: { token: user.token } }],
    contexts: [{ name: 'demo', context: { cluster: 'demo', user: user.name, namespace } }],
  });
}
