import { expect, test } from 'vitest';
import type { EndRef } from '../../../../src/core/cluster/objects.ts';
import { grantPortsOf, parseGrantPorts } from '../../../../src/core/policy/path/grant-ports.ts';
import { cluster, pod, service } from '../../../helpers/builders.ts';

const owner = { kind: 'StatefulSet', namespace: 'shop', name: 'db' };
const named = (port: number) => [
  { name: 'pg', port, protocol: 'TCP' as const },
  { name: 'dns', port: 53, protocol: 'UDP' as const },
];
const model = cluster({
  pods: [
    pod({ name: 'db-0', labels: { app: 'db' }, owner, ports: named(5432) }),
    pod({ name: 'db-1', labels: { app: 'db' }, owner, ports: named(5433) }),
    pod({ name: 'db-2', labels: { app: 'db' }, owner }),
  ],
  services: [
    service({
      ports: [
        { name: 'sql', port: 80, targetPort: 'pg', protocol: 'TCP' },
        { name: 'more', port: 85, targetPort: 5432, protocol: 'TCP' },
      ],
    }),
  ],
});
const DB: EndRef = { type: 'workload', ref: owner };
const SERVICE: EndRef = { type: 'service', namespace: 'shop', name: 'db' };
const portsOf = (text: string, end: EndRef = DB) =>
  grantPortsOf(model, end, parseGrantPorts(text)).map(({ port, protocol }) => `${port}/${protocol}`);

test.each([
  ['5432', ['5432/TCP']],
  ['tcp/80', ['80/TCP']],
  ['53/udp, 80', ['80/TCP', '53/UDP']],
  ['8000-8002/tcp,8001,8003', ['8000/TCP', '8001/TCP', '8002/TCP', '8003/TCP']],
  ['pg', ['5432/TCP', '5433/TCP']],
  ['pg,dns/udp', ['5432/TCP', '5433/TCP', '53/UDP']],
])('%s are the ports that the pods have now', (text, ports) => {
  expect(portsOf(text)).toEqual(ports);
});

test('of a Service, a name and a range are ports that it has', () => {
  expect(portsOf('sql', SERVICE)).toEqual(['80/TCP']);
  expect(portsOf('80-90', SERVICE)).toEqual(['80/TCP', '85/TCP']);
  expect(() => portsOf('pg', SERVICE)).toThrow('svc/db has no port pg/tcp that leads to a pod.');
});

test.each([
  ['nothing', 'db declares no port nothing/tcp.'],
  ['pg/udp', 'db declares no port pg/udp.'],
  ['icmp', '"icmp" is ICMP, which a NetworkPolicy cannot admit.'],
  ['80,icmp/8', '"icmp/8" is ICMP, which a NetworkPolicy cannot admit.'],
  ['tcp', '"tcp" is 65535 ports, and at most 1024 are opened at once.'],
  ['1-1000,2000-2100', '"1-1000,2000-2100" is 1101 ports, and at most 1024 are opened at once.'],
  ['', '"" is not a port.'],
  ['80,', '"" is not a port.'],
  ['90-80', '"90-80" ends before it starts.'],
  ['0', 'Port 0 is out of range.'],
])('"%s" is refused in words', (text, message) => {
  expect(() => portsOf(text)).toThrow(message);
});
