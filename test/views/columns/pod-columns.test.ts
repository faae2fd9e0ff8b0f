import { expect, test } from 'vitest';
import { podColumns } from '../../../views/columns/pod-columns.ts';
import { cellsOf } from '../../helpers/cells.ts';
import { NOW, podRow } from '../../helpers/session-state.ts';

test('a running pod reads as kubectl shows it, and shows its isolation', () => {
  const row = podRow(
    'web-7d9f-x2x',
    { restarts: 3, created: NOW - 250_000 },
    { ingress: 'open', egress: 'iso' },
  );
  expect(cellsOf(podColumns(true), row)).toEqual({
    namespace: 'shop',
    name: 'web-7d9f-x2x',
    ready: '1/1',
    status: 'Running',
    ip: '10.1.0.12',
    node: 'node-a',
    restarts: '3',
    age: '4m10s',
    in: 'open faint',
    out: 'iso strong',
  });
});

test('unhealthy pods stand out: unready, crashing, unknown', () => {
  const row = podRow(
    'web-1',
    { readyContainers: 0, status: 'CrashLoopBackOff', ips: [] },
    { ingress: 'admin', egress: '?' },
  );
  expect(cellsOf(podColumns(false), row)).toMatchObject({
    ready: '0/1 warn',
    status: 'CrashLoopBackOff warn',
    ip: '-',
    in: 'admin strong',
    out: '? warn',
  });
});

test('a finished pod is no alarm', () => {
  const row = podRow('migrate-1', { phase: 'Succeeded', status: 'Completed', readyContainers: 0 });
  expect(cellsOf(podColumns(false), row)).toMatchObject({ ready: '0/1', status: 'Completed faint' });
});

test('the namespace is a column only where several are in view', () => {
  expect(podColumns(false).map(({ id }) => id)).not.toContain('namespace');
});
