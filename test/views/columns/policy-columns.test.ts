import { expect, test } from 'vitest';
import type { Severity } from '../../../src/core/policy/lint/finding.ts';
import { lintCell, lintNews } from '../../../views/columns/lint-columns.ts';
import { policyColumns } from '../../../views/columns/policy-columns.ts';
import { cellsOf } from '../../helpers/cells.ts';
import { assessment, finding, policyRow } from '../../helpers/session-state.ts';

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
    selects: '3',
    rules: '1',
    age: '2h0m',
    lint: '',
  });
});

test('a policy of the whole cluster says so, and what is wrong with one is noted', () => {
  const { policy, ...row } = policyRow('pci-deny', {}, { kind: 'CiliumClusterwideNetworkPolicy' });
  const { namespace: _, ...clusterwide } = policy;
  const problems = ['rule 1: port 99999 is none', 'selects nothing'];
  expect(cellsOf(policyColumns(true), { ...row, policy: { ...clusterwide, problems } })).toMatchObject({
    namespace: '(cluster)',
    kind: 'CiliumClusterwideNetworkPolicy',
    lint: '! rule 1: port 99999 is none; selects nothing warn',
  });
});

test('the gravest mistake is named with its sign, the others are counted', () => {
  const lint = (...severities: readonly Severity[]) =>
    lintCell(
      policyRow('p', {
        assessment: assessment(
          1,
          severities.map((one) => finding(`a-${one}`, one)),
        ),
      }),
    );
  expect(lint('error', 'warning')).toEqual({ text: '✗ a-error +1', short: '✗+1', tone: 'bad' });
  expect(lint('warning')).toEqual({ text: '! a-warning', short: '!', tone: 'warn' });
  expect(lint('info')).toMatchObject({ text: '· a-info', tone: 'faint' });
  expect(lint().text).toBe('');
});

test('while a policy has not been looked at, the row says so instead of claiming anything', () => {
  const { assessment: _, ...row } = policyRow('p');
  expect(cellsOf(policyColumns(false), row)).toMatchObject({ selects: '…', lint: '… faint' });
});

test('the news of the pane are mistakes of the gravest kind there is', () => {
  const row = (severity: Severity) => policyRow('p', { assessment: assessment(1, [finding('x', severity)]) });
  expect(lintNews([row('warning'), row('error'), row('info')])?.text).toBe('✗ 1');
  expect(lintNews([row('warning'), row('warning')])?.text).toBe('! 2');
  expect(lintNews([row('info'), policyRow('q')])).toBeUndefined();
});
