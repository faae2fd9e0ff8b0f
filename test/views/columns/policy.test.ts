import { expect, test } from 'vitest';
import { policyColumns } from '../../../views/columns/policy.ts';
import { cellsOf } from '../../helpers/cells.ts';
import { assessment, policyRow } from '../../helpers/session-state.ts';

test('a policy shows its directions, what it selects and how many rules it has', () => {
  expect(
    cellsOf(
      policyColumns(false),
      policyRow('db-only-api', { directions: 'IN,OUT', assessment: assessment(3) }),
    ),
  ).toEqual({
    name: 'db-only-api',
    kind: 'NetworkPolicy',
    dir: 'IN,OUT',
    selects: '3 pods',
    rules: '1',
    age: '2h0m',
    problems: ' warn',
  });
});

test('a policy of the whole cluster says so, and what is wrong with one is noted', () => {
  const { policy, ...row } = policyRow('pci-deny', {}, { kind: 'CiliumClusterwideNetworkPolicy' });
  const { namespace: _, ...clusterwide } = policy;
  const problems = ['rule 1: port 99999 is none', 'selects nothing'];
  expect(cellsOf(policyColumns(true), { ...row, policy: { ...clusterwide, problems } })).toMatchObject({
    namespace: '(cluster)',
    kind: 'CiliumClusterwideNetworkPolicy',
    problems: 'rule 1: port 99999 is none; selects nothing warn',
  });
});
