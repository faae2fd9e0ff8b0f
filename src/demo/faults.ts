import type { ApiObject } from '../core/cluster/cluster.ts';
import type { Admission, Rule } from './api/api.ts';
import type { Stored } from './store/store.ts';

/** Which requests a fault affects: those that match every given field; `resource` may be `pods/portforward`. */
export type Match = {
  readonly verb?: string;
  readonly resource?: string;
  readonly namespace?: string;
  readonly user?: string;
};

/** Undoes a fault. */
export type Undo = () => void;

/** Fault injection for the embedded cluster, and direct access behind its API. */
export type Faults = {
  /** Ends every watch, like a restarting API server. */
  readonly dropWatches: () => void;
  /** Responds to the next `count` resumed watches with 410 Expired in their stream. */
  readonly expireWatches: (count?: number) => void;
  /** Drops all history: old resource versions and continue tokens expire permanently. */
  readonly compact: () => void;
  /** Rejects matching requests with 403. */
  readonly forbid: (match: Match) => Undo;
  /** Responds to everything with 401, as for an expired token. */
  readonly unauthorized: () => Undo;
  /** Holds requests with a matching method and path until undone; `path` is a prefix of the URL's path. */
  readonly stall: (match: { readonly method?: string; readonly path?: string }) => Undo;
  /** Resets connections of matching requests before the response. */
  readonly reset: (match: { readonly method?: string; readonly path?: string }) => Undo;
  /** Closes the API server's port and all its connections; resolves once it is closed. */
  readonly shut: () => Promise<void>;
  readonly reopen: () => Promise<void>;
  /** Refuses connections for a while. */
  readonly refuse: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /**
   * Restarts the API server: it is down for `down` ms, then rejects authorized users with 403 for another `blind` ms, like
   * a server with empty caches (API-7). Resolves when it serves again.
   */
  readonly restart: (down: number, blind?: number) => Promise<void>;
  /** Ends all flow streams and closes Hubble's port, until `restoreHubble`. */
  readonly loseHubble: () => void;
  readonly restoreHubble: () => Promise<void>;
  /** Reports lost events to followers. */
  readonly loseEvents: (count: number, node?: string) => void;
  /** Reports to followers that a node left or came back; its flows stop or continue. */
  readonly setNode: (node: string, state: 'connected' | 'unavailable') => void;
  /** Makes Hubble reject field masks, as if an agent did not know a field. */
  readonly rejectMasks: () => Undo;
  /** Sets `spec.suspend` of a lease, like a patch by an admin. */
  readonly suspend: (namespace: string, job: string, suspend?: boolean) => void;
  /** Deletes a lease in a way that orphans its policy. */
  readonly orphan: (namespace: string, job: string) => void;
  /** Writes any object, like an admin: `change` returns its new state, undefined removes it. */
  readonly edit: (
    resource: string,
    namespace: string | undefined,
    name: string,
    change: (object: Stored) => ApiObject | undefined,
  ) => void;
  /** The object as stored by the server. */
  readonly peek: (resource: string, namespace: string | undefined, name: string) => Stored | undefined;
  /** Changes or denies created or updated objects, like an admission webhook. */
  readonly admit: (admission: Admission) => Undo;
  /** Adds a `Warning` header to the response of every write. */
  readonly warn: (text: string) => Undo;
  /** Stops and starts the controllers: no Job starts or expires, nothing is collected. */
  readonly pauseControllers: () => void;
  readonly resumeControllers: () => void;
  /** Adds a user and returns its kubeconfig. Rules with `namespaces` apply only there. */
  readonly addUser: (user: {
    readonly username: string;
    readonly groups?: readonly string[];
    readonly rules: readonly Rule[];
    readonly namespace?: string;
  }) => string;
};
