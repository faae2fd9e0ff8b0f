import { expect, test } from 'vitest';
import type { GrantState } from '../../../src/core/grants/grant.ts';
import type { AttemptVerdict } from '../../../src/core/traffic/attempt.ts';
import { clock } from '../../../src/session/app/about-grant.ts';
import type { PastGrant } from '../../../src/session/app/grant-book.ts';
import { historyItems } from '../../../src/session/app/grant-history.ts';
import { attemptLine, grantLine, NOW } from '../../helpers/session-state.ts';

const second = (at: number) => NOW + at * 1_000;
const window = (end: number) => ({ start: second(10), end: second(end), seconds: end - 10 });

/** A grant in a state, as it was noted `at` seconds. */
function noted(at: number, state: GrantState, end = 910): PastGrant {
  const { grant } = grantLine(state, { window: window(end), mine: true });
  return { at: second(at), grant };
}

const attempt = (at: number, verdict: AttemptVerdict) => ({
  ...attemptLine().row.newest,
  verdict,
  turned: second(at),
});

/** Lines with seconds in place of times of the day. */
function told(past: readonly PastGrant[], attempts: readonly ReturnType<typeof attempt>[], planned?: number) {
  const last =
    past.at(-1)?.grant ??
    grantLine({ name: 'applied', at: second(11) }, { window: window(910), mine: false }).grant;
  const days = new Map(Array.from({ length: 1_000 }, (_, at) => [clock(second(at)), String(at)]));
  const inSeconds = (text: string) => text.replace(/\d\d:\d\d:\d\d/g, (time) => days.get(time) ?? time);
  return historyItems(last, past, attempts, planned).map(
    ({ label, text }) => `${inSeconds(label)} ${inSeconds(text)}`,
  );
}

test('a grant is told from its plan to its proof, with the attempts on its path between', () => {
  const past = [
    noted(11, { name: 'applied', at: second(11) }),
    noted(13, { name: 'open', at: second(12), after: 1_000, how: 'seen by hubble' }),
    noted(20, { name: 'open', at: second(12), after: 1_000, how: 'seen by hubble' }, 1_810),
    noted(30, { name: 'revoking', at: second(30) }),
    noted(31, { name: 'revoked', at: second(31), by: 'revoke' }),
    noted(40, { name: 'closed', at: second(40), by: 'revoke', proof: '2 attempts dropped on 1 of 1 pairs' }),
  ];
  const attempts = [
    attempt(3, 'drop'),
    attempt(9, 'drop'),
    attempt(12, 'allow'),
    attempt(19, 'l7'),
    attempt(21, 'failed'),
    attempt(22, 'pending'),
    attempt(35, 'drop'),
    attempt(36, 'error'),
  ];
  expect(told(past, attempts, second(8))).toEqual([
    '3 ✗ 1 attempt dropped',
    '8 planned: the server accepted the dry-run',
    '9 ✗ 1 attempt dropped',
    '10 leased for 15m, requested by responder@demo (you)',
    '11 applied: the policy is in the cluster',
    '12 open, seen by hubble',
    '12 ✓ 2 attempts let through, the last at 19',
    expect.stringMatching(/^20 extended until /),
    '21 ✓ 1 attempt let through',
    '30 closing: its policies are being deleted',
    '31 policy gone, ended by a revocation',
    '35 ✗ 2 attempts dropped, the last at 36',
    '40 closed, ended by a revocation: 2 attempts dropped on 1 of 1 pairs',
  ]);
});

test('drift is told once, when it was found', () => {
  const drift = ['NetworkPolicy shop/db-only-api was changed after the grant was planned'];
  const open: GrantState = { name: 'open', at: second(12), after: 1_000, how: 'seen by hubble' };
  const drifted = (at: number, state: GrantState): PastGrant => {
    const { grant } = noted(at, state);
    return { at: second(at), grant: { ...grant, drift } };
  };
  const past = [noted(13, open), drifted(20, open), drifted(30, { name: 'revoking', at: second(30) })];
  expect(told(past, [attempt(21, 'allow')])).toEqual([
    '10 leased for 15m, requested by responder@demo (you)',
    '12 open, seen by hubble',
    `20 ! ${drift[0]}`,
    '21 ✓ 1 attempt let through',
    '30 closing: its policies are being deleted',
  ]);
});

test('a grant of somebody else is told as far as it tells itself, and no attempt twice', () => {
  expect(told([], [attempt(5, 'drop'), attempt(15, 'allow')])).toEqual([
    '5 ✗ 1 attempt dropped',
    '10 leased for 15m, requested by responder@demo',
    '11 applied: the policy is in the cluster',
    '15 ✓ 1 attempt let through',
    '910 the cluster ends it, whether or not sluice runs',
  ]);
  expect(told([], [])).toContain('attempts none seen on its path');
});

test('every attempt is told once, whatever the order of what is known', () => {
  const past = [
    noted(9, { name: 'applied', at: second(9) }),
    noted(14, { name: 'open', at: second(14), after: 1_000, how: 'seen' }),
  ];
  const attempts = Array.from({ length: 20 }, (_, at) => attempt(at, 'allow'));
  const counts = told(past, attempts, second(12)).flatMap((line) => /✓ (\d+) attempt/.exec(line)?.[1] ?? []);
  expect(counts.reduce((sum, count) => sum + Number(count), 0)).toBe(attempts.length);
});
