import { afterEach, expect, test } from 'vitest';
import { wallClock } from '../../../views/text/time.ts';
import { eventually } from '../../helpers/eventually.ts';
import { paneText } from '../../helpers/pane-text.ts';
import { openScreen, type Screen, type ScreenOptions } from '../../helpers/screen.tsx';
import { attemptLine, grantLine, NOW, podRow, sessionState } from '../../helpers/session-state.ts';

let screen: Screen;
async function show(options: ScreenOptions = {}): Promise<readonly string[]> {
  screen = openScreen(options);
  await screen.until('sluice');
  return screen.lines();
}
afterEach(() => screen.close());

/** Line and column of a text on the screen. */
function placeOf(text: string): readonly [number, number] {
  const row = screen.lines().findIndex((line) => line.includes(text));
  return [row, screen.lines()[row]?.indexOf(text) ?? -1];
}

test('at 120×30 the attempts have the full width, above the grants, the path and the objects', async () => {
  const lines = await show({ columns: 120, rows: 30 });
  expect(lines).toHaveLength(30);
  expect(lines[0]).toMatch(
    /^ sluice ▏demo · shop {3}responder@demo {3}k8s 1\.36 {3}enforcer cilium {3}hubble ● 3\/3 nodes 38\/s .* \d\d:\d\d:\d\d$/,
  );
  expect(lines[1]).toMatch(/^╭▸3 Attempts 5 ── ✗ 2 dropped ─+ following ─╮$/);
  expect(lines[2]).toMatch(/^│ +AGE VERDICT SOURCE +DESTINATION +PORT +✗ +✓ {2}LAST MIN {2}WHY +│$/);
  expect(lines[3]).toMatch(
    /^│▸ +1s ✗ DROP +web +db +5432 +42 +▁▂▄██▄▂▁ {2}db-only-api: admits api, not web +│$/,
  );
  expect(screen.text()).toMatch(
    /╭ 4 Grants 1 ─+╮\n│ {2}web → db :5432 +✓ open +███░░░░░░░ {2}04:12 left of 15m +│/,
  );
  expect(screen.text()).toMatch(/│ {2}responder@demo · INC-4411 payment page shows no orders +│/);
  expect(screen.text()).toMatch(/^╭ Path ─+ ✗ deny ─╮╭ 1 Pods 4 ─+╮╭ 2 Policies 2 ─+╮$/m);
  expect(paneText(lines, 'Path')).toMatch(
    /^web → db :5432\/tcp egress ✓ not isolated ingress ✗ db-only-api: admits api, not web seen 42 of 42 attempts dropped/,
  );
  expect(screen.text()).toMatch(/│ {2}api-6c9d-4kx +iso +open +│/);
  expect(lines[29]).toMatch(/^ g grant {2}e explain {2}a attempts {2}p policies .* \? help {2}q quit$/);
});

test('where no row counts seconds, the clock does not either, and nothing is drawn until it moves', async () => {
  await show({ state: sessionState({ attempts: [], grants: [] }) });
  const at = (milliseconds: number) => wallClock(NOW + milliseconds).slice(0, 'hh:mm'.length);
  expect(screen.lines()[0]).toMatch(new RegExp(` ${at(0)}$`));
  await screen.settled();
  const before = screen.bytes();
  for (const seconds of [1, 2, 3]) {
    screen.set({ now: NOW + seconds * 1_000 });
    await screen.settled();
  }
  expect(screen.bytes()).toBe(before);
  screen.set({ now: NOW + 60_000 });
  await screen.until(new RegExp(` ${at(60_000)}$`, 'm'));
  screen.set({ attempts: [attemptLine()], now: NOW + 61_000 });
  await screen.until(new RegExp(` ${wallClock(NOW + 61_000)}$`, 'm'));
});

test('at 80×24 one pane fills the screen, the others are in the tab line, the path below it', async () => {
  const lines = await show({ columns: 80, rows: 24 });
  expect(lines).toHaveLength(24);
  expect(lines[0]).toMatch(
    /^ sluice ▏demo · shop {2}◷ 1 grant 04:12 {2}cilium {2}hubble ● 38\/s +\d\d:\d\d:\d\d$/,
  );
  expect(lines[1]).toBe(' 1 Pods 4   2 Policies 2  ▸3 Attempts 5 ✗2   4 Grants 1');
  expect(lines[2]).toMatch(/^ +AGE VERDICT SOURCE +DESTINATION +PORT +✗ +✓$/);
  expect(lines[3]).toMatch(/^▸ +1s ✗ DROP +web +db +5432 +42$/);
  expect(lines[20]).toMatch(/^ web → db :5432\/tcp {2}egress ✓ not isolated +g grant$/);
  expect(lines[21]).toMatch(/^ +ingress +✗ db-only-api: admits api, not web$/);
  expect(lines[23]).toMatch(/g grant.*\? help {2}q quit$/);
});

