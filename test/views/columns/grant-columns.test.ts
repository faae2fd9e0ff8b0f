import { expect, test } from 'vitest';
import type { GrantState } from '../../../src/core/grants/grant.ts';
import { grantColumns, portsText } from '../../../views/columns/grant-columns.ts';
import { cellsOf } from '../../helpers/cells.ts';
import { grantLine, NOW } from '../../helpers/session-state.ts';

const at = new Date(NOW - 5000);
const clock = [at.getHours(), at.getMinutes(), at.getSeconds()]
  .map((n) => String(n).padStart(2, '0'))
  .join(':');

test('an open grant shows what it opens, and what is left of its window', () => {
  expect(cellsOf(grantColumns, grantLine())).toEqual({
    path: 'web → db :5432',
    state: '✓ open good',
    bar: '███░░░░░░░',
    left: '04:12 left of 15m',
    requester: 'responder@demo faint',
    reason: 'INC-4411 payment page shows no orders faint',
  });
});

const states: readonly (readonly [GrantState, string, string])[] = [
  [{ name: 'leasing' }, '◌ leasing faint', 'waiting for the lease faint'],
  [{ name: 'applied', at: NOW }, '◌ applied time', '04:12 left, not yet seen'],
  [{ name: 'revoking', at: NOW }, '◷ revoking time', '04:12 left of 15m'],
  [{ name: 'revoked', at: NOW - 5000, by: 'revoke' }, '◌ revoked time', `${clock}, checking traffic`],
  [
    { name: 'closed', at: NOW - 5000, by: 'deadline', proof: '2 attempts dropped since' },
    '✓ closed good',
    `${clock}, 2 attempts dropped since`,
  ],
  [
    {
      name: 'unproven',
      at: NOW - 5000,
      by: 'deadline',
      proof: 'no attempt seen since',
      pairs: ['web-1 → db-0 :5432/tcp'],
    },
    '? unproven time',
    `${clock}, policy gone; no attempt seen since`,
  ],
  [
    { name: 'flowing', at: NOW, by: 'lease', connections: '2 connections stay open', still: 'established' },
    '✗ flowing alert',
    '2 connections stay open alert',
  ],
  [
    { name: 'failed', at: NOW, message: 'the lease never started', hint: '' },
    '✗ failed alert',
    'the lease never started bad',
  ],
];

test.each(states)('%o reads as it is', (state, word, left) => {
  expect(cellsOf(grantColumns, grantLine(state))).toMatchObject({ state: word, left });
});

test('a grant that outlives its window is red', () => {
  const window = { start: NOW - 903_000, end: NOW - 3000, seconds: 900 };
  expect(cellsOf(grantColumns, grantLine(undefined, { window })).state).toBe('✗ overdue alert');
});

test('a grant that stands and has troubles is red; one that has ended is as it ended', () => {
  const drift = ['its lease is suspended'];
  const stateOf = (state?: GrantState) => cellsOf(grantColumns, grantLine(state, { drift })).state;
  expect(stateOf()).toBe('! open alert');
  expect(stateOf({ name: 'failed', at: NOW, message: '', hint: '' })).toBe('✗ failed alert');
  expect(stateOf({ name: 'closed', at: NOW, by: 'lease', proof: '' })).toBe('✓ closed good');
});

test('ports read as people write them', () => {
  expect(
    portsText([
      { port: 80, protocol: 'TCP' },
      { port: 53, protocol: 'UDP' },
    ]),
  ).toBe(':80,53/udp');
});
