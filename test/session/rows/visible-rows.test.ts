import { expect, test } from 'vitest';
import { createVisibleRows } from '../../../src/session/rows/visible-rows.ts';
import type { SessionState } from '../../../src/session/state/session-state.ts';
import { assessment, finding, podRow, policyRow, sessionState } from '../../helpers/session-state.ts';

const policies = [
  policyRow('sound'),
  policyRow('stale', { assessment: assessment(0, [finding('selects-nothing', 'warning')]) }),
  policyRow('refused', { assessment: assessment(0, [finding('invalid', 'error')]) }),
];
const pods = [
  podRow('web-0', {}, { ingress: 'open' }),
  podRow('db-0', {}, { ingress: 'iso', egress: 'iso' }),
];

function names(pane: 'pods' | 'policies', change: Partial<SessionState['panes']['pods']>): readonly string[] {
  const { panes } = sessionState();
  const state = sessionState({
    pods,
    policies,
    panes: { ...panes, [pane]: { index: 0, filter: '', ...change } },
  });
  return createVisibleRows()(state, pane).map(({ key }) => key.replace(/.*\//, ''));
}

test('policies are found by what is wrong with them', () => {
  expect(names('policies', { filter: 'lint:' })).toEqual(['stale', 'refused']);
  expect(names('policies', { filter: 'lint:error' })).toEqual(['refused']);
  expect(names('policies', { filter: 'lint:selects-nothing' })).toEqual(['stale']);
  expect(names('policies', { filter: '!lint:' })).toEqual(['sound']);
});

test('policies are sorted by what is wrong with them, gravest first', () => {
  expect(names('policies', { sort: { column: 'lint', descending: false } })).toEqual([
    'refused',
    'stale',
    'sound',
  ]);
});

test('pods are found by how they stand', () => {
  expect(names('pods', { filter: 'in:open' })).toEqual(['web-0']);
  expect(names('pods', { filter: 'out:iso' })).toEqual(['db-0']);
});
