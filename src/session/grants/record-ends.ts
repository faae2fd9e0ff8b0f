import { SluiceError } from '../../core/common/common.ts';
import { isoSeconds, type Unended, unendedGrants } from '../../core/grants/grants.ts';
import type { AuditEntry, AuditLog, AuditRecord, ClusterInfo } from '../../core/ports/ports.ts';
import { policyRef } from './find-grants.ts';
import type { GrantDeps } from './record.ts';

/**
 * What a connection tells of the log of its cluster. `demo`: of embedded clusters, which have the same UID each time, and
 * may run side by side.
 */
export type EndLog = {
  readonly demo: boolean;
  readonly records: (info: ClusterInfo, since: number) => AsyncIterable<AuditRecord>;
  readonly audit: (info: ClusterInfo) => Promise<Pick<AuditLog, 'appendMissing'>>;
};

/** How far back the log is read, ms: sluice was not started for longer, or the end is there. */
const FAR_BACK = 31 * 86_400_000;

/**
 * Writes down the ends that nobody did (GRANT-20): of grants in the log whose policies are gone from the cluster. One that
 * can't be read is left for the next time. Two processes at once write each end once.
 *
 * @returns the ids of the grants whose end was written
 * @throws SluiceError if it can't be written
 */
export async function recordEnds(
  deps: GrantDeps,
  log: EndLog,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const now = () => Math.round(deps.api.clock.now());
  const since = now() - FAR_BACK;
  // Whoever writes to a log that can't be read will say so.
  const records = await Array.fromAsync(log.records(deps.info, since)).catch(() => []);
  const gone = new Set<string>();
  for (const { record } of unendedGrants(records, now())) {
    if (isHere(deps, log, record) && (await isGone(deps, record, signal))) gone.add(record.hash);
  }
  if (gone.size === 0) return [];
  const appended = await (await log.audit(deps.info)).appendMissing(since, (all) =>
    unendedGrants(all, now())
      .filter(({ record }) => gone.has(record.hash))
      .map((unended) => endEntry(deps, unended, now())),
  );
  return appended.flatMap(({ type, grant }) => (type === 'recovered' ? [] : (grant?.id ?? [])));
}

/** Whether a record is about this cluster. */
function isHere({ info }: GrantDeps, { demo }: EndLog, { cluster }: AuditRecord): boolean {
  const isSameServer = cluster.server === info.server;
  return cluster.clusterUid === info.clusterUid && (isSameServer || (info.clusterUid !== undefined && !demo));
}

async function isGone(
  { api }: GrantDeps,
  { objects = [] }: AuditRecord,
  signal: AbortSignal,
): Promise<boolean> {
  const policies = objects.filter(({ kind, uid }) => kind === 'NetworkPolicy' && uid !== undefined);
  for (const { namespace, name, uid } of policies) {
    try {
      const object = await api.read(policyRef(namespace, name), signal);
      if (object?.metadata.uid === uid) return false;
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      return false;
    }
  }
  return policies.length > 0;
}

function endEntry({ identity }: GrantDeps, { record, end }: Unended, now: number): AuditEntry {
  const { cluster, grant, reason, ticket, objects } = record;
  const isOver = end === undefined || end <= now;
  const window = end === undefined ? '' : `, its window to ${isoSeconds(end)}`;
  const seen = `nobody saw it; it was gone before ${isoSeconds(now)}${window}`;
  return {
    type: isOver ? 'expired' : 'revoked',
    time: now,
    actor: identity,
    cluster,
    ...(grant === undefined ? {} : { grant }),
    ...(reason === undefined ? {} : { reason }),
    ...(ticket === undefined ? {} : { ticket }),
    outcome: isOver ? `ended by the cluster: ${seen}` : `removed by somebody else: ${seen}`,
    ...(objects === undefined ? {} : { objects: objects.map(({ auditId: _, ...object }) => object) }),
  };
}
