import { expect, test } from 'vitest';
import type { Overlay, PaletteTarget } from '../../../src/session/state/session-state.ts';
import { textField } from '../../../src/session/state/text-field.ts';
import { eventually } from '../../helpers/eventually.ts';
import { openScreen } from '../../helpers/screen.tsx';
import { sessionState } from '../../helpers/session-state.ts';

const TARGETS: readonly PaletteTarget[] = [
  {
    kind: 'command',
    text: 'namespace',
    note: 'show one',
    line: 'namespace',
    names: ['namespace', 'ns'],
    takes: 'namespace',
  },
  { kind: 'command', text: 'help', note: 'the keys', line: 'help', names: ['help'] },
  { kind: 'namespace', text: 'shop', note: 'show', line: 'ns shop' },
  { kind: 'namespace', text: 'shop-test', note: 'show', line: 'ns shop-test' },
  { kind: 'pod', text: 'web-7d9f', note: 'shop', pane: 'pods', namespace: 'shop', key: 'shop/web-7d9f' },
];

const typed = (text: string, change: Partial<Extract<Overlay, { type: 'command' }>> = {}) =>
  sessionState({
    overlay: { type: 'command', of: 'attempts', field: textField(text), targets: TARGETS, ...change },
  });

/** What keys call while a text is in the palette. */
async function calls(text: string, ...keys: readonly string[]) {
  const screen = openScreen({
    state: typed(text),
    commands: (store, recorded) => ({
      ...recorded,
      choose: (index) => {
        recorded.choose(index);
        const { overlay } = store.getState();
        if (overlay.type === 'command') store.setState({ overlay: { ...overlay, index } });
      },
    }),
  });
  await screen.until('Go, run, find');
  screen.press(...keys);
  await eventually(() => expect(screen.calls.length).toBeGreaterThanOrEqual(keys.length));
  await screen.close();
  return screen.calls;
}

test('what is wrong with a command is read whole on a narrow screen', async () => {
  const problem = 'unknown command "cahrts"; did you mean :charts?';
  for (const columns of [60, 80, 120]) {
    const screen = openScreen({ columns, rows: 24, state: typed('cahrts', { problem }) });
    await screen.until(problem);
    await screen.close();
  }
});

test('each item has its kind, an action its key, or why it cannot be run now', async () => {
  const screen = openScreen({ columns: 100, state: { ...typed('revoke'), grants: [] } });
  await screen.until(/▸ action +revoke a grant, after showing.* ✗ no grants are open/);
  await screen.until('! no grants are open');
  screen.set({ overlay: typed('web').overlay });
  await screen.until(/▸ pod +web-7d9f +shop/);
  screen.set({ overlay: typed('zoom').overlay });
  await screen.until(/▸ action +zoom the pane, or restore all four +z/);
  await screen.close();
});

test('enter runs the line as typed if it is a command, and what it found otherwise', async () => {
  expect(await calls('ns shop', 'enter')).toEqual([['complete', 'ns shop'], ['confirm']]);
  expect(await calls('ns bogus', 'enter')).toEqual([['complete', 'ns bogus'], ['confirm']]);
  expect(await calls('web', 'enter')).toEqual([['go', TARGETS[4]]]);
  expect(await calls('shop-t', 'enter')).toEqual([['complete', 'ns shop-test'], ['confirm']]);
});

test('what is only similar runs once it is chosen, never by enter alone', async () => {
  expect(await calls('wb', 'enter')).toEqual([['confirm']]);
  expect(await calls('wb', 'down', 'enter')).toEqual([
    ['choose', 0],
    ['go', TARGETS[4]],
  ]);
  expect(await calls('', 'enter')).toEqual([['confirm']]);
});

test('tab completes a command, then goes through what it takes', async () => {
  expect(await calls('name', 'tab')).toEqual([['complete', 'namespace ']]);
  expect(await calls('ns shop', 'tab', 'tab', 'shift-tab', 'enter')).toEqual([
    ['choose', 1],
    ['complete', 'ns shop-test'],
    ['choose', 0],
    ['complete', 'ns shop'],
    ['confirm'],
  ]);
});

test('for a screen reader the chosen item is read, with why it cannot be run', async () => {
  const screen = openScreen({ screenReader: true, state: { ...sessionState(), grants: [] } });
  await screen.until('one line per change');
  screen.set({ overlay: typed('revoke').overlay });
  await screen.until(
    'action revoke a grant, after showing the consequences, x, unavailable: no grants are open',
  );
  await screen.until('command: revoke');
  await screen.close();
});
