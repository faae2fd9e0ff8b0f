import { expect, test } from 'vitest';
import { formatPorts, readPorts } from '../../../src/core/grants/names.ts';

const tcp = (port: number) => ({ port, protocol: 'TCP' as const });

test.each([
  ['5432/tcp', [tcp(5432)]],
  [
    '8000-8002/tcp,53/udp,8003/tcp',
    [tcp(8000), tcp(8001), tcp(8002), { port: 53, protocol: 'UDP' as const }, tcp(8003)],
  ],
])('the ports %s are written and read back', (text, ports) => {
  expect(formatPorts(ports)).toBe(text);
  expect(readPorts(text)).toEqual(ports);
});

test('edited ports neither break the list nor fill the memory', () => {
  expect(readPorts('80/tcp,x/tcp,9-5/tcp,81/icmp')).toEqual([tcp(80)]);
  expect(readPorts('1-99999/tcp')).toHaveLength(1_024);
});
