import { expect, test } from 'vitest';
import { createClusterModel } from '../../../src/core/live/model.ts';
import { createObjectRows } from '../../../src/session/rows/object-rows.ts';
import { podRow } from '../../helpers/session-state.ts';

const owner = { kind: 'Deployment', namespace: 'shop', name: 'web' };

test('a workload sums up its pods: how many are ready, the oldest, and whether they are isolated alike', () => {
  const rows = [
    podRow('web-1', { owner, created: 2_000, containers: ['web'], readyContainers: 1 }, { egress: 'open' }),
    podRow('web-2', { owner, created: 1_000, containers: ['web'], readyContainers: 0 }, { egress: 'iso' }),
    podRow('bare', {}),
  ].map((row) => (row.pod.name === 'bare' ? { ...row, pod: { ...row.pod, owner: undefined } } : row));
  const { workloads } = createObjectRows(createClusterModel());
  const found = workloads(rows);
  expect(found).toEqual([
    {
      key: 'Deployment/shop/web',
      workload: owner,
      pods: 2,
      ready: 1,
      ingress: rows[0]?.ingress,
      egress: 'mixed',
      oldest: 1_000,
    },
  ]);
  expect(workloads(rows)).toBe(found);
});
