import { type Rule, responderRules, type User } from './api/access.ts';
import { pathOf } from './api/http/identify.ts';
import { startApiServer } from './api/http/server.ts';
import { createTunnels } from './api/http/tunnel.ts';
import { startControllers } from './controllers/controllers.ts';
import { createFaultBoard } from './faults/board.ts';
import { createFaults } from './faults/create-faults.ts';
import type { Faults } from './faults/faults.ts';
import { kubeconfigFor } from './kubeconfig.ts';
import { startObserver } from './observer/observer.ts';
import { createRandom } from './random.ts';
import type { Stored } from './store/objects.ts';
import { createStore } from './store/store.ts';
import { createMirror } from './traffic/mirror.ts';
import { startTraffic } from './traffic/traffic.ts';
import { NODES } from './world/plan.ts';
import { placeWorld } from './world/world.ts';

/** A running embedded cluster. */
export type Demo = {
  /** YAML text of a kubeconfig: one context `demo`, namespace `shop`, user `responder@demo`. */
  readonly kubeconfig: string;
  /** `127.0.0.1:PORT` of Hubble Relay's Observer API, plaintext. */
  readonly hubbleAddress: string;
  /** Closes ports and connections and ends all timers. Idempotent. */
  readonly stop: () => Promise<void>;
  /** Ways to break it, and to look behind the API. */
  readonly faults: Faults;
};

export type DemoOptions = {
  /** Names, addresses, ports and rhythms of the world depend on it alone; 1 by default. */
  readonly seed?: number;
  /** Stops the demo. */
  readonly signal?: AbortSignal;
};

/** ms of traffic that Hubble remembers when the demo starts. */
const PAST = 20_000;

/**
 * Starts the embedded cluster: a Kubernetes API server and a Hubble Relay on free ports of 127.0.0.1, over one
 * simulated world in real time. Rejects when no port can be had.
 */
export async function startDemo(options: DemoOptions = {}): Promise<Demo> {
  const { seed = 1, signal } = options;
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

  const addUser: Faults['addUser'] = ({ username, groups = [], rules, namespace = 'shop' }) => {
    const token = `demo-${createRandom(seed).fork(`token ${username}`).text(24)}`;
    const server = `http://127.0.0.1:${api.port}${tokens.size === 0 ? '' : pathOf(token)}`;
    tokens.set(token, { username, groups: [...groups, 'system:authenticated'], rules });
    return kubeconfigFor(server, { name: username, token }, namespace);
  };
  const kubeconfig = addUser({ username: 'responder@demo', groups: ['sre'], rules: responderRules() });

  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      signal?.removeEventListener('abort', stopQuietly);
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

/** Relay's own port, as its chart sets it. */
const RELAY_PORT = 4_245;

function isRelay(pod: Stored | undefined): boolean {
  return pod?.metadata.labels?.['k8s-app'] === 'hubble-relay';
}

export type { Faults, Rule };
