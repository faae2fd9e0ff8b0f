import { expect, test } from 'vitest';
import { emptyText } from '../../../views/panes/empty.ts';
import { sessionState } from '../../helpers/session-state.ts';

function said(filter: string): string {
  const state = sessionState();
  const panes = { ...state.panes, pods: { index: 0, filter } };
  return emptyText({ ...state, panes }, 'pods').text;
}

test('a filter that leaves nothing says so', () => {
  expect(said('-l app in (web,db)')).toBe('no matches for /-l app in (web,db)   esc clears it');
});

test('a filter that can’t be read says why', () => {
  expect(said('-l app=web)')).toBe(
    "invalid filter /-l app=web): found ')', expected: ',' or 'end of string'   esc clears it",
  );
});
