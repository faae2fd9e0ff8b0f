import type { ApiObject } from '../../src/core/cluster/objects.ts';
import {
  type GrantNotes,
  leaseManifest,
  ownedPolicy,
  policyManifest,
} from '../../src/core/grants/grant-manifests.ts';
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

export type DraftOptions = HalfOptions & {
  readonly pods?: GrantNotes['pods'];
  /** The namespace of the other side. */
  readonly peer?: string;
  /** The longest window, extensions included, seconds. */
  readonly most?: number;
};

/** A half of a grant from `app=web` to `app=db` on TCP 5432 as sluice makes it, and its lease, not yet on a server. */
export function draftHalf({
  id = 'tst2',
  requester = 'alice',
  direction = 'ingress',
  halves = [{ direction, namespace: 'shop' }],
  seconds = 60,
  pods = { source: [web], destination: [db] },
  peer: other = 'shop',
  most = 3_600,
}: DraftOptions = {}) {
  const notes: GrantNotes = {
    id,
    requester,
    reason: 'test',
    source: 'web',
    destination: 'db',
    ports: [{ port: 5_432, protocol: 'TCP' }],
    ranges: true,
    version: '0',
    halves,
    most,
    pods,
  };
  const namespace = halves.find((half) => half.direction === direction)?.namespace ?? 'shop';
  const equal = (app: string) => [{ key: 'app', operator: 'In', values: [app] }] as const;
  const [subject, selector] =
    direction === 'ingress' ? [equal('db'), equal('web')] : [equal('web'), equal('db')];
  const peer = { type: 'pods', namespace: other, selector } as const;
  const policy = policyManifest(notes, direction, { namespace, selector: subject }, peer);
  const lease = leaseManifest(notes, direction, policy, seconds);
  return { direction, namespace, lease, policy, subject, peer };
}

export function grantObjects(options: HalfOptions = {}): HalfObjects {
  const { id = 'tst2', direction = 'ingress', seconds = 60 } = options;
  const { lease: manifest, policy: sent } = draftHalf(options);
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
