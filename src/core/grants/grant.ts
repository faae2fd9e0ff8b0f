import type { EndRef, PortSpec } from '../cluster/cluster.ts';
import type { Direction, Policy } from '../policy/model/model.ts';
import type { LivingConnection, Usage } from '../ports/ports.ts';
import type { Announced } from './announced.ts';
import type { Approval, Waiting } from './waiting.ts';

/** A requested grant. `seconds` is the length of the window. */
export type GrantRequest = {
  readonly source: EndRef;
  readonly destination: EndRef;
  readonly ports: readonly PortSpec[];
  readonly seconds: number;
  readonly reason: string;
  readonly ticket?: string;
  /**
   * Where grants need an approval (GRANT-34): that one is asked for, or why this grant is made without. Absent: it is made
   * as if none were needed, and refused where one is.
   */
  readonly approval?: { readonly type: 'asked' } | { readonly type: 'break-glass'; readonly why: string };
};

/** One object of a grant on the server, as last seen. */
export type GrantObject = { readonly name: string; readonly uid: string };

/** One half of a grant: a policy and the lease that owns it, in one namespace. */
export type GrantHalf = {
  readonly direction: Direction;
  readonly namespace: string;
  readonly policy?: GrantObject;
  readonly lease?: GrantObject;
};

/** A half that the other half refers to, but that could not be read. */
export type UnseenHalf = { readonly direction: Direction; readonly namespace: string; readonly why: string };

/** From the lease's `status.startTime` for `seconds`; start and end in ms since the epoch, server time. */
export type GrantWindow = { readonly start: number; readonly end: number; readonly seconds: number };

/**
 * The lifecycle of a grant (GRANT-13). `revoked`: the server says 404, traffic not evaluated yet. `closed`: every pair
 * was seen blocked since. `unproven`: deleted, and nothing got through, but no attempt was seen for the named pairs.
 * `flowing`: deleted, but established or even new connections continue.
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
      /** The established ones. */
      readonly living?: readonly LivingConnection[];
    }
  | { readonly name: 'failed'; readonly at: number; readonly message: string; readonly hint: string };

/** Who ended it: a person, the running app at the deadline, or the cluster itself. */
export type EndedBy = 'revoke' | 'deadline' | 'lease' | 'other';

/** A grant, created by this process or read from the cluster by its labels. */
export type Grant = {
  readonly id: string;
  readonly source: string;
  readonly destination: string;
  readonly ports: readonly PortSpec[];
  readonly reason: string;
  readonly ticket?: string;
  readonly requester: string;
  readonly halves: readonly GrantHalf[];
  /** Halves that could not be read, so what is shown and done covers only part of the grant. */
  readonly unseen?: readonly UnseenHalf[];
  readonly window?: GrantWindow;
  /** Who set that window; absent for grants made before windows were announced (GRANT-16). */
  readonly announced?: Announced;
  /** Its policies as read from the cluster, and the workloads that its leases announce; to judge one found there. */
  readonly policies?: readonly Policy[];
  readonly workloads?: ReadonlySet<string>;
  /** Set while it is only a request, which opens nothing (GRANT-30). */
  readonly waiting?: Waiting;
  /** Who approved it; absent if nobody had to. */
  readonly approval?: Approval;
  /** Why it was made without the approval that it needed (GRANT-35). */
  readonly breakGlass?: string;
  readonly state: GrantState;
  /** What it was used for; known once it has ended, where its traffic was watched. */
  readonly usage?: Usage;
  /** What has changed since it was created: shown in red and audited (GRANT-14). */
  readonly drift: readonly string[];
  /** Whether this process created it and will end it. */
  readonly mine: boolean;
};

/** How long before the end of a window people and hooks are told of it, seconds. */
export const TOLD_BEFORE_END: readonly number[] = [60, 300];
