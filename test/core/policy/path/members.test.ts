import { describe, expect, test } from 'vitest';
import { grantEndOf } from '../../../../src/core/policy/path/members.ts';
import { parsePathEnd } from '../../../../src/core/policy/path/path-end.ts';
import { cluster, node, pod, service } from '../../../helpers/builders.ts';

const owned = (kind: string, name: string) => ({ kind, namespace: 'shop', name });
const model = cluster({
  pods: [
    pod({ name: 'web-7d9f-x2x', owner: owned('Deployment', 'web') }),
    pod({ name: 'db-0', owner: owned('StatefulSet', 'db') }),
    pod({ name: 'job-1', owner: owned('Job', 'both') }),
    pod({ name: 'both-1', owner: owned('Deployment', 'both') }),
  ],
  services: [
    service({ name: 'db' }),
    service({ name: 'front' }),
    service({ name: 'out', type: 'ExternalName', externalName: 'api.example.com', clusterIPs: [] }),
    service({
      name: 'alias',
      type: 'ExternalName',
      externalName: 'db.ops.svc.cluster.local',
      clusterIPs: [],
    }),
  ],
  nodes: [node({ name: 'node-a' })],
});

const meant = (text: string, role: 'source' | 'destination' = 'source') =>
  grantEndOf(model, parsePathEnd(text, 'shop'), role);

describe('a grant takes an end for what a path with this end is judged for', () => {
  test.each([
    ['web', { type: 'workload', ref: owned('Deployment', 'web') }],
    ['shop/web', { type: 'workload', ref: owned('Deployment', 'web') }],
    ['db', { type: 'workload', ref: owned('StatefulSet', 'db') }],
    ['db-0', { type: 'pod', namespace: 'shop', name: 'db-0' }],
    ['db.shop.svc', { type: 'service', namespace: 'shop', name: 'db' }],
    ['deploy/web', { type: 'workload', ref: owned('Deployment', 'web') }],
    ['10.0.0.9', { type: 'ip', ip: '10.0.0.9' }],
    ['10.0.0.0/24', { type: 'range', cidr: '10.0.0.0/24' }],
    ['2001:DB8:0::/32', { type: 'range', cidr: '2001:db8::/32' }],
  ])('%s', (text, end) => {
    expect(meant(text)).toEqual(end);
  });

  test('a name of a Service alone is the Service where connections go', () => {
    expect(meant('front', 'destination')).toEqual({ type: 'service', namespace: 'shop', name: 'front' });
  });

  test.each([
    ['db', 'destination', '"db" in namespace shop is ambiguous'],
    ['both', 'source', '"both" in namespace shop is ambiguous'],
    ['nothing', 'source', 'No pod, workload or Service nothing found in namespace shop.'],
    ['node/node-a', 'source', 'A grant cannot have node/node-a as its source.'],
    [
      '10.0.0.7/24',
      'destination',
      '"10.0.0.7/24" is not the start of a block: only the first 24 bits of its address count.',
    ],
    ['10.0.0.0/33', 'source', '"10.0.0.0/33" is not a valid CIDR.'],
    [
      'svc/out',
      'destination',
      'Service shop/out is only another name for api.example.com, and a NetworkPolicy knows no DNS names.',
    ],
    ['world', 'destination', 'A grant cannot have world as its destination.'],
    ['localhost', 'source', 'A grant cannot have localhost as its source.'],
    ['api.example.com', 'destination', 'A grant cannot have api.example.com as its destination.'],
  ] as const)('%s as %s is refused in words', (text, role, message) => {
    expect(() => meant(text, role)).toThrow(message);
  });

  test.each([
    ['svc/alias', 'Name the Service that it stands for: ops/svc/db.'],
    ['svc/out', 'Write its addresses, as in 198.51.100.7 or 198.51.100.0/24.'],
    [
      'api.example.com',
      'A NetworkPolicy knows no DNS names: write its addresses, as in 198.51.100.7 or 198.51.100.0/24.',
    ],
    ['10.0.0.7/24', 'Write 10.0.0.0/24 for the block, or 10.0.0.7 for the address.'],
  ])('the next step for %s is to write what it stands for', (text, hint) => {
    expect(() => meant(text, 'destination')).toThrow(expect.objectContaining({ hint }));
  });
});
