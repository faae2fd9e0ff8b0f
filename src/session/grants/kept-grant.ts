import type { ApiObject } from '../../core/cluster/cluster.ts';
import { asSluiceError } from '../../core/common/common.ts';
import {
  type Announced,
  announcedOf,
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
import type { Meter } from './meter.ts';
import { auditIdsOf, type GrantDeps, objectsOf, record } from './record.ts';

/** The window of one lease, and who set it. */
export type AnnouncedWindow = { readonly window: GrantWindow; readonly announced: Announced | undefined };

/** A grant of this process, from its creation until its end has been judged. */
export type KeptGrant = {
  grant: Grant;
  /** The policies as created, as the engine reads them. */
  readonly policies: readonly Policy[];
  /** What it was checked against. */
  readonly surroundings: Surroundings;
  /** All pairs that it has opened so far: pods come and go. */
  opened: readonly PairChange[];
  /** The objects as created, by `kind/namespace/name`. */
  readonly sent: ReadonlyMap<string, ApiObject>;
  /** As last announced, by UID of the lease: they may be extended one by one, and the earliest end counts. */
  readonly windows: Map<string, AnnouncedWindow>;
  /** When the deadlines end the leases, announced or not, by UID; ms. */
  readonly deadlines: Map<string, number>;
  /** Set once its end has started, so that it starts only once. */
  ending?: Promise<void>;
  /** The record of the intent to end it, and by whom. */
  announced?: { readonly by: EndedBy; readonly written: Promise<void> };
  /** The `Audit-ID`s for the calls that end it, by `kind/name`. */
  readonly auditIds: ReadonlyMap<string, string>;
  readonly over: PromiseWithResolvers<Grant>;
  readonly stop: AbortController;
  /** Set once it is kept. */
  meter?: Meter;
};

/** Shared by the parts of the keeper. */
export type KeeperContext = {
  readonly deps: GrantDeps;
  readonly engine: Engine;
  readonly evidence: EvidenceDeps;
  /** Changes a grant and notifies the listener. */
  readonly set: (kept: KeptGrant, change: Partial<Grant>) => void;
  /** Makes `dispose` wait for some work. */
  readonly keep: <T>(work: Promise<T>) => Promise<T>;
};

/** Starts keeping a grant. */
export function keepGrant(
  { grant, sent }: MadeGrant,
  surroundings: Surroundings,
  opened: readonly PairChange[],
): KeptGrant {
  const windows = new Map<string, AnnouncedWindow>();
  const deadlines = new Map<string, number>();
  for (const { namespace, lease } of grant.halves) {
    const job = lease === undefined ? undefined : sent.get(`Job/${namespace}/${lease.name}`);
    const window = job === undefined ? undefined : windowOf(job);
    if (lease === undefined || job === undefined || window === undefined) continue;
    windows.set(lease.uid, { window, announced: announcedOf(job) });
    deadlines.set(lease.uid, window.end);
  }
  const policies = [...sent.values()].filter(({ kind }) => kind === 'NetworkPolicy').map(parseNetworkPolicy);
  return {
    grant: { ...grant, policies },
    policies,
    surroundings,
    opened,
    sent,
    windows,
    deadlines,
    auditIds: auditIdsOf(grant),
    over: Promise.withResolvers(),
    stop: new AbortController(),
  };
}

/** Adds new entries to the drift of a grant, shown in red; returns those that were new. */
export function note({ set }: KeeperContext, kept: KeptGrant, found: readonly string[]): readonly string[] {
  const fresh = [...new Set(found)].filter((text) => !kept.grant.drift.includes(text));
  if (fresh.length > 0) set(kept, { drift: [...kept.grant.drift, ...fresh] });
  return fresh;
}

/**
 * Writes a record about a live or ending grant. A log that can't be written never prevents a grant from ending: the
 * failure becomes drift, and is shown. Never rejects.
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

/** Whether a grant is, or may be, in force: it must be ended or left to its lease. */
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

/** How long an ended grant stays on the screen, ms: a minute if all went well, else longer. */
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
