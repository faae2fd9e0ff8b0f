import { afterEach, expect, test } from 'vitest';
import type { PaneId } from '../../../src/session/state/session-state.ts';
import { openScreen, type Screen } from '../../helpers/screen.tsx';
import { sessionState } from '../../helpers/session-state.ts';

let screen: Screen;
afterEach(() => screen.close());

const CRUMBS = ['pod db-0', 'policy db-only-api', 'web → db :5432', 'Deployment web'];

/** A pane that was drilled into, as `crumbs` tell, the nearest first. */
function drilled(focus: PaneId, crumbs: readonly string[], filter = '') {
  const state = sessionState({ focus });
  const keys = new Set(state[focus].map(({ key }) => key));
  const drill = {
    into: { type: 'pod', namespace: 'shop', name: 'db-0', text: 'pod db-0' },
    crumbs,
    keys,
  } as const;
  return { ...state, panes: { ...state.panes, [focus]: { ...state.panes[focus], filter, drill } } };
}

async function show(columns: number, rows: number, state: ReturnType<typeof drilled>) {
  screen = openScreen({ columns, rows, state });
  await screen.settled();
  return screen.lines();
}

test('at 80×24 the way is in the header, the nearest step beside the tabs, and no tab or filter gives way', async () => {
  const state = { ...drilled('attempts', CRUMBS, 'web.*db'), grants: [], dropsOnly: true };
  const [header = '', tabs = ''] = await show(80, 24, state);
  expect(header).toContain('… › policy db-only-api › pod db-0 ');
  expect(tabs).toMatch(/^ 1 +2 .*▸3 Attempts \S+ .*4 +‹ pod db-0 .*\/web\.\*db +drops only */);
});

test('with a grant in the header, what led to the nearest step gives way first', async () => {
  const [header = ''] = await show(80, 24, drilled('attempts', CRUMBS));
  expect(header).toMatch(/… › pod db-0 +◷ 1 grant 04:12 /);
});

test('a source of traffic that fails is told before the way', async () => {
  const traffic = { source: 'hubble', status: 'failed', detail: 'refused', lost: 0 } as const;
  const [header = ''] = await show(80, 24, { ...drilled('attempts', CRUMBS), traffic });
  expect(header).toContain('hubble ✗ failed');
});

test('one step is told once, where it is needed', async () => {
  const [header = '', tabs = ''] = await show(80, 24, drilled('attempts', ['pod db-0']));
  expect(header).not.toContain('pod db-0');
  expect(tabs).toMatch(/▸3 Attempts \d+ .* ‹ pod db-0/);
  expect(tabs).toContain('1 Pods');
});

test.each([
  [60, 15],
  [80, 24],
  [119, 30],
  [120, 30],
  [200, 50],
] as const)('at %i×%i the pane, its nearest step and its filter are all seen', async (columns, rows) => {
  for (const pane of ['pods', 'policies', 'attempts'] as const) {
    const lines = await show(columns, rows, drilled(pane, CRUMBS, 'db'));
    const title = lines.find((line) => line.includes('▸') && line.includes('‹')) ?? '';
    expect(title, pane).toContain('‹ pod db-0');
    expect(title, pane).toMatch(/▸\d (Pods|Policies|Attempts) \d/);
    expect(title, pane).toContain('/db');
    if (pane !== 'attempts') await screen.close();
  }
});

test.each([
  [120, 30],
  [200, 50],
] as const)('at %i×%i the header tells the whole way, whatever room the pane has', async (columns, rows) => {
  const [header] = await show(columns, rows, drilled('pods', CRUMBS.slice(0, 3)));
  expect(header).toContain(' web → db :5432 › policy db-only-api › pod db-0 ');
});

test('a long step is cut in the title, and what hides rows stays', async () => {
  const long = 'pod a-pod-with-a-long-name-that-goes-on-7d9f8b6c-x2xkq';
  const lines = await show(120, 30, drilled('policies', [long], 'db'));
  const title = lines.find((line) => line.includes('‹')) ?? '';
  expect(title).toMatch(/‹ pod a-pod\S*… .*\/db/);
});
