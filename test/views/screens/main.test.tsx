import { afterEach, expect, test } from 'vitest';
import { openScreen, type Screen, type ScreenOptions } from '../../helpers/screen.tsx';
import { attemptLine, grantLine, NOW, podRow, sessionState } from '../../helpers/session-state.ts';

let screen: Screen;
async function show(options: ScreenOptions = {}): Promise<readonly string[]> {
  screen = openScreen(options);
  await screen.until('sluice');
  return screen.lines();
}
afterEach(() => screen.close());

test('at 120×30 all four panes are there, with header, path bar and keys', async () => {
  const lines = await show({ columns: 120, rows: 30 });
  expect(lines).toHaveLength(30);
  expect(lines[0]).toMatch(
    /^ sluice ▏demo · shop {3}responder@demo {3}k8s 1\.36 {3}enforcer cilium {3}hubble ● 3\/3 nodes 38\/s .* \d\d:\d\d:\d\d$/,
  );
  expect(lines[1]).toMatch(
    /^ path {2}web → db :5432\/tcp {4}egress ✓ not isolated {4}ingress ✗ db-only-api: admits api, not web .* g grant$/,
  );
  expect(lines[2]).toMatch(/^╭ 1 Pods 4 ─+╮╭▸3 Attempts 5 ── ✗ 2 dropped ─+ following ─╮$/);
  expect(lines[4]).toMatch(
    /^│ {2}api-6c9d-4kx +1\/1 +10\.1\.0\.12 +iso +open +││▸ +1s ✗ DROP +web +db +5432 +42 {2}db-only-api.*… │$/,
  );
  expect(lines.find((line) => line.includes('4 Grants'))).toMatch(/^╭ 2 Policies 2 ─+╮╭ 4 Grants 1 ─+╮$/);
  expect(screen.text()).toMatch(/│ {2}web → db :5432 +✓ open +███████░░░ {2}04:12 left of 15m +│/);
  expect(screen.text()).toMatch(/│ {2}responder@demo · INC-4411 payment page shows no orders +│/);
  expect(lines[29]).toMatch(/^ g grant {2}s source {2}d destination .* \? help {2}q quit$/);
});

test('at 80×24 one pane fills the screen, the others are in the tab line, the grant in the header', async () => {
  const lines = await show({ columns: 80, rows: 24 });
  expect(lines).toHaveLength(24);
  expect(lines[0]).toMatch(
    /^ sluice ▏demo · shop {2}◷ 1 grant 04:12 {2}cilium {2}hubble ● 38\/s +\d\d:\d\d:\d\d$/,
  );
  expect(lines[1]).toBe(' 1 Pods 4   2 Policies 2  ▸3 Attempts 5 ✗2   4 Grants 1');
  expect(lines[2]).toMatch(
    /^ web → db :5432\/tcp {2}out ✓ {2}in ✗ db-only-api: admits api, not web +g grant$/,
  );
  expect(lines[3]).toMatch(/^ +AGE VERDICT +SOURCE +DESTINATION +PORT +N {2}WHY/);
  expect(lines[4]).toMatch(/^▸ +1s ✗ DROP +web +db +5432 +42 {2}db-only-api/);
  expect(lines[23]).toMatch(/g grant.*\? help {2}q quit$/);
});

test('at 200×50 there is room for all columns', async () => {
  await show({ columns: 200, rows: 50 });
  expect(screen.lines()).toHaveLength(50);
  expect(screen.text()).toMatch(/NAME +READY {2}STATUS +IP +NODE +AGE {2}IN +OUT/);
  expect(screen.text()).toContain('db-only-api: admits api, not web ');
});

test.each([
  [59, 30],
  [80, 14],
  [20, 5],
  [10, 3],
])('at %ix%i the app says what size it needs', async (columns, rows) => {
  screen = openScreen({ columns, rows });
  await screen.until(/sluice/);
  expect(screen.text().replace(/\s+/g, ' ')).toContain('sluice needs');
  expect(screen.lines()).toHaveLength(rows);
});

test('z zooms: one pane over the body, and the header carries the grants', async () => {
  await show({ state: sessionState({ zoomed: true }) });
  expect(screen.lines()[0]).toContain('◷ 1 grant 04:12');
  expect(screen.lines()[2]).toMatch(/^╭▸3 Attempts 5 ── ✗ 2 dropped ─{60,} following ─╮$/);
});

test('several grants out of sight show as their number and the next end', async () => {
  const later = grantLine(undefined, {
    id: 'b',
    window: { start: NOW, end: NOW + 3_600_000, seconds: 3600 },
  });
  await show({ state: sessionState({ zoomed: true, grants: [later, grantLine()] }) });
  expect(screen.lines()[0]).toContain('◷ 2 grants, next 04:12');
});

test('drops are red and the row under the cursor is inverse', async () => {
  await show({
    state: sessionState({ panes: { ...sessionState().panes, attempts: { index: 1, filter: '' } } }),
  });
  const drop = screen.lines()[4]?.indexOf('✗') ?? -1;
  expect(screen.cell(drop, 4)).toMatchObject({ text: '✗', colour: 1, inverse: false });
  expect(screen.cell(drop, 5)).toMatchObject({ text: '✓', inverse: true });
});

