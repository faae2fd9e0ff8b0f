import { expect, test } from 'vitest';
import type { VisibleRows } from '../../../src/session/state/commands.ts';
import type { Overlay, SessionState } from '../../../src/session/state/session-state.ts';
import { textField } from '../../../src/session/state/text-field.ts';
import { announce } from '../../../views/linear/announce.ts';
import {
  attemptLine,
  deniedVerdict,
  grantForm,
  grantLine,
  NOW,
  sessionState,
} from '../../helpers/session-state.ts';

const rows: VisibleRows = (state, pane) => state[pane];

function told(change: Partial<SessionState>, before: SessionState = sessionState()): readonly string[] {
  return announce(before, { ...before, ...change }, rows);
}

test('nothing new, nothing said; not each second either', () => {
  expect(told({ now: NOW + 1000, serverNow: NOW + 1000, rate: 12 })).toEqual([]);
});

test('a verdict is announced when it changes, and only then', () => {
  const attempts = [
    attemptLine({ verdict: 'allow', why: 'sluice-7f3k-in' }),
    ...sessionState().attempts.slice(1),
  ];
  expect(told({ attempts })).toEqual(['ALLOW: web to db port 5432, sluice-7f3k-in']);
  expect(told({ attempts: [attemptLine({ count: 43 }), ...sessionState().attempts.slice(1)] })).toEqual([]);
});

test('a burst of attempts is counted', () => {
  const attempts = Array.from({ length: 12 }, (_, index) => attemptLine({ from: `new-${index}` }));
  const lines = told({ attempts });
  expect(lines).toHaveLength(6);
  expect(lines[0]).toBe('and 7 more attempts');
});

test('grants are announced when their state changes, when they drift, and as their end approaches', () => {
  const closed = grantLine({ name: 'closed', at: NOW, by: 'deadline', proof: '2 attempts dropped since' });
  expect(told({ grants: [closed] })).toEqual(['grant web to db :5432: closed, 2 attempts dropped since']);
  expect(told({ grants: [grantLine(undefined, { drift: ['the lease was suspended'] })] })).toEqual([
    'grant web to db :5432 drifted: the lease was suspended',
  ]);
  const before = grantLine().grant;
  const window = { start: NOW - 648_000, end: NOW + 1_152_000, seconds: 1_800 };
  const longer = { window, announced: { seconds: 1_800, most: 28_800, by: 'bob' } };
  expect(told({ grants: [grantLine(undefined, longer)] })).toEqual([
    'grant web to db :5432: bob set the window to 30m',
  ]);
  const own = { window, announced: { seconds: 1_800, most: 28_800, by: before.requester } };
  expect(told({ grants: [grantLine(undefined, own)] })).toEqual([]);
  expect(told({ serverNow: NOW + 132_000 })).toEqual(['grant web to db :5432: 2m left']);
  expect(told({ serverNow: NOW + 131_000 })).toEqual([]);
});

test('what a notice tells of a grant of this session is not announced twice', () => {
  const lines = (mine: boolean) => {
    const before = sessionState({ serverNow: NOW + 191_000, grants: [grantLine(undefined, { mine })] });
    return told({ serverNow: NOW + 192_000 }, before);
  };
  expect(lines(false)).toEqual(['grant web to db :5432: 1m left']);
  expect(lines(true)).toEqual([]);
});

test('connection, namespace and traffic source are announced when they change', () => {
  const { cluster, traffic } = sessionState();
  expect(told({ cluster: { ...cluster, connection: 'stale', problem: 'connection refused' } })).toEqual([
    'cluster demo: stale, connection refused, enforcer cilium',
  ]);
  expect(told({ cluster: { ...cluster, namespace: 'bank' } })[0]).toBe('namespace bank');
  expect(told({ traffic: { ...traffic, status: 'reconnecting', detail: 'relay is gone' } })).toEqual([
    'traffic: hubble ◌ reconnecting: relay is gone',
  ]);
});

test('the cursor reads its row with the names of the columns', () => {
  const panes = { ...sessionState().panes, attempts: { index: 1, filter: '', key: 'web>api:8080' } };
  expect(told({ panes })).toEqual([
    '2 of 5: age 1s, verdict ✓ ALLOW, source web, destination api, port 8080, passed 1.2k, why api-from-web',
  ]);
});

test('another pane reads its name, its rows and the row under the cursor', () => {
  expect(told({ focus: 'pods' })).toEqual([
    'Pods, 4 rows',
    expect.stringMatching(/^1 of 4: name api-6c9d-4kx, ready 1\/1, status Running, .*, in iso, out open$/),
  ]);
});

