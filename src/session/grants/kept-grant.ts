import type { ApiObject } from '../../core/cluster/cluster.ts';
import { asSluiceError } from '../../core/common/common.ts';
import {
  type EndedBy,
  type Grant,
  type GrantWindow,
  type Surroundings,
  windowOf,
} from '../../core/grants/grants.ts';
import type { Engine } from '../../core/policy/decide/decide.ts';
import { parseNetworkPolicy } from '../../core/policy/kinds/kinds.ts';
import type { PairChange, Policy } from '../../core/policy/model/model.ts';
import type { AuditType } from '../../core/ports/ports.ts';
import type { EvidenceDeps } from './evidence.ts';
import type { MadeGrant } from './make-grant.ts';
import { auditIdsOf, type GrantDeps, objectsOf, record } from './record.ts';

/** A grant of this process from its making to its judged end. */
export type KeptGrant = {
  grant: Grant;
  /** The policies as they were made, as the engine reads them. */
  readonly policies: readonly Policy[];
  /** What it was checked against. */
  readonly surroundings: Surroundings;
  /** Pairs that it opened at any time so far: pods come and go. */
  opened: readonly PairChange[];
  /** The objects as they were made, by `kind/namespace/name`. */
  readonly sent: ReadonlyMap<string, ApiObject>;
  /** By the UID of the lease: somebody may extend them one by one, and the earliest end counts. */
  readonly windows: Map<string, GrantWindow>;
  /** Set once its end has begun, so that it begins once. */
  ending?: Promise<void>;
  /** The record that its end is about to begin, and by whom. */
  announced?: { readonly by: EndedBy; readonly written: Promise<void> };
  /** The `Audit-ID`s that the calls of its end will carry, by `kind/name`. */
  readonly auditIds: ReadonlyMap<string, string>;
  readonly over: PromiseWithResolvers<Grant>;
  readonly stop: AbortController;
};

/** What the parts of the keeper share. */
export type KeeperContext = {
  readonly deps: GrantDeps;
  readonly engine: Engine;
  readonly evidence: EvidenceDeps;
  /** Changes a grant and tells it. */
  readonly set: (kept: KeptGrant, change: Partial<Grant>) => void;
  /** Lets work come to its end before the keeper is disposed of. */
  readonly keep: <T>(work: Promise<T>) => Promise<T>;
};

/** A grant that was made, from now on kept. */
export function keepGrant(
  { grant, sent }: MadeGrant,
  surroundings: Surroundings,
  opened: readonly PairChange[],
): KeptGrant {
  const windows = new Map<string, GrantWindow>();
  for (const { namespace, lease } of grant.halves) {
    const job = lease === undefined ? undefined : sent.get(`Job/${namespace}/${lease.name}`);
    const window = job === undefined ? undefined : windowOf(job);
    if (lease !== undefined && window !== undefined) windows.set(lease.uid, window);
  }
  return {
    grant,
    policies: [...sent.values()].filter(({ kind }) => kind === 'NetworkPolicy').map(parseNetworkPolicy),
    surroundings,
    opened,
    sent,
    windows,
    auditIds: auditIdsOf(grant),
    over: Promise.withResolvers(),
    stop: new AbortController(),
  };
}

/** Adds what is not told yet to the drift of a grant, in red on the screen; gives what was new. */
export function note({ set }: KeeperContext, kept: KeptGrant, found: readonly string[]): readonly string[] {
  const fresh = [...new Set(found)].filter((text) => !kept.grant.drift.includes(text));
  if (fresh.length > 0) set(kept, { drift: [...kept.grant.drift, ...fresh] });
  return fresh;
}

/**
 * Writes a record about a grant that lives or ends. A log that can't be written keeps nothing from ending: it becomes
 * drift, for everybody to see. Never rejects.
 */
export async function recordOrNote(
  context: KeeperContext,
  kept: KeptGrant,
  type: AuditType,
  outcome: string,
  extra: Parameters<typeof record>[4] = objectsOf(kept.grant),
): Promise<void> {
  await record(context.deps, type, kept.grant, outcome, extra).catch((error: unknown) => {
    note(context, kept, [`"${type}" is not in the audit log: ${asSluiceError(error).message}`]);
  });
}

/** Whether a grant still stands, or may: it must be ended or left to its lease. */
export function isLiving({ state }: Grant): boolean {
  switch (state.name) {
    case 'leasing':
    case 'applied':
    case 'open':
    case 'revoking':
    case 'failed':
      return true;
    case 'revoked':
    case 'closed':
    case 'unproven':
    case 'flowing':
      return false;
  }
}

/** How long an ended grant stays on the screen, in ms: a minute when all is well, longer when it isn't. */
export function staysFor({ state }: Grant): number {
  switch (state.name) {
    case 'closed':
    case 'revoked':
      return 60_000;
    case 'unproven':
    case 'flowing':
      return 600_000;
    default:
      return Number.POSITIVE_INFINITY;
  }
}
