import type { AuditRecord, AuditType } from '../ports/ports.ts';

/** API Activity of the Open Cybersecurity Schema Framework. */
const CLASS = 6_003;

type Activity = { readonly id: 1 | 3 | 4 | 99; readonly name: string };

const CREATE: Activity = { id: 1, name: 'Create' };
const UPDATE: Activity = { id: 3, name: 'Update' };
const DELETE: Activity = { id: 4, name: 'Delete' };
const OTHER: Activity = { id: 99, name: 'Other' };

/** What each type of record is to OCSF. What is neither made, changed nor removed is told under its own name. */
const ACTIVITIES: Readonly<Record<AuditType, Activity>> = {
  intent: OTHER,
  requested: CREATE,
  approved: UPDATE,
  rejected: DELETE,
  withdrawn: DELETE,
  'break-glass': OTHER,
  granted: CREATE,
  refused: CREATE,
  extended: UPDATE,
  revoked: DELETE,
  expired: DELETE,
  closed: OTHER,
  failed: OTHER,
  drift: OTHER,
  swept: DELETE,
  recovered: OTHER,
  key: OTHER,
};

const FAILURES: ReadonlySet<AuditType> = new Set(['refused', 'failed']);

/** What somebody should look at: a grant without its approval, one whose objects were changed, a damaged log. */
const NOTABLE: ReadonlySet<AuditType> = new Set(['break-glass', 'failed', 'drift', 'recovered']);

/** A record as an event of OCSF 1.6.0. */
export type OcsfEvent = Readonly<Record<string, unknown>>;

/** The OCSF event of a record: API Activity, by whom, from which machine, on which objects, with the whole record besides. */
export function ocsfOf(record: AuditRecord): OcsfEvent {
  const { type, time, seq, hash, actor, cluster, grant, outcome, objects = [], writer } = record;
  const activity = ACTIVITIES[type];
  const isFailure = FAILURES.has(type);
  const isNotable = NOTABLE.has(type);
  return {
    category_uid: 6,
    category_name: 'Application Activity',
    class_uid: CLASS,
    class_name: 'API Activity',
    activity_id: activity.id,
    activity_name: activity.id === 99 ? type : activity.name,
    type_uid: CLASS * 100 + activity.id,
    type_name: `API Activity: ${activity.name}`,
    time,
    severity_id: isNotable ? 3 : 1,
    severity: isNotable ? 'Medium' : 'Informational',
    status_id: isFailure ? 2 : 1,
    status: isFailure ? 'Failure' : 'Success',
    message: outcome,
    metadata: {
      version: '1.6.0',
      uid: hash,
      sequence: seq,
      event_code: type,
      product: { name: 'sluice', vendor_name: 'sluice', version: writer.version },
      ...(grant === undefined ? {} : { correlation_uid: grant.id }),
    },
    actor: {
      user: {
        name: actor.username,
        ...(actor.uid === undefined ? {} : { uid: actor.uid }),
        groups: actor.groups.map((name) => ({ name })),
      },
      app_name: 'sluice',
    },
    api: {
      operation: type,
      service: {
        name: 'Kubernetes',
        ...(cluster.clusterUid === undefined ? {} : { uid: cluster.clusterUid }),
      },
    },
    src_endpoint: { hostname: writer.host },
    dst_endpoint: { hostname: hostOf(cluster.server) },
    resources: objects.map(({ kind, namespace, name, uid }) => ({
      type: kind,
      namespace,
      name,
      ...(uid === undefined ? {} : { uid }),
    })),
    unmapped: { record },
  };
}

function hostOf(server: string): string {
  return URL.canParse(server) ? new URL(server).hostname : server;
}
