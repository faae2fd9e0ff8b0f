import type { ApiObject } from '../core/cluster/cluster.ts';
import type { Admission, Rule } from './api/api.ts';
import type { Stored } from './store/store.ts';

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
  /**
   * Restarts the API server: it is down for `down` ms, then refuses rightful users with 403 for `blind` ms more, as one
   * whose caches are not filled does (API-7). Resolves when it serves again.
   */
  readonly restart: (down: number, blind?: number) => Promise<void>;
  /** Ends all flow streams and closes Hubble's port, until `restoreHubble`. */
  readonly loseHubble: () => void;
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
