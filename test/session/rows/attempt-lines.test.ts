import { expect, test, vi } from 'vitest';
import { policyKey } from '../../../src/core/live/live.ts';
import { createEngine } from '../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../src/core/policy/enforcers/enforcers.ts';
import type { AttemptRow } from '../../../src/core/traffic/attempt.ts';
import { createJudgedLines, lineOfFlows } from '../../../src/session/rows/attempt-lines.ts';
import { createEpochs } from '../../../src/session/rows/concerns.ts';
import { cluster, networkPolicy, pod } from '../../helpers/builders.ts';
import { attemptLine } from '../../helpers/session-state.ts';

const always = () => true;

function row(from: string, to: string, port: number): AttemptRow {
  const { row: made } = attemptLine({ from, to, port });
  const { newest } = made;
  return { ...made, newest: { ...newest, destination: { ...newest.destination, port } } };
}

function setUp() {
  const db = networkPolicy({
    name: 'db-only-api',
    spec: {
      podSelector: { matchLabels: { app: 'db-0' } },
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api-0' } } }] }],
    },
  });
  const pods = ['web-0', 'api-0', 'db-0'].map((name) => pod({ name }));
  const model = cluster({ pods, policies: [db] });
  const engine = createEngine(model, dialectOf('spec'));
  const decide = vi.spyOn(engine, 'decide');
  const epochs = createEpochs();
  const allow = () => {
    const event = { type: 'reset', kind: 'policies', source: 'test', objects: [] } as const;
    model.apply(event);
    engine.apply(event);
  };
  return { decide, allow, epochs, lines: createJudgedLines(model, engine, epochs.of) };
}

test('a row is judged once, and again only when something near it changes', () => {
  const { decide, epochs, lines } = setUp();
  const rows = [row('web', 'db', 5432), row('api', 'db', 5432)];
  const first = lines.of(rows, always);
  expect(first[0]?.why).toBe('db-only-api admits app=api-0, not app=web-0');
  expect(decide).toHaveBeenCalledTimes(2);
  epochs.apply({ what: 'nothing' });
  epochs.apply({ what: 'namespace', name: 'elsewhere' });
  expect(lines.of(rows, always)).toEqual(first);
  expect(lines.of(rows, always)[0]).toBe(first[0]);
  expect(decide).toHaveBeenCalledTimes(2);
  epochs.apply({ what: 'namespace', name: 'shop' });
  lines.of(rows, always);
  expect(decide).toHaveBeenCalledTimes(4);
});

test('another attempt between the same pods costs no new verdict', () => {
  const { decide, lines } = setUp();
  const before = row('web', 'db', 5432);
  lines.of([before], always);
  const [line] = lines.of(
    [{ ...before, count: 43, newest: { ...before.newest, last: before.last + 1 } }],
    always,
  );
  expect(line?.row.count).toBe(43);
  expect(decide).toHaveBeenCalledTimes(1);
});

test('when the time is over, rows keep the verdict that they have and are judged the next time', () => {
  const { epochs, lines } = setUp();
  const rows = [row('web', 'db', 5432), row('api', 'db', 5432)];
  const [first] = lines.of(rows.slice(0, 1), always);
  epochs.apply({ what: 'everything' });
  const late = lines.of(rows, () => false);
  expect(lines.left()).toBe(2);
  expect(late[0]?.why).toBe(first?.why);
  lines.of(rows, always);
  expect(lines.left()).toBe(0);
});

test('what is left is judged later, what is on the screen first, and unjudged rows keep their line', () => {
  const { decide, lines } = setUp();
  const rows = [row('web', 'db', 5432), row('api', 'db', 5432), row('web', 'api', 80)];
  const blank = lines.of(rows, () => false);
  expect(lines.of(rows, () => false)).toStrictEqual(blank);
  expect(lines.of(rows, () => false)[0]).toBe(blank[0]);
  const once = () => decide.mock.calls.length > 0;
  expect(lines.work(once, ['gone', rows[1]?.key ?? ''])).toBe(true);
  expect(lines.left()).toBe(2);
  expect(lines.of(rows, () => false).map(({ decidedBy }) => decidedBy.length)).toEqual([0, 1, 0]);
  expect(lines.work(() => false, [])).toBe(true);
  expect(lines.left()).toBe(0);
  expect(lines.work(() => false, [])).toBe(false);
  const judged = lines.of(rows, () => false);
  expect(judged[0]?.why).toBe('db-only-api admits app=api-0, not app=web-0');
});

