import type { ApiObject } from '../../src/core/cluster/objects.ts';
import { leaseManifest, ownedPolicy, policyManifest } from '../../src/core/grants/grant-manifests.ts';
import type { HalfPlace } from '../../src/core/grants/names.ts';
import type { Direction } from '../../src/core/policy/model/policy.ts';
import { pod } from './builders.ts';

const owner = (name: string) => ({ kind: 'Deployment', namespace: 'shop', name });

/** The pods of the grant. */
export const web = pod({ name: 'web-1', labels: { app: 'web' }, owner: owner('web') });
export const db = pod({ name: 'db-0', labels: { app: 'db' }, owner: owner('db') });

/** The window of the grant: a minute. */
export const START = Date.parse('2026-11-22T12:00:00Z');
export const END = START + 60_000;

/** The policy and the lease of a half as they are on the server. */
export type HalfObjects = { readonly policy: ApiObject; readonly lease: ApiObject };

export type HalfOptions = {
  readonly id?: string;
  readonly requester?: string;
  readonly direction?: Direction;
  /** Of all its halves; the objects are in the namespace of the direction. */
  readonly halves?: readonly HalfPlace[];
  /** The window of the lease. */
  readonly seconds?: number;
};

export function grantObjects({
  id = 'tst2',
  requester = 'alice',
  direction = 'ingress',
  halves = [{ direction: 'ingress', namespace: 'shop' }],
  seconds = 60,
}: HalfOptions = {}): HalfObjects {
  const notes = {
    id,
    requester,
    reason: 'test',
    source: 'web',
    destination: 'db',
    ports: [{ port: 5_432, protocol: 'TCP' }],
    ranges: true,
    version: '0',
    halves,
    most: 3_600,
    pods: { source: [web], destination: [db] },
  } as const;
  const namespace = halves.find((half) => half.direction === direction)?.namespace ?? 'shop';
  const equal = (app: string) => [{ key: 'app', operator: 'In', values: [app] }] as const;
  const [own, other] = direction === 'ingress' ? ['db', 'web'] : ['web', 'db'];
  const sent = policyManifest(
    notes,
    direction,
    { namespace, selector: equal(own ?? '') },
    { type: 'pods', namespace: 'shop', selector: equal(other ?? '') },
  );
  const manifest = leaseManifest(notes, direction, sent, seconds);
  const created = '2026-11-22T12:00:00Z';
  const lease = {
    ...manifest,
    metadata: { ...manifest.metadata, uid: `job-${id}-${direction}`, creationTimestamp: created },
    status: { startTime: created },
  };
  const policy = ownedPolicy(sent, lease, { start: START, seconds, end: START + seconds * 1_000 });
  const uid = `np-${id}-${direction}`;
  return { lease, policy: { ...policy, metadata: { ...policy.metadata, uid, creationTimestamp: created } } };
}

/** With other metadata, and fields of the spec. */
export const edited = (object: ApiObject, metadata: object, spec: object = {}): ApiObject => ({
  ...object,
  metadata: { ...object.metadata, ...metadata },
  spec: { ...(object.spec as object), ...spec },
});

/** With other annotations. */
export const noted = (object: ApiObject, annotations: object): ApiObject =>
  edited(object, { annotations: { ...object.metadata.annotations, ...annotations } });