test('a row whose verdict has just turned is bold for one second', async () => {
  const attempts = [attemptLine({ to: 'api' }), attemptLine({ turned: NOW - 200 })];
  await show({ state: sessionState({ attempts }) });
  const name = screen.lines()[5]?.indexOf('web') ?? -1;
  expect(screen.cell(name, 5).bold).toBe(true);
  screen.set({ now: NOW + 1000, serverNow: NOW + 1000 });
  await screen.until(/ 2s ✗ DROP +web +db/);
  expect(screen.cell(name, 5).bold).toBe(false);
});

test('without colours nothing is coloured, and it reads the same', async () => {
  await show({ color: 'never' });
  expect(screen.bytes()).not.toMatch(/\u001b\[[0-9;]*(3[0-7]|4[0-7]|38|48)[;0-9]*m/);
  expect(screen.text()).toContain('✗ DROP');
});

test('in ASCII mode the frame is ASCII', async () => {
  await show({ ascii: true });
  expect(screen.text()).toMatch(/^[\x20-\x7e\n]*$/);
  expect(screen.text()).toContain('x DROP');
  expect(screen.lines()[2]).toMatch(/^\+ 1 Pods 4 -+\+\+>3 Attempts 5 -- x 2 dropped -+ following -\+$/);
});

test('titles tell filter, sorting, pause and drops only', async () => {
  const panes = {
    ...sessionState().panes,
    pods: { index: 0, filter: 'web', sort: { column: 'age', descending: true } },
  };
  await show({
    columns: 160,
    state: sessionState({ panes, following: false, dropsOnly: true }),
    visibleRows: (state, pane) => (pane === 'pods' ? state.pods.slice(3) : state[pane]),
  });
  expect(screen.lines()[2]).toMatch(/1 Pods 1\/4 ─+ \/web, ↑ age ─╮/);
  expect(screen.lines()[2]).toMatch(/ drops only, paused ─╮$/);
});

test('with the cursor below the top the attempts say that their order is held, and what lets go of it', async () => {
  const attempts = { key: 'web>api:8080', index: 1, filter: '' };
  await show({ state: sessionState({ panes: { ...sessionState().panes, attempts } }) });
  expect(screen.lines()[2]).toMatch(/3 Attempts 5 .* held: Home to follow ─╮$/);
});

test('on a narrow screen the line of tabs shows filter, sorting, pause and drops only', async () => {
  const panes = {
    ...sessionState().panes,
    attempts: { index: 0, filter: 'web', sort: { column: 'age', descending: false } },
  };
  await show({
    columns: 80,
    rows: 24,
    state: sessionState({ panes, following: false, dropsOnly: true }),
    visibleRows: (state, pane) => (pane === 'attempts' ? state.attempts.slice(3) : state[pane]),
  });
  expect(screen.lines()[1]).toMatch(/▸3 Attempts 2\/5 ✗2 .* \/web ↓ age drops only paused$/);
});

test('the cursor stays in sight in ten thousand rows', async () => {
  const pods = Array.from({ length: 10_000 }, (_, index) => podRow(`pod-${index}`));
  const at = (index: number) => ({
    pods,
    focus: 'pods' as const,
    panes: { ...sessionState().panes, pods: { index, filter: '' } },
  });
  await show({ state: sessionState(at(0)) });
  screen.set(at(9_999));
  await screen.until('▸ pod-9999');
  screen.set(at(9_990));
  await screen.until('▸ pod-9990');
  expect(screen.text()).toContain('pod-9999');
});

test('an unreachable cluster and a lost traffic source stand in the header', async () => {
  const { cluster, traffic } = sessionState();
  await show({
    state: sessionState({
      cluster: { ...cluster, connection: 'stale', problem: 'connection refused' },
      traffic: { ...traffic, status: 'reconnecting', detail: 'relay is gone', lost: 12 },
    }),
  });
  expect(screen.lines()[0]).toContain('✗ stale: connection refused');
  expect(screen.lines()[0]).toContain('hubble ◌ reconnecting: relay is gone');
});

test('empty panes say why they are empty', async () => {
  await show({
    state: sessionState({
      pods: [],
      policies: [],
      attempts: [],
      drops: 0,
      grants: [],
      feeds: { pods: { state: 'denied', reason: 'may not list pods' }, networkpolicies: { state: 'live' } },
    }),
  });
  expect(screen.text()).toContain('✗ may not list pods');
  expect(screen.text()).toContain('no policies: nothing is isolated in shop');
  expect(screen.text()).toContain('no attempts seen yet by hubble');
  expect(screen.text()).toContain('no grants');
});

test('a list that is not up to date says so in its title', async () => {
  const feeds = { pods: { state: 'stale' as const, since: NOW - 12_000, reason: 'watch ended' } };
  await show({ state: sessionState({ feeds }) });
  expect(screen.lines()[2]).toContain('1 Pods 4 ── ✗ stale for 12s ─');
});

test('a notice takes the place of the keys', async () => {
  await show({
    state: sessionState({
      notice: { level: 'error', text: 'pods "x" is forbidden', hint: 'Ask for the right.', at: NOW },
    }),
  });
  expect(screen.lines()[29]).toBe(' ✗ pods "x" is forbidden  Ask for the right.');
});

test('the app ends when the session does, and gives the terminal back', async () => {
  await show();
  screen.set({ ended: true });
  await screen.done;
  expect(screen.bytes()).toMatch(/\u001b\[\?1049l/);
  expect(screen.bytes().lastIndexOf('\u001b[?25h')).toBeGreaterThan(
    screen.bytes().lastIndexOf('\u001b[?25l'),
  );
});