test('drops are counted under the policy that denied the last one, also when the path is open by now', () => {
  const { lines, allow, epochs } = setUp();
  const before = row('web', 'db', 5432);
  expect(lines.of([before], always)[0]?.droppedBy).toBe('db-only-api');
  // A grant opens the path before its next attempt.
  allow();
  epochs.apply({ what: 'everything' });
  expect(lines.of([before], always)[0]).toMatchObject({ why: 'policy denied', droppedBy: 'db-only-api' });
  const newest = { ...before.newest, verdict: 'allow' as const };
  const open: AttemptRow = { ...before, verdict: 'allow', count: 50, newest };
  expect(lines.of([open], always)[0]?.droppedBy).toBe('db-only-api');
  const dropReason = { code: 166, text: 'Unsupported L2 protocol' };
  const broken = { ...before, newest: { ...before.newest, dropReason } };
  expect(lines.of([broken], always)[0]?.droppedBy).toBe('unsupported l2 protocol');
});

test.each<readonly [string, Partial<AttemptRow['newest']>, string]>([
  ['a drop by the policies that deny it', { verdict: 'drop' }, 'shop/never, all-out deny it'],
  ['a drop that no policy is named for by its reason', { verdict: 'drop', deniedBy: [] }, 'policy denied'],
  [
    'a drop of a request by what the proxy saw',
    { verdict: 'drop', deniedBy: [], dropReason: undefined, l7: { type: 'REQUEST', text: 'GET /admin' } },
    'GET /admin',
  ],
  ['what was let through by the policies that allow it', { verdict: 'allow' }, 'shop/web-out, shop/db-in'],
])('flows alone explain %s, and by no other', (_, change, why) => {
  const { row: made } = attemptLine();
  const newest = {
    ...made.newest,
    allowedBy: [
      { namespace: 'shop', name: 'web-out', direction: 'egress' as const },
      { namespace: 'shop', name: 'db-in', direction: 'ingress' as const },
    ],
    deniedBy: [{ namespace: 'shop', name: 'never' }, { name: 'all-out' }],
    ...change,
  };
  const { verdict } = newest;
  const { droppedBy, ...line } = lineOfFlows({ ...made, verdict, newest });
  expect(line).toEqual({
    decidedBy: [],
    key: made.key,
    row: { ...made, verdict, newest },
    why,
  });
  expect(droppedBy === undefined).toBe(verdict !== 'drop' || newest.dropReason === undefined);
});

test.each<readonly [AttemptRow['newest']['verdict'], readonly string[], readonly string[]]>([
  ['drop', ['never'], ['never']],
  ['drop', [], []],
  ['audit', ['never'], ['never']],
  ['audit', [], []],
  ['allow', [], ['web-out']],
  ['allow', ['never'], ['web-out']],
  ['pending', [], ['web-out']],
])(
  'of an attempt with verdict %s, flows that name deniers %j are decided by %j',
  (verdict, deniers, deciders) => {
    const { row: made } = attemptLine({ verdict });
    const policies = (names: readonly string[]) =>
      names.map((name) => ({ kind: 'NetworkPolicy', namespace: 'shop', name }));
    const newest = { ...made.newest, allowedBy: policies(['web-out']), deniedBy: policies(deniers) };
    expect(lineOfFlows({ ...made, newest }).decidedBy).toEqual(
      deciders.map((name) => policyKey({ kind: 'NetworkPolicy', namespace: 'shop', name })),
    );
  },
);
