import { describe, expect, test } from 'vitest';
import type { ApiObject } from '../../../src/core/cluster/objects.ts';
import { admissionChanges } from '../../../src/core/grants/admission.ts';
import { leaseManifest, ownedPolicy, policyManifest } from '../../../src/core/grants/grant-manifests.ts';
import { clockSkew, leaseFaults, leaseOver, policyFaults, windowOf } from '../../../src/core/grants/lease.ts';
import { readGrants } from '../../../src/core/grants/read-grant.ts';

const notes = {
  id: 'tst2',
  requester: 'alice',
  reason: 'test',
  source: 'web',
  destination: 'db',
  ports: [{ port: 5_432, protocol: 'TCP' }],
  ranges: true,
  version: '0',
  halves: [{ direction: 'ingress', namespace: 'shop' }],
  most: 28_800,
  pods: { source: [], destination: [] },
} as const;
const START = Date.parse('2026-11-22T12:00:00Z');

function admitted(spec: object = {}, metadata: object = {}, status: object = {}): ApiObject {
  const lease = leaseManifest(notes, 'ingress', policy, 60);
  return {
    ...lease,
    metadata: { ...lease.metadata, uid: 'lease-uid', ...metadata },
    spec: { ...(lease.spec as object), suspend: false, completionMode: 'NonIndexed', ...spec },
    status: { startTime: '2026-11-22T12:00:00Z', ...status },
  };
}

const policy = policyManifest(
  notes,
  'ingress',
  { namespace: 'shop', selector: [{ key: 'app', operator: 'In', values: ['db'] }] },
  { type: 'pods', namespace: 'shop', selector: [{ key: 'app', operator: 'In', values: ['web'] }] },
);
const owned = ownedPolicy(policy, admitted(), { start: START, seconds: 60, end: START + 60_000 });

describe('a lease', () => {
  test('as sent and defaulted by the server is sound', () => {
    expect(leaseFaults(admitted(), 60)).toEqual([]);
  });

  test.each([
    ['suspended', { suspend: true }, {}, 'suspended'],
    ['without ttl', { ttlSecondsAfterFinished: undefined }, {}, 'ttlSecondsAfterFinished is unset'],
    ['with a later ttl', { ttlSecondsAfterFinished: 5 }, {}, 'ttlSecondsAfterFinished is 5'],
    ['with completions', { completions: 0 }, {}, 'completions is 0'],
    ['that would run pods', { parallelism: 1 }, {}, 'parallelism is 1'],
    ['with another deadline', { activeDeadlineSeconds: 3_600 }, {}, 'deadline is 1h instead of 1m'],
    [
      'managed by somebody else',
      { managedBy: 'kueue.x-k8s.io/multikueue' },
      {},
      'it is managed by kueue.x-k8s.io/multikueue',
    ],
    ['with a foreign finalizer', {}, { finalizers: ['x.dev/keep'] }, 'finalizer x.dev/keep'],
    [
      'owned by another object',
      {},
      { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }] },
      'owned by Pod p',
    ],
  ])('%s is none', (_, spec, metadata, fault) => {
    expect(leaseFaults(admitted(spec, metadata), 60).join('; ')).toContain(fault);
  });

  test('has a window from its start, and none before', () => {
    expect(windowOf(admitted())).toEqual({ start: START, seconds: 60, end: START + 60_000 });
    expect(windowOf(admitted({}, {}, { startTime: undefined }))).toBeUndefined();
  });

  test.each(['Failed', 'FailureTarget', 'Complete'])('%s is over, whatever a patch answers', (type) => {
    expect(leaseOver(admitted({}, {}, { conditions: [{ type, status: 'True' }] }))).toContain(type);
    expect(leaseOver(admitted({}, {}, { conditions: [{ type, status: 'False' }] }))).toBeUndefined();
  });
});

