import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiObject } from '../../core/cluster/cluster.ts';
import type { Random, Store } from '../store/store.ts';
import type { User } from './access.ts';
import type { Resource } from './resources.ts';

/** Changes or denies an object, as a mutating admission webhook would. */
export type Admission = (
  object: ApiObject,
  request: { readonly verb: 'create' | 'update'; readonly resource: string; readonly user: string },
) => ApiObject | { readonly deny: string };

/** The parts of the server that handlers need. */
export type ApiContext = {
  readonly store: Store;
  /** For uids and generated names. */
  readonly random: Random;
  readonly admissions: () => readonly Admission[];
  /** Warnings that admission adds to the response of every write. */
  readonly warnings: () => readonly string[];
  /** Whether to respond to the next watch as expired. */
  readonly takeExpiry: () => boolean;
  /** Time between bookmarks, ms. */
  readonly bookmarkEvery: number;
};

/** One request on a resource, after authentication and authorization. */
export type Call = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly user: User;
  readonly resource: Resource;
  readonly namespace?: string;
  readonly name: string;
  readonly subresource?: string;
  /** Collected during the call, sent as `Warning` headers. */
  readonly warnings: string[];
  /** Aborts when the client disconnects or the server stops. */
  readonly signal: AbortSignal;
};

/** The response of a handler; `undefined`: it has written the response itself. */
export type Answer = { readonly code: number; readonly body: unknown };