test('a marked path is announced with its verdict, that of the row under the cursor is not', () => {
  const { path } = sessionState();
  expect(told({ path }, sessionState({ path: {} }))).toEqual([]);
  expect(told({ path: { ...path, marked: true } }, sessionState({ path: {} }))).toEqual([
    'path web → db :5432/tcp, deny: egress not isolated, ingress db-only-api: admits api, not web',
  ]);
});

test('a filter announces how many rows match', () => {
  const open = sessionState({ overlay: { type: 'filter', pane: 'attempts', field: textField('api') } });
  const panes = { ...open.panes, attempts: { index: 0, filter: 'api' } };
  const two: VisibleRows = (state, pane) => state[pane].slice(0, 2);
  expect(announce(open, { ...open, panes, overlay: { type: 'none' } }, two)).toEqual([
    'back',
    '2 of 5 attempts match api',
  ]);
});

test('an invalid filter says why', () => {
  const open = sessionState({ overlay: { type: 'filter', pane: 'pods', field: textField('-l app in (') } });
  const panes = { ...open.panes, pods: { index: 0, filter: '-l app in (' } };
  const after: SessionState = { ...open, panes, focus: 'pods', overlay: { type: 'none' } };
  expect(announce({ ...open, focus: 'pods' }, after, () => [])).toContain(
    "invalid filter -l app in (: unable to parse requirement: found '', expected: ',', ')' or identifier",
  );
});

test('what opens is read whole; later only what is new in it', () => {
  const overlay: Overlay = {
    type: 'explain',
    title: 'web → db',
    verdict: deniedVerdict(),
    names: { from: 'web', to: 'db' },
    scroll: 0,
    at: NOW,
  };
  expect(told({ overlay }).slice(0, 3)).toEqual([
    'web → db',
    'egress of web  ✓ allow  not isolated: no policy selects web for egress',
    'ingress of db  ✗ deny  isolated by default-deny',
  ]);
  const open = sessionState({ overlay });
  expect(announce(open, { ...open, overlay: { ...overlay, scroll: 3 } }, rows)).toEqual([]);
});

test('a form is read with the values of its fields', () => {
  const lines = told({ overlay: { type: 'grant', form: grantForm() } });
  expect(lines).toContainEqual(expect.stringMatching(/^From {2}web {2}/));
  expect(lines).toContainEqual(expect.stringMatching(/^To {2}\S*db {2}/));
  expect(lines).toContainEqual(expect.stringMatching(/^For {2}15m/));
  expect(lines).toContainEqual(expect.stringMatching(/^Ports {2}5432\/tcp/));
});

test('typing is not read back; a field is when it is entered', () => {
  const open = sessionState({ overlay: { type: 'grant', form: grantForm() } });
  const form = grantForm({ fields: { ...grantForm().fields, reason: textField('INC') } });
  expect(announce(open, { ...open, overlay: { type: 'grant', form } }, rows)).toEqual([]);
  const ticket = grantForm({ field: 'ticket' });
  expect(announce(open, { ...open, overlay: { type: 'grant', form: ticket } }, rows)).toEqual([
    'field ticket: ',
  ]);
});

test('notices are announced with their next step', () => {
  expect(told({ notice: { level: 'error', text: 'No such pod.', hint: 'Pick one.', at: NOW } })).toEqual([
    'error: No such pod. Pick one.',
  ]);
});

test('columns that were hidden are not read out, one that was asked for is', () => {
  const before = sessionState();
  const { attempts } = before.panes;
  const panes = { ...before.panes, attempts: { ...attempts, index: 0, key: before.attempts[0]?.key } };
  const read = (columns: SessionState['columns']) => told({ panes }, sessionState({ columns }))[0];
  expect(read({})).toMatch(/^1 of \d+: age 1s, verdict .*port 5432/);
  expect(read({})).not.toContain('first');
  const chosen = read({ attempts: { age: false, first: true } });
  expect(chosen).toMatch(/^1 of \d+: verdict .*, first 3m0s, why/);
  expect(chosen).not.toContain('age');
});

test('the choice of columns is read out whole, then the column under the cursor and what changes', () => {
  const open = sessionState({ overlay: { type: 'columns', index: 0 } });
  const opened = announce(sessionState(), open, rows);
  expect(opened[0]).toBe('Columns of Attempts');
  expect(opened).toContain('[ ] FIRST  off');
  expect(opened.at(-1)).toBe('[x] AGE  automatic, 1 of 10');
  expect(told({ overlay: { type: 'columns', index: 8 } }, open)).toEqual(['[ ] FIRST  off, 9 of 10']);
  const at = sessionState({ overlay: { type: 'columns', index: 8 } });
  expect(told({ columns: { attempts: { first: true } } }, at)).toEqual(['[x] FIRST  chosen']);
});
