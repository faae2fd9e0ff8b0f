import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiObject } from '../../core/cluster/cluster.ts';
import type { Random, Store } from '../store/store.ts';
import type { User } from './access.ts';
import type { Resource } from './resources.ts';

/** Changes what a client wants stored, as a mutating admission webhook would, or refuses it. */
export type Admission = (
  object: ApiObject,
  request: { readonly verb: 'create' | 'update'; readonly resource: string; readonly user: string },
) => ApiObject | { readonly deny: string };

/** What handlers need of the server. */
export type ApiContext = {
  readonly store: Store;
  /** For uids and generated names. */
  readonly random: Random;
  readonly admissions: () => readonly Admission[];
  /** Warnings that admission adds to the answer of every write. */
  readonly warnings: () => readonly string[];
  /** Whether the next watch must be answered as expired. */
  readonly takeExpiry: () => boolean;
  /** Whether bookmarks are sent; ms between them. */
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
  /** Collected on the way, sent as `Warning` headers. */
  readonly warnings: string[];
  /** Aborts when the client is gone or the server stops. */
  readonly signal: AbortSignal;
};

/** What a handler answers; `undefined`: it has written the response itself. */
export type Answer = { readonly code: number; readonly body: unknown };
