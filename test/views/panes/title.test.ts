import { expect, test } from 'vitest';
import { paneTitle } from '../../../views/panes/title.ts';
import { lineText } from '../../../views/text/span.ts';
import { assessment, finding, policyRow, sessionState } from '../../helpers/session-state.ts';

const policies = [policyRow('one-dash', { assessment: assessment(1, [finding('one-dash', 'warning')]) })];

const into = { type: 'pod', text: 'pod db-0', namespace: 'shop', name: 'db-0' } as const;

function titleAt(columns: number, filter: string, crumbs: readonly string[]) {
  const state = sessionState({ policies });
  const pane = { index: 0, filter, drill: { into, crumbs, keys: new Set([policies[0]?.key ?? '']) } };
  const { title, right } = paneTitle(
    { ...state, panes: { ...state.panes, policies: pane } },
    'policies',
    () => policies,
    columns,
  );
  return [lineText(title), lineText(right)];
}

test('mistakes in policies give way to what hides rows', () => {
  expect(titleAt(80, 'dash', ['pod db-0'])).toEqual([' 2 Policies 1 ‹ pod db-0 ── ! 1 to check ', '/dash']);
  expect(titleAt(40, 'dash', ['pod db-0'])).toEqual([' 2 Policies 1 ‹ pod db-0 ', '/dash']);
});