test('at 200×50 path and objects are beside the attempts, with all that fits', async () => {
  await show({ columns: 200, rows: 50 });
  expect(screen.lines()).toHaveLength(50);
  expect(screen.lines()[1]).toMatch(/^╭▸3 Attempts 5 .* following ─╮╭ Path ─+ ✗ deny ─╮$/);
  expect(screen.text()).toMatch(/NAME +READY {2}STATUS +IP +AGE {2}IN +OUT/);
  expect(screen.text()).toContain('db-only-api: admits api, not web ');
});

test('drops are in a band at the top, above a rule', async () => {
  const attempts = [
    attemptLine({ from: 'a' }),
    attemptLine({ from: 'b' }),
    attemptLine({ from: 'c', verdict: 'allow' }),
  ];
  const lines = await show({ state: sessionState({ attempts }) });
  expect(lines[4]).toMatch(/✗ DROP +b /);
  expect(lines[5]).toMatch(/^│ {2}─+ │$/);
  expect(lines[6]).toMatch(/✓ ALLOW +c /);
  const { panes } = sessionState();
  screen.set({
    panes: { ...panes, attempts: { ...panes.attempts, sort: { column: 'age', descending: false } } },
  });
  await screen.until(/✗ DROP +b .*\n.*✓ ALLOW +c /);
});

test('a reason that does not fit its column goes on below it while there are free lines', async () => {
  const why = 'a-policy-with-a-long-name admits app=one-application or app=another-application, not app=web';
  const lines = await show({
    columns: 120,
    rows: 40,
    state: sessionState({ attempts: [attemptLine({ why })] }),
  });
  expect(paneText(lines, '3 Attempts').replace(/ +/g, ' ')).toContain(why);
});

test.each([
  [59, 30],
  [80, 14],
  [20, 5],
  [10, 3],
])('at %ix%i the app says what size it needs', async (columns, rows) => {
  screen = openScreen({ columns, rows, state: sessionState({ grants: [] }) });
  await screen.until(/sluice/);
  expect(screen.text().replace(/\s+/g, ' ')).toContain('sluice needs');
  expect(screen.lines()).toHaveLength(rows);
});

test.each([
  [59, 14],
  [30, 8],
  [24, 4],
])('at %ix%i the living grants and their time are still there', async (columns, rows) => {
  screen = openScreen({ columns, rows });
  await screen.until(/◷ 1 grant/);
  expect(screen.text().replace(/\s+/g, ' ')).toContain('04:12 web → db :5432');
  expect(screen.lines()).toHaveLength(rows);
});

test('z zooms: one pane over the body, and the header carries the grants', async () => {
  await show({ state: sessionState({ zoomed: true }) });
  expect(screen.lines()[0]).toContain('◷ 1 grant 04:12');
  expect(screen.lines()[1]).toMatch(/^╭▸3 Attempts 5 ── ✗ 2 dropped ─{60,} following ─╮$/);
  expect(screen.lines()[26]).toMatch(/^ web → db :5432\/tcp {2}egress ✓ not isolated/);
});

test('the troubles of a grant are in its row, and who set its window', async () => {
  const trouble = 'Job shop/sluice-7f3k-in: it is suspended';
  const announced = { seconds: 900, most: 28_800, by: 'bob' };
  await show({ state: sessionState({ grants: [grantLine(undefined, { drift: [trouble], announced })] }) });
  await screen.until(/! open/);
  expect(screen.text()).toContain(`! ${trouble}`);
  expect(screen.text()).toContain('window set by bob');
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
  const drop = screen.lines()[3]?.indexOf('✗') ?? -1;
  expect(screen.cell(drop, 3)).toMatchObject({ text: '✗', colour: 1, inverse: false });
  expect(screen.cell(drop, 4)).toMatchObject({ text: '✓', inverse: true });
});

test('a row whose verdict has just turned is bold for one second', async () => {
  const attempts = [attemptLine({ to: 'api' }), attemptLine({ turned: NOW - 200 })];
  await show({ state: sessionState({ attempts }) });
  const name = screen.lines()[4]?.indexOf('web') ?? -1;
  expect(screen.cell(name, 4).bold).toBe(true);
  screen.set({ now: NOW + 1000, serverNow: NOW + 1000 });
  await screen.until(/ 2s ✗ DROP +web +db/);
  expect(screen.cell(name, 4).bold).toBe(false);
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
  expect(screen.lines()[1]).toMatch(/^\+>3 Attempts 5 -- x 2 dropped -+ following -\+$/);
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
  expect(screen.text()).toMatch(/╭ 1 Pods 1\/4 ─+ \/web, ↑ age ─╮/);
  expect(screen.lines()[1]).toMatch(/ drops only, paused ─╮$/);
});

