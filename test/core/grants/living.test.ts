import { describe, expect, test } from 'vitest';
import { cutCommand, livingSummary } from '../../../src/core/grants/living.ts';
import type { LivingConnection } from '../../../src/core/ports/ports.ts';

const connection = (port: number, more: Partial<LivingConnection> = {}): LivingConnection => ({
  pod: { namespace: 'shop', name: 'web-1' },
  protocol: 'TCP',
  local: { ip: '10.0.0.5', port },
  remote: { ip: '10.0.0.9', port: 5_432 },
  ...more,
});

describe('connections that live on', () => {
  test('are named by pod and socket, the first of them', () => {
    expect(livingSummary([connection(40_000)])).toBe(
      '1 established connection stays open: web-1 10.0.0.5:40000 → 10.0.0.9:5432/tcp',
    );
    const many = [1, 2, 3, 4, 5].map((port) => connection(port));
    expect(livingSummary(many)).toMatch(/^5 established connections stay open: .*:3 → \S+ and 2 more$/);
  });

  test('have a command line with their namespace, pod, addresses and ports', () => {
    expect(cutCommand(connection(40_000))).toBe(
      'kubectl debug -n shop web-1 -it --profile=netadmin --image=IMAGE -- ss -K -n -t dst 10.0.0.9 dport = :5432 sport = :40000',
    );
    const six = { remote: { ip: 'fd00::9', port: 53 }, protocol: 'UDP' } as const;
    expect(cutCommand(connection(7, six))).toMatch(/ss -K -n -u dst fd00::9 dport = :53 sport = :7$/);
  });
});
