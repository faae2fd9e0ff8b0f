import { afterEach, expect, test } from 'vitest';
import { createVisibleRows } from '../../../src/session/rows/visible-rows.ts';
import type { Commands } from '../../../src/session/state/commands.ts';
import type { SessionState } from '../../../src/session/state/session-state.ts';
import { eventually } from '../../helpers/eventually.ts';
import { paneLines } from '../../helpers/pane-text.ts';
import { openScreen, type Screen, type ScreenOptions } from '../../helpers/screen.tsx';
import { attemptLine, grantLine, podRow, sessionState } from '../../helpers/session-state.ts';

let screen: Screen;
afterEach(() => screen.close());

const LONG = `checkout-frontend-${'x'.repeat(60)}`;
const WHY = 'api-from-web rule 1 admits app=web or app=cart in namespace shop, not app=prometheus';

/** Opens a pane that is wide; the arrows move it. */
async function show(change: Partial<SessionState>, options: ScreenOptions = {}): Promise<void> {
  const focus = change.focus ?? 'attempts';
  const { panes } = sessionState();
  screen = openScreen({
    columns: 120,
    rows: 30,
    state: sessionState({ panes: { ...panes, [focus]: { ...panes[focus], wide: 0 } }, ...change }),
    visibleRows: createVisibleRows(),
    commands: (store, recorded): Commands => ({
      ...recorded,
      scrollSideways: (wide) => {
        recorded.scrollSideways(wide);
        const state = store.getState();
        store.setState({ panes: { ...state.panes, [focus]: { ...state.panes[focus], wide } } });
      },
    }),
    ...options,
  });
  await screen.settled();
}

/** Each screenful of a pane, from the left to the right. */
async function walk(title: string): Promise<string> {
  let seen = '';
  for (let step = 0; step < 20; step += 1) {
    seen += paneLines(screen.lines(), title).join('\n');
    screen.calls.length = 0;
    screen.press('right');
    await eventually(() => expect(screen.calls).not.toEqual([]));
    await screen.settled();
    if (screen.calls[0]?.[0] === 'remark') return seen;
  }
  throw new Error(`no end at the right of\n${screen.text()}`);
}

test('a wide pane shows every column whole, also those that are hidden or off, by ← and →', async () => {
  await show({
    focus: 'pods',
    pods: [podRow(LONG, { ips: ['192.168.110.115'], status: 'CrashLoopBackOff', node: 'node-with-a-name' })],
    columns: { pods: { age: false } },
  });
  expect(screen.text()).toMatch(/▸1 Pods 1 .* wide ─╮/);
  const first = paneLines(screen.lines(), '1 Pods')[1];
  const seen = await walk('1 Pods');
  for (const text of ['READY', 'CrashLoopBackOff', '192.168.110.115', 'node-with-a-name', 'RESTARTS', 'AGE'])
    expect(seen).toContain(text);
  expect(seen).not.toContain('…');
  expect(screen.calls).toEqual([['remark', 'this is the last column']]);
  for (let step = 0; step < 20 && paneLines(screen.lines(), '1 Pods')[1] !== first; step += 1) {
    screen.press('left');
    await screen.settled();
  }
  expect(paneLines(screen.lines(), '1 Pods')[1]).toBe(first);
});

test('titles stay above their columns, and nothing is passed over', async () => {
  await show({ attempts: [attemptLine({ from: LONG, to: LONG, why: WHY })] });
  const [titles = '', row = ''] = paneLines(screen.lines(), '3 Attempts');
  expect(row.indexOf('✗ DROP')).toBe(titles.indexOf('VERDICT'));
  screen.press('right');
  await screen.settled();
  const seen = await walk('3 Attempts');
  expect(seen).toContain(WHY.slice(-40));
  expect(seen).toContain('FIRST');
  const [shifted = '', below = ''] = paneLines(screen.lines(), '3 Attempts');
  expect(below.indexOf('api-from-web')).toBe(shifted.indexOf('WHY'));
});

test('where all fits, there is nothing to scroll', async () => {
  await show({ zoomed: true, attempts: [attemptLine()] }, { columns: 160, rows: 40 });
  expect(screen.text()).toContain('FIRST');
  screen.press('right', 'left');
  await eventually(() =>
    expect(screen.calls).toEqual([
      ['remark', 'this is the last column'],
      ['remark', 'this is the first column'],
    ]),
  );
});

test('a resize never leaves a wide pane past its end', async () => {
  await show({ focus: 'pods', pods: [podRow(LONG)] }, { columns: 80, rows: 24 });
  await walk('1 Pods');
  screen.resize(200, 24);
  await screen.settled();
  expect(screen.text()).toContain(LONG);
  expect(screen.text()).toContain('RESTARTS');
});

test('grants have all their columns instead of a second line', async () => {
  await show({ focus: 'grants', zoomed: true, grants: [grantLine()] }, { columns: 200, rows: 40 });
  expect(screen.text()).toMatch(/PATH +STATE .*REQUESTER +REASON/);
});

test('ctrl-w makes the pane wide, from a narrow screen too, and what it does is among the hints', async () => {
  screen = openScreen({ columns: 80, rows: 24 });
  await screen.settled();
  screen.press('ctrl-w', 'right');
  await eventually(() => expect(screen.calls[0]).toEqual(['widen']));
  expect(screen.calls[1]).toEqual(['remark', expect.stringContaining('tab goes to another pane')]);
  const { panes } = sessionState();
  screen.set({ panes: { ...panes, attempts: { ...panes.attempts, wide: 0 } } });
  await screen.until('→ more columns');
  expect(screen.lines()[1]).toContain('wide');
});
