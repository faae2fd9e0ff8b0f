import { expect, test } from 'vitest';
import { SluiceError } from '../../../../src/core/common/errors.ts';
import { resolveEnd, targetsOf } from '../../../../src/core/policy/path/ends.ts';
import { parseEnd } from '../../../../src/core/policy/path/parse-end.ts';
import { cluster, pod, service } from '../../../helpers/builders.ts';

const owner = { kind: 'Deployment', namespace: 'shop', name: 'web' };
const web = pod({ name: 'web-7d9f-x2x', labels: { app: 'web' }, owner });
const done = pod({ name: 'web-7d9f-old', labels: { app: 'web' }, owner, phase: 'Succeeded' });
const one = pod({
  name: 'db-0',
  labels: { app: 'db' },
  ports: [{ name: 'pg', port: 5432, protocol: 'TCP' }],
});
const two = pod({
  name: 'db-1',
  labels: { app: 'db' },
  ports: [{ name: 'pg', port: 5433, protocol: 'TCP' }],
});
const bare = pod({ name: 'db-2', labels: { app: 'db' } });
const db = service({ ports: [{ port: 5432, targetPort: 'pg', protocol: 'TCP' }] });
const model = cluster({ pods: [web, done, one, two, bare], services: [db] });

test.each([
  ['web', { type: 'pod', namespace: 'shop', name: 'web' }],
  ['ops/web', { type: 'pod', namespace: 'ops', name: 'web' }],
  ['deploy/web', { type: 'workload', ref: { kind: 'Deployment', namespace: 'shop', name: 'web' } }],
  ['Deployment/web', { type: 'workload', ref: { kind: 'Deployment', namespace: 'shop', name: 'web' } }],
  ['svc/db', { type: 'service', namespace: 'shop', name: 'db' }],
  ['ops/sts/db', { type: 'workload', ref: { kind: 'StatefulSet', namespace: 'ops', name: 'db' } }],
  ['ops/pod/db-0', { type: 'pod', namespace: 'ops', name: 'db-0' }],
  ['10.0.0.1', { type: 'ip', ip: '10.0.0.1' }],
  ['10.0.0.1/32', { type: 'ip', ip: '10.0.0.1' }],
  ['2001:db8::1', { type: 'ip', ip: '2001:db8::1' }],
  ['10.0.0.0/8', { type: 'range', cidr: '10.0.0.0/8' }],
  ['2001:db8::/32', { type: 'range', cidr: '2001:db8::/32' }],
])('%s names an end', (text, end) => {
  expect(parseEnd(text, 'shop')).toEqual(end);
});

test.each([
  '',
  '10.1',
  '010.0.0.1',
  '10.0.0.256',
  '10.0.0.0/33',
  '10.0.0.0/',
  '2001:db8::/129',
  'fe80::1%eth0',
  'a/b/c/d',
  'ops/thing/x',
  'Web',
  'svc/',
])('"%s" is refused with what to write instead', (text) => {
  expect(() => parseEnd(text, 'shop')).toThrow(SluiceError);
  expect(() => parseEnd(text, 'shop')).toThrow(
    expect.objectContaining({ code: 'usage', hint: expect.stringMatching(/\w/) }),
  );
});

test('a workload is its live pods', () => {
  const end = resolveEnd(model, { type: 'workload', ref: owner });
  expect(end).toMatchObject({ name: 'web', pods: [web] });
});

test('an unknown pod names the nearest that exist', () => {
  expect(() => resolveEnd(model, { type: 'pod', namespace: 'shop', name: 'db-9' })).toThrow(
    expect.objectContaining({ code: 'not-found', hint: 'Did you mean shop/db-0 or shop/db-1 or shop/db-2?' }),
  );
  expect(() => resolveEnd(model, { type: 'pod', namespace: 'shop', name: 'web' })).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('shop/web-7d9f-x2x') }),
  );
});

test('a finished pod is said to have finished', () => {
  expect(() => resolveEnd(model, { type: 'pod', namespace: 'shop', name: 'web-7d9f-old' })).toThrow(
    /has terminated/,
  );
});

test('NP-27: a service is its backends, each with its own number for a named targetPort', () => {
  const port = { port: 5432, protocol: 'TCP' } as const;
  expect(targetsOf(model, db, port).map(({ pod: target, port: number }) => [target.name, number])).toEqual([
    ['db-0', 5432],
    ['db-1', 5433],
  ]);
  expect(targetsOf(model, db, { port: 80, protocol: 'TCP' })).toEqual([]);
});

test('a headless Service is dialled at its pods, on the port that is dialled', () => {
  const head = service({
    headless: true,
    clusterIPs: [],
    ports: [{ port: 80, targetPort: 5432, protocol: 'TCP' }],
  });
  const there = cluster({ pods: [pod({ name: 'db' })], services: [head] });
  expect(targetsOf(there, head, { port: 80, protocol: 'TCP' })).toMatchObject([{ port: 80 }]);
});

test('an address is the pod that has it, else itself', () => {
  expect(resolveEnd(model, { type: 'ip', ip: one.ips[0] ?? '' }).pods).toEqual([one]);
  expect(resolveEnd(model, { type: 'ip', ip: '203.0.113.9' }).ends).toEqual([
    { type: 'ip', ip: '203.0.113.9' },
  ]);
});
