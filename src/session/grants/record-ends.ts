import { SluiceError } from '../../core/common/common.ts';
import { isoSeconds, type Unended, unendedGrants } from '../../core/grants/grants.ts';
import type { AuditEntry, AuditLog, AuditRecord, ClusterInfo } from '../../core/ports/ports.ts';
import { jobRef, policyRef } from './find-grants.ts';
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
 * Writes down the ends that nobody did (GRANT-20): of grants in the log whose policies are gone from the cluster, and of
 * intents of which nothing is there. One that can't be read is left for the next time. Two processes at once write each end once.
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

/** Whether its policies are gone; of what may have been made, nothing may be there. */
async function isGone(
  { api }: GrantDeps,
  { objects = [] }: AuditRecord,
  signal: AbortSignal,
): Promise<boolean> {
  const deciding = objects.filter(({ kind, uid }) => kind === 'NetworkPolicy' || uid === undefined);
  // An intent to remove what a grant has left may be about leases alone.
  const looked = deciding.length > 0 ? deciding : objects;
  for (const { kind, namespace, name, uid } of looked) {
    const ref = kind === 'NetworkPolicy' ? policyRef(namespace, name) : jobRef(namespace, name);
    try {
      const object = await api.read(ref, signal);
      if (object !== undefined && (uid === undefined || object.metadata.uid === uid)) return false;
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      return false;
    }
  }
  return looked.length > 0;
}

function endEntry({ identity }: GrantDeps, unended: Unended, now: number): AuditEntry {
  const { cluster, grant, reason, ticket, objects } = unended.record;
  return {
    ...endOf(unended, now),
    time: now,
    actor: identity,
    cluster,
    ...(grant === undefined ? {} : { grant }),
    ...(reason === undefined ? {} : { reason }),
    ...(ticket === undefined ? {} : { ticket }),
    ...(objects === undefined ? {} : { objects: objects.map(({ auditId: _, ...object }) => object) }),
  };
}

/** What became of it, as far as that can be told from its absence. */
function endOf({ record, end, intent }: Unended, now: number): Pick<AuditEntry, 'type' | 'outcome'> {
  const gone = isoSeconds(now);
  const wasMade = record.objects?.some(({ uid }) => uid !== undefined) === true;
  if (!wasMade)
    return { type: 'failed', outcome: `nobody saw what became of it; nothing of it was there at ${gone}` };
  const window = end === undefined ? '' : `, its window to ${isoSeconds(end)}`;
  const seen = `nobody saw it; it was gone before ${gone}${window}`;
  if (end === undefined || end <= now) return { type: 'expired', outcome: `ended by the cluster: ${seen}` };
  // Who was about to end it may have done so.
  const who = intent === undefined ? 'removed by somebody else' : `removed after "${intent.outcome}"`;
  return { type: 'revoked', outcome: `${who}: ${seen}` };
}