test('with the cursor below the top the attempts say that their order is held, and what lets go of it', async () => {
  const attempts = { key: 'web>api:8080', index: 1, filter: '' };
  await show({ state: sessionState({ panes: { ...sessionState().panes, attempts } }) });
  expect(screen.lines()[1]).toMatch(/3 Attempts 5 .* held: Home to follow ─╮$/);
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
  screen.set(at(9_995));
  await screen.until('▸ pod-9995');
  expect(screen.text()).toContain('pod-9999');
});

test.each([60, 80, 120, 200, 400])(
  'at %i columns nobody can miss that the cluster is gone: since when, when it is tried again, why',
  async (columns) => {
    const { cluster, traffic } = sessionState();
    const lines = await show({
      columns,
      state: sessionState({
        cluster: {
          ...cluster,
          connection: 'stale',
          problem: 'Unable to connect to prod.example:6443: connection refused',
          staleSince: NOW - 60_000,
          retryAt: NOW + 4_000,
        },
        traffic: { ...traffic, status: 'reconnecting', detail: 'relay is gone', lost: 12 },
        feeds: { pods: { state: 'stale', since: NOW - 60_000, reason: 'connection refused' } },
        grants: [],
      }),
    });
    const since = new Date(NOW - 60_000).toTimeString().slice(0, 8);
    expect(lines[0]).toContain(`✗ DISCONNECTED since ${since}`.slice(0, columns - 34));
    if (columns >= 80) expect(lines[0]).toContain('next try in 4s: ');
    if (columns >= 200) expect(lines[0]).toContain('prod.example:6443: connection refused');
    expect(lines[0]).toMatch(/ \d\d:\d\d:\d\d$/);
    if (columns < 120) return;
    expect(screen.text()).toMatch(/3 Attempts 5 ── ✗ 2 dropped ── ✗ hubble reconnecting ─+╮/);
    expect(screen.text()).toMatch(new RegExp(`1 Pods 4 ── ✗ as of ${since} `));
    expect(screen.text()).not.toContain('following');
  },
);

test('what can only be done in the cluster is off while it is gone, with the reason', async () => {
  const { cluster } = sessionState();
  await show({ state: sessionState({ cluster: { ...cluster, connection: 'stale', problem: 'refused' } }) });
  for (const key of ['g', 'x', '+']) screen.press(key);
  await eventually(() => expect(screen.calls.filter(([name]) => name === 'notify')).toHaveLength(3));
  const [grant, revoke, extend] = screen.calls.filter(([name]) => name === 'notify');
  const why = 'disconnected from demo; the cluster ends living grants at their deadlines all the same';
  expect([grant, revoke, extend]).toEqual([
    ['notify', 'warn', `g: ${why}`],
    ['notify', 'warn', `x: ${why}`],
    ['notify', 'warn', `+: ${why}`],
  ]);
  expect(screen.calls.map(([name]) => name)).not.toContain('openGrant');
});

test('rows of a list that is out of date are dimmed', async () => {
  const feeds = { pods: { state: 'stale' as const, since: NOW - 12_000, reason: 'watch ended' } };
  await show({ state: sessionState({ feeds }) });
  const [row, column] = placeOf('api-6c9d-4kx');
  expect(screen.cell(column, row).dim).toBe(true);
  screen.set({ feeds: { pods: { state: 'live' } } });
  await eventually(() => expect(screen.cell(column, row).dim).toBe(false));
});

test('empty panes say why they are empty', async () => {
  await show({
    state: sessionState({
      pods: [],
      policies: [],
      attempts: [],
      drops: 0,
      grants: [],
      focus: 'grants',
      feeds: { pods: { state: 'denied', reason: 'may not list pods' }, networkpolicies: { state: 'live' } },
    }),
  });
  expect(paneText(screen.lines(), '1 Pods')).toContain('✗ may not list pods');
  expect(paneText(screen.lines(), '2 Policies')).toBe('no policies: nothing is isolated in shop');
  expect(screen.text()).toContain('no attempts seen yet by hubble');
  expect(screen.text()).toContain('no grants');
});

test('a list that is not up to date says so in its title', async () => {
  const feeds = { pods: { state: 'stale' as const, since: NOW - 12_000, reason: 'watch ended' } };
  await show({ state: sessionState({ feeds }) });
  expect(screen.text()).toContain(
    `1 Pods 4 ── ✗ as of ${new Date(NOW - 12_000).toTimeString().slice(0, 8)} ─`,
  );
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
