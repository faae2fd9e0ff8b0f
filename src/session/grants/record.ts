import { type Approvals, DEFAULT_APPROVALS, type Limits } from '../../core/common/common.ts';
import { formatPorts, type Grant, type GrantRequest, isoSeconds } from '../../core/grants/grants.ts';
import { nameOfEnd } from '../../core/policy/path/path.ts';
import type {
  AuditEntry,
  AuditLog,
  AuditType,
  Clock,
  ClusterApi,
  ClusterInfo,
  Identity,
  LiveNews,
} from '../../core/ports/ports.ts';

/** What every step of a grant's life needs. */
export type GrantDeps = {
  readonly api: ClusterApi;
  readonly audit: Pick<AuditLog, 'append' | 'checkpoint'>;
  readonly identity: Identity;
  readonly info: ClusterInfo;
  readonly clock: Clock;
  readonly version: string;
  readonly limits: Limits;
  /** Tells hooks what no record says; absent without any. Never rejects. */
  readonly tell?: (news: LiveNews, id: string) => Promise<void>;
};

/** What the configuration says about approvals. */
export function approvalsOf({ limits }: Pick<GrantDeps, 'limits'>): Approvals {
  return limits.approvals ?? DEFAULT_APPROVALS;
}

type Extra = Pick<AuditEntry, 'objects' | 'proof' | 'usage'>;

/** Writes one record about a grant; once it resolves, the record is on disk. */
export async function record(
  deps: GrantDeps,
  type: AuditType,
  grant: Grant,
  outcome: string,
  extra: Extra = {},
): Promise<void> {
  await deps.audit.append({ ...factsOf(deps, grant), type, outcome, ...extra });
}

/**
 * Tells hooks of a grant while it lives (GRANT-50).
 *
 * @param id names it among all that is told of the grant
 */
export async function tellHooks(
  deps: GrantDeps,
  type: LiveNews['type'],
  grant: Grant,
  outcome: string,
  id: string,
): Promise<void> {
  await deps.tell?.({ ...factsOf(deps, grant), type, outcome }, id);
}

/** Who, when, where and on what grant. */
function factsOf({ api, identity, info }: GrantDeps, grant: Grant): Omit<LiveNews, 'type' | 'outcome'> {
  const { window } = grant;
  return {
    time: Math.round(api.clock.now()),
    actor: identity,
    cluster: {
      context: info.context,
      server: info.server,
      clusterUid: info.clusterUid,
      caSha256: info.caSha256,
    },
    grant: {
      id: grant.id,
      source: grant.source,
      destination: grant.destination,
      ports: formatPorts(grant.ports),
      ...(window === undefined ? {} : { seconds: window.seconds, expiresAt: isoSeconds(window.end) }),
    },
    reason: grant.reason,
    ticket: grant.ticket,
  };
}

/** Records that a request was refused before anything was written to the cluster, and why. */
export async function recordRefusal(deps: GrantDeps, request: GrantRequest, why: string): Promise<void> {
  const { source, destination, ports, reason, ticket } = request;
  await record(
    deps,
    'refused',
    {
      id: 'none',
      source: nameOfEnd(source),
      destination: nameOfEnd(destination),
      ports,
      reason,
      ticket,
      requester: deps.identity.username,
      halves: [],
      state: { name: 'leasing' },
      drift: [],
      mine: true,
    },
    why,
  );
}

/** A new `Audit-ID` for each object of a grant, by `kind/name`, for calls announced in the log. */
export function auditIdsOf({ halves }: Grant): ReadonlyMap<string, string> {
  const names = halves.flatMap(({ lease, policy }) => [
    ...(lease === undefined ? [] : [`Job/${lease.name}`]),
    ...(policy === undefined ? [] : [`NetworkPolicy/${policy.name}`]),
  ]);
  return new Map(names.map((name) => [name, crypto.randomUUID()]));
}

/** The objects of a grant for a record, with the Audit-IDs of their calls. */
export function objectsOf(grant: Grant, auditIds: ReadonlyMap<string, string> = new Map()): Extra {
  const objects = grant.halves.flatMap(({ namespace, policy, lease }) =>
    [
      { kind: 'Job', object: lease },
      { kind: 'NetworkPolicy', object: policy },
    ].flatMap(({ kind, object }) => {
      if (object === undefined) return [];
      const auditId = auditIds.get(`${kind}/${object.name}`);
      return [
        {
          kind,
          namespace,
          name: object.name,
          uid: object.uid,
          auditId,
        },
      ];
    }),
  );
  return { objects };
}

/**
 * A log that is opened on the first write, so that read-only use needs none. If it can't be opened, each write tries
 * again and rejects with the reason.
 */
export function lazyAudit(open: () => Promise<AuditLog>): GrantDeps['audit'] {
  let opened: Promise<AuditLog> | undefined;
  let log: AuditLog | undefined;
  const get = () => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return {
    append: async (entry) => {
      log = await get();
      return log.append(entry);
    },
    checkpoint: () => log?.checkpoint(),
  };
}
