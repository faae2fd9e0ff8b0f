import type { EndRef, PortSpec } from '../cluster/cluster.ts';

/** The path of a request, to plan it again: its ends, and the ports as they were asked for. */
export type AskedPath = {
  readonly source: EndRef;
  readonly destination: EndRef;
  readonly ports: readonly PortSpec[];
};

/** A request for a grant that waits for somebody else's approval (GRANT-30), as its objects say. */
export type Waiting = {
  /** The window asked for, seconds; undefined if it can't be read. */
  readonly seconds: number | undefined;
  /** Undefined if it can't be read, so that it can't be planned again. */
  readonly path: AskedPath | undefined;
  /** The hash of the plan, and its facts; absent if they were too many to keep. */
  readonly plan: string;
  readonly facts?: readonly string[];
  /** Who began to approve it, and which plan: its leases are those of a grant, its policies still open nothing. */
  readonly approvedBy?: string;
  readonly approvedPlan?: string;
  /** Who is refusing it, and why. */
  readonly refused?: string;
};

/** Of a grant that somebody approved (GRANT-32). */
export type Approval = { readonly by: string; readonly plan: string; readonly at: number | undefined };