describe('a policy', () => {
  test('owned by exactly its lease is sound', () => {
    expect(policyFaults(owned, admitted())).toEqual([]);
  });

  test.each([
    ['batch/v9', 'Job', 'lease-uid'],
    ['apps/v1', 'Job', 'lease-uid'],
    ['batch/v1', 'CronJob', 'lease-uid'],
    ['batch/v1', 'Job', 'another-uid'],
  ])('owned by %s %s %s would never be collected', (apiVersion, kind, uid) => {
    const ownerReferences = [{ apiVersion, kind, name: 'sluice-tst2-in', uid }];
    const read = { ...owned, metadata: { ...owned.metadata, ownerReferences } };
    expect(policyFaults(read, admitted())).toHaveLength(1);
  });

  test('with a second owner, no owner, a finalizer or another spec is none', () => {
    const owners = owned.metadata.ownerReferences ?? [];
    const more = { ...owned, metadata: { ...owned.metadata, ownerReferences: [...owners, ...owners] } };
    const none = { ...owned, metadata: { ...owned.metadata, ownerReferences: [] } };
    const kept = { ...owned, metadata: { ...owned.metadata, finalizers: ['x'] } };
    const wider = { ...owned, spec: { podSelector: {} } };
    for (const broken of [more, none, kept, wider]) expect(policyFaults(broken, admitted())).not.toEqual([]);
  });
});

test('only what admission really changed is told, not what the server defaults', () => {
  const lease = leaseManifest(notes, 'ingress', policy, 60);
  expect(admissionChanges(lease, admitted())).toEqual([]);
  expect(
    admissionChanges(
      lease,
      admitted({ ttlSecondsAfterFinished: 9 }, { labels: { ...lease.metadata.labels, team: 'x' } }),
    ),
  ).toEqual(['spec.ttlSecondsAfterFinished 9 instead of 0', 'metadata.labels.team added']);
});

describe('grants read from the server', () => {
  test('the Job says until when, whatever the annotation says', () => {
    const lying = {
      ...owned,
      metadata: {
        ...owned.metadata,
        uid: 'p',
        annotations: { ...owned.metadata.annotations, 'sluice.dev/expires-at': '2099-01-01T00:00:00Z' },
      },
    };
    const [grant] = readGrants([lying], [admitted()]);
    expect(grant).toMatchObject({
      id: 'tst2',
      source: 'web',
      destination: 'db',
      requester: 'alice',
      drift: [],
    });
    expect(grant?.window?.end).toBe(START + 60_000);
  });

  test('an object that only copies the labels is no part of the grant, and is told', () => {
    const copy = {
      ...owned,
      metadata: { ...owned.metadata, name: 'keep-me', uid: 'q', annotations: {}, ownerReferences: [] },
    };
    const [grant] = readGrants([copy, owned], [admitted()]);
    expect(grant?.halves.map(({ policy }) => policy?.name)).toEqual(['sluice-tst2-in']);
    expect(grant?.drift).toEqual(['NetworkPolicy shop/keep-me has its label, but does not belong to it']);
    expect(grant?.source).toBe('web');
  });

  test('a policy whose lease is gone is marked: nothing ends it', () => {
    expect(readGrants([owned], [])[0]?.drift).toEqual([
      'NetworkPolicy shop/sluice-tst2-in: its lease is gone, so nothing will end it',
    ]);
  });
});

describe('the clocks that date a lease', () => {
  const dated = (created: string, started: string) =>
    admitted({}, { creationTimestamp: created }, { startTime: started });

  test.each([
    ['agree', '2026-11-22T12:00:00Z', '2026-11-22T12:00:00Z', undefined],
    ['may agree: the controller was slow', '2026-11-22T11:59:30Z', '2026-11-22T12:00:00Z', undefined],
    [
      'differ: started before it was made',
      '2026-11-22T12:00:30Z',
      '2026-11-22T12:00:00Z',
      /30 s behind .* 30 s too early/,
    ],
    [
      'differ: starts later than now',
      '2026-11-22T12:00:00Z',
      '2026-11-22T12:00:40Z',
      /38 s ahead of .* 38 s too late/,
    ],
  ])('%s', (_, created, started, text) => {
    const said = clockSkew(dated(created, started), START + 2_000, 20);
    if (text === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(text);
  });
});
