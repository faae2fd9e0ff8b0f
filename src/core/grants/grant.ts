import type { EndRef, PortSpec } from '../cluster/cluster.ts';
import type { Direction } from '../policy/model/model.ts';

/** What is asked for. `seconds` is the length of the window. */
export type GrantRequest = {
  readonly source: EndRef;
  readonly destination: EndRef;
  readonly ports: readonly PortSpec[];
  readonly seconds: number;
  readonly reason: string;
  readonly ticket?: string;
};

/** One server object of a grant, as last seen. */
export type GrantObject = { readonly name: string; readonly uid: string };

/** One half of a grant: a policy and the lease that owns it, in one namespace. */
export type GrantHalf = {
  readonly direction: Direction;
  readonly namespace: string;
  readonly policy?: GrantObject;
  readonly lease?: GrantObject;
};

/** A half that the others speak of, but that could not be looked at: nothing is known of it. */
export type UnseenHalf = { readonly direction: Direction; readonly namespace: string; readonly why: string };

/** From the lease's `status.startTime` for `seconds`; both ms since the epoch, server time. */
export type GrantWindow = { readonly start: number; readonly end: number; readonly seconds: number };

/**
 * The life of a grant (GRANT-13). `revoked`: the server says 404, traffic not yet judged. `closed`: every pair was seen
 * to be blocked since. `unproven`: gone, and nothing got through, but of the named pairs no attempt was seen.
 * `flowing`: gone, but connections go on: established ones, or even new ones.
 */
export type GrantState =
  | { readonly name: 'leasing' }
  | { readonly name: 'applied'; readonly at: number }
  | { readonly name: 'open'; readonly at: number; readonly after: number; readonly how: string }
  | { readonly name: 'revoking'; readonly at: number }
  | { readonly name: 'revoked'; readonly at: number; readonly by: EndedBy }
  | { readonly name: 'closed'; readonly at: number; readonly by: EndedBy; readonly proof: string }
  | {
      readonly name: 'unproven';
      readonly at: number;
      readonly by: EndedBy;
      readonly proof: string;
      readonly pairs: readonly string[];
    }
  | {
      readonly name: 'flowing';
      readonly at: number;
      readonly by: EndedBy;
      readonly connections: string;
      readonly still: 'new' | 'established';
    }
  | { readonly name: 'failed'; readonly at: number; readonly message: string; readonly hint: string };

/** Who ended it: a person, the running app at the deadline, or the cluster itself. */
export type EndedBy = 'revoke' | 'deadline' | 'lease' | 'other';

/** A grant as the app knows it: from its own making, or read from the cluster's labels. */
export type Grant = {
  readonly id: string;
  readonly source: string;
  readonly destination: string;
  readonly ports: readonly PortSpec[];
  readonly reason: string;
  readonly ticket?: string;
  readonly requester: string;
  readonly halves: readonly GrantHalf[];
  /** Halves out of view: what is shown and done is then not the whole grant. */
  readonly unseen?: readonly UnseenHalf[];
  readonly window?: GrantWindow;
  readonly state: GrantState;
  /** What has changed under it since it was made: shown in red, audited (GRANT-14). */
  readonly drift: readonly string[];
  /** Whether this process made it and ends it. */
  readonly mine: boolean;
};
