import { setTimeout as delay } from 'node:timers/promises';
import type { ApiObject } from '../core/ports.ts';
import type { Rule, User, Wish } from './api/access.ts';
import { allows } from './api/access.ts';
import type { Admission } from './api/call.ts';
import type { Gate } from './api/serve.ts';
import type { ApiServer } from './api/server.ts';
import type { Controllers } from './controllers/controllers.ts';
import type { Observer } from './observer/observer.ts';
import { deleteObject } from './store/deletion.ts';
import { objectKey, type Stored, withPart } from './store/objects.ts';
import type { Store } from './store/store.ts';

/** Which requests a fault hits: those that match every given field; `resource` may be `pods/portforward`. */
export type Match = {
  readonly verb?: string;
  readonly resource?: string;
  readonly namespace?: string;
  readonly user?: string;
};

/** Undoes a fault. */
export type Undo = () => void;

/** Ways to break the embedded cluster, and to look behind its API. */
export type Faults = {
  /** Ends every watch, as an API server that restarts does. */
  readonly dropWatches: () => void;
  /** Answers the next `count` watches that resume with 410 Expired inside their stream. */
  readonly expireWatches: (count?: number) => void;
  /** Forgets all history: old resource versions and continue tokens are expired for good. */
  readonly compact: () => void;
  /** Refuses matching requests with 403. */
  readonly forbid: (match: Match) => Undo;
  /** Answers everything with 401, as an expired token does. */
  readonly unauthorized: () => Undo;
  /** Holds requests whose method and path match until undone; `path` is the beginning of the URL's path. */
  readonly stall: (match: { readonly method?: string; readonly path?: string }) => Undo;
  /** Resets connections of matching requests before they are answered. */
  readonly reset: (match: { readonly method?: string; readonly path?: string }) => Undo;
  /** Closes the API server's port and all its connections; resolves once it is closed. */
  readonly shut: () => Promise<void>;
  readonly reopen: () => Promise<void>;
  /** Refuses connections for a while. */
  readonly refuse: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Ends all flow streams and closes Hubble's port, until `restoreHubble`. */
  readonly loseHubble: () => Promise<void>;
  readonly restoreHubble: () => Promise<void>;
  /** Tells followers that events were lost. */
  readonly loseEvents: (count: number, node?: string) => void;
  /** Tells followers that a node went away or came back; its flows stop or go on. */
  readonly setNode: (node: string, state: 'connected' | 'unavailable') => void;
  /** Hubble refuses field masks, as when one names a field that an agent does not know. */
  readonly rejectMasks: () => Undo;
  /** Sets `spec.suspend` of a lease as an admin's patch does. */
  readonly suspend: (namespace: string, job: string, suspend?: boolean) => void;
  /** Deletes a lease the way that orphans its policy. */
  readonly orphan: (namespace: string, job: string) => void;
  /** Writes any object, as an admin would: `change` gives its new state, undefined removes it. */
  readonly edit: (
    resource: string,
    namespace: string | undefined,
    name: string,
    change: (object: Stored) => ApiObject | undefined,
  ) => void;
  /** The object as the server holds it. */
  readonly peek: (resource: string, namespace: string | undefined, name: string) => Stored | undefined;
  /** Changes or refuses what is created or updated, as an admission webhook does. */
  readonly admit: (admission: Admission) => Undo;
  /** Adds a `Warning` header to the answer of every write. */
  readonly warn: (text: string) => Undo;
  /** Stops and starts the controllers: no Job starts or expires, nothing is collected. */
  readonly pauseControllers: () => void;
  readonly resumeControllers: () => void;
  /** Adds a user and gives a kubeconfig for it. Rules with `namespaces` hold in these alone. */
  readonly addUser: (user: {
    readonly username: string;
    readonly groups?: readonly string[];
    readonly rules: readonly Rule[];
    readonly namespace?: string;
  }) => string;
};

/** What the servers ask of the faults. */
export type FaultState = {
  readonly mayDo: (user: User, wish: Wish) => boolean;
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

/** The state of the faults, and the part of `Faults` that needs nothing else. */
export type FaultBoard = FaultState &
  Pick<Faults, 'expireWatches' | 'forbid' | 'unauthorized' | 'stall' | 'reset' | 'admit' | 'warn'>;

export function createFaultBoard(): FaultBoard {
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
    mayDo: (user, wish) => allows(user, wish) && ![...forbidden].some((match) => matches(match, user, wish)),
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

function matches(match: Match, user: User, wish: Wish): boolean {
  return (
    (match.verb === undefined || match.verb === wish.verb) &&
    (match.resource === undefined || match.resource === wish.resource) &&
    (match.namespace === undefined || match.namespace === wish.namespace) &&
    (match.user === undefined || match.user === user.username)
  );
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** What the faults act on. */
export type FaultParts = {
  readonly board: FaultBoard;
  readonly store: Store;
  readonly api: ApiServer;
  readonly observer: Observer;
  readonly controllers: Controllers;
  readonly addUser: Faults['addUser'];
};

export function createFaults({ board, store, api, observer, controllers, addUser }: FaultParts): Faults {
  const edit: Faults['edit'] = (resource, namespace, name, change) => {
    const object = store.get(resource, objectKey(namespace, name));
    if (object === undefined)
      throw new Error(`The embedded cluster has no ${resource} ${namespace ?? ''}/${name}.`);
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
    loseHubble: observer.shut,
    restoreHubble: observer.reopen,
    loseEvents: observer.loseEvents,
    setNode: observer.setNode,
    rejectMasks: observer.rejectMasks,
    suspend: (namespace, job, suspend = true) =>
      edit('batch/jobs', namespace, job, (object) => withPart(object, 'spec', { suspend })),
    orphan: (namespace, job) => {
      const object = store.get('batch/jobs', objectKey(namespace, job));
      if (object === undefined) throw new Error(`The embedded cluster has no Job ${namespace}/${job}.`);
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
