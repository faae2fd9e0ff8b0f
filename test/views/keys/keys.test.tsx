import { expect, test, vi } from 'vitest';
import type { Overlay, SessionState } from '../../../src/session/state/session-state.ts';
import { textField } from '../../../src/session/state/text-field.ts';
import { eventually } from '../../helpers/eventually.ts';
import { openScreen } from '../../helpers/screen.tsx';
import {
  ASKED,
  attemptLine,
  grantForm,
  grantLine,
  NOW,
  podRow,
  sessionState,
} from '../../helpers/session-state.ts';

/** What pressing keys on a screen in a state calls. */
async function callsFor(state: SessionState, ...keys: readonly string[]) {
  const screen = openScreen({ state });
  await screen.until('sluice');
  screen.press(...keys);
  await eventually(() => expect(screen.calls.length).toBeGreaterThan(0));
  await screen.close();
  return screen.calls;
}

const over = (overlay: Overlay) => sessionState({ overlay });

test('keys in panes move, mark, open and toggle', async () => {
  const calls = await callsFor(
    sessionState(),
    'jk',
    'down',
    's',
    'd',
    'g',
    'e',
    '!',
    'space',
    'z',
    '2',
    'tab',
    'shift-tab',
    't',
    '?',
  );
  expect(calls).toEqual([
    ['moveTo', 'web>api:8080'],
    ['moveTo', undefined],
    ['moveTo', 'web>api:8080'],
    ['moveTo', 'web>db:5432'],
    ['markSource'],
    ['moveTo', 'web>db:5432'],
    ['markDestination'],
    ['moveTo', 'web>db:5432'],
    ['openGrant'],
    ['moveTo', 'web>db:5432'],
    ['explain'],
    ['toggleDropsOnly'],
    ['pause'],
    ['zoom'],
    ['focus', 'policies'],
    ['focusNext', 1],
    ['focusNext', -1],
    ['openCharts'],
    ['openHelp'],
  ]);
});

test('a page is as many rows as the pane shows, less one', async () => {
  const attempts = Array.from({ length: 40 }, (_, at) => attemptLine({ from: `app-${at}` }));
  const panes = { ...sessionState().panes, attempts: { index: 20, filter: '' } };
  expect(
    await callsFor(sessionState({ attempts, panes }), 'ctrl-f', 'pageup', 'home', 'G', 'pagedown'),
  ).toEqual([
    ['moveTo', 'app-30>db:5432'],
    ['moveTo', 'app-10>db:5432'],
    ['moveTo', undefined],
    ['moveTo', 'app-39>db:5432'],
    ['moveTo', 'app-30>db:5432'],
  ]);
});

test('enter explains an attempt and shows a pod in detail', async () => {
  expect(await callsFor(sessionState(), 'enter')).toEqual([['moveTo', 'web>db:5432'], ['explain']]);
  expect(await callsFor(sessionState({ focus: 'pods' }), 'enter')).toEqual([
    ['moveTo', 'shop/api-6c9d-4kx'],
    ['about'],
  ]);
});

test('a key that cannot act says why, and does nothing else', async () => {
  expect(await callsFor(sessionState({ focus: 'policies' }), 's')).toEqual([
    ['moveTo', 'NetworkPolicy/shop/db-only-api'],
    ['notify', 'warn', "s: policies can't be marked: mark a pod (1) or an attempt (3)"],
  ]);
  expect(await callsFor(sessionState({ grants: [] }), 'x')).toEqual([
    ['moveTo', 'web>db:5432'],
    ['notify', 'warn', 'x: no grants are open'],
  ]);
  const confined = sessionState();
  const cluster = { ...confined.cluster, confinedTo: 'shop' };
  expect(await callsFor({ ...confined, cluster }, '0')).toEqual([
    ['notify', 'warn', '0: you can only read namespace shop: listing across namespaces is forbidden'],
  ]);
});

test('a key that is not bound says what it does elsewhere, or where keys are listed', async () => {
  expect(await callsFor(sessionState(), '~', '\u001bOP', 'ctrl-d', 'l', 'q')).toEqual([
    ['remark', 'no key ~ here; ? lists keys'],
    ['remark', 'that key does nothing here; ? lists keys'],
    ['remark', 'ctrl-d: sluice deletes nothing of the cluster; x revokes a grant, ctrl-f is a page down'],
    ['remark', 'l: no logs here; enter describes the row, a shows its connection attempts'],
    ['quit'],
  ]);
});

test('a shift-letter sorts, turns the order, and ends sorting', async () => {
  expect(await callsFor(sessionState(), 'N')).toEqual([
    ['sort', 'attempts', { column: 'dropped', descending: false }],
  ]);
  const sorted = (descending: boolean) =>
    sessionState({
      panes: {
        ...sessionState().panes,
        attempts: { index: 0, filter: '', sort: { column: 'dropped', descending } },
      },
    });
  expect(await callsFor(sorted(false), 'N')).toEqual([
    ['sort', 'attempts', { column: 'dropped', descending: true }],
  ]);
  expect(await callsFor(sorted(true), 'N')).toEqual([['sort', 'attempts', undefined]]);
});

test('a key does not sort by a column that has no room', async () => {
  const screen = openScreen({ columns: 60, rows: 20, state: sessionState({ focus: 'pods' }) });
  await screen.settled();
  expect(screen.text()).not.toContain('AGE');
  screen.press('A', 'N');
  await eventually(() =>
    expect(screen.calls).toEqual([
      ['notify', 'warn', 'AGE has no room here.', 'Press z to zoom the pane, or widen the terminal.'],
      ['sort', 'pods', { column: 'name', descending: false }],
    ]),
  );
  screen.resize(160, 40);
  screen.press('z');
  screen.set({ zoomed: true });
  await screen.until('AGE');
  await screen.settled();
  screen.press('A');
  await eventually(() =>
    expect(screen.calls.at(-1)).toEqual(['sort', 'pods', { column: 'age', descending: false }]),
  );
  await screen.close();
});

test('in the form letters are typed, tab and arrows choose fields and presets, ctrl-o the scope', async () => {
  const form = grantForm();
  const calls = await callsFor(
    over({ type: 'grant', form }),
    'gy ',
    'down',
    'up',
    'tab',
    'shift-tab',
    'ctrl-o',
    'ctrl-y',
    'left',
    'backspace',
    'enter',
    'esc',
  );
  expect(calls.slice(0, 11)).toEqual([
    ['type', { type: 'insert', text: 'g' }],
    ['type', { type: 'insert', text: 'y' }],
    ['type', { type: 'insert', text: ' ' }],
    ['grantField', 1],
    ['grantField', -1],
    ['grantField', 1],
    ['grantField', -1],
    ['grantScope'],
    ['grantYaml'],
    ['type', { type: 'left' }],
    ['type', { type: 'backspace' }],
  ]);
  expect(await callsFor(over({ type: 'grant', form: grantForm({ field: 'duration' }) }), 'right')).toEqual([
    ['grantPreset', 1],
  ]);
});

test('a refused plan keeps enter from granting, with its reason', async () => {
  const plan = {
    ok: false as const,
    reason: 'cannot-open' as const,
    message: 'CiliumClusterwideNetworkPolicy pci-deny denies it.',
    hint: 'Ask its owner.',
  };
  const form = grantForm({ plan: { state: 'made', request: ASKED, plan } });
  expect(await callsFor(over({ type: 'grant', form }), 'enter')).toEqual([
    ['notify', 'warn', 'enter: refused: CiliumClusterwideNetworkPolicy pci-deny denies it.'],
  ]);
});

test('pasted text goes into the field as one piece, and nowhere else', async () => {
  const field = textField();
  expect(
    await callsFor(over({ type: 'filter', pane: 'pods', field }), '\u001b[200~a b\nc\u001b[201~'),
  ).toEqual([['type', { type: 'insert', text: 'a b\nc' }]]);
  expect(await callsFor(sessionState(), '\u001b[200~q\u001b[201~', '?')).toEqual([
    ['remark', 'nothing takes pasted text here; / or : opens a line that does'],
    ['openHelp'],
  ]);
});

test('the quit dialog revokes by default', async () => {
  const quit = over({ type: 'quit', grants: [grantLine().grant] });
  expect(await callsFor(quit, 'enter')).toEqual([['quitWith', 'revoke']]);
  expect(await callsFor(quit, 'k')).toEqual([['quitWith', 'keep']]);
  expect(await callsFor(quit, 'q')).toEqual([['back']]);
});

test('a picker never moves past what its filter leaves', async () => {
  const pick = over({
    type: 'pick',
    what: 'namespace',
    items: ['shop', 'bank', 'shop-test'],
    filter: textField('shop'),
    index: 0,
  });
  expect(await callsFor(pick, 'down', 'pagedown', 'up', 'enter')).toEqual([
    ['move', 1],
    ['move', 1],
    ['confirm'],
  ]);
});

test('ctrl-c quits; a second one in a row interrupts', async () => {
  const onInterrupt = vi.fn();
  const screen = openScreen({ onInterrupt });
  await screen.until('sluice');
  screen.press('ctrl-c', 'j', 'ctrl-c');
  await eventually(() => expect(screen.calls).toEqual([['quit'], ['moveTo', 'web>api:8080'], ['quit']]));
  expect(onInterrupt).not.toHaveBeenCalled();
  screen.press('ctrl-c');
  await eventually(() => expect(onInterrupt).toHaveBeenCalledOnce());
  await screen.close();
});

test('a key acts on the state that the key before has left', async () => {
  const screen = openScreen({
    commands: (store, recorded) => ({
      ...recorded,
      openCommand: () =>
        store.setState({ overlay: { type: 'command', field: textField(), of: 'attempts', targets: [] } }),
    }),
  });
  await screen.until('sluice');
  screen.press(':q\r');
  await eventually(() =>
    expect(screen.calls).toEqual([['type', { type: 'insert', text: 'q' }], ['confirm']]),
  );
  await screen.close();
});

test('an error goes with the next key, which still does what it does', async () => {
  const screen = openScreen({
    state: sessionState({ notice: { level: 'error', text: 'forbidden', at: 0 } }),
    commands: (store, recorded) => ({
      ...recorded,
      dismiss: () => {
        const { notice: _, ...rest } = store.getState();
        store.setState(rest, true);
      },
    }),
  });
  await screen.until('✗ forbidden');
  screen.press('j');
  await screen.until('p policies  o pods');
  expect(screen.calls).toEqual([['moveTo', 'web>api:8080']]);
  await screen.close();
});

test('long texts scroll by lines and pages and stop at their end', async () => {
  const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`);
  const detail = (scroll: number) => over({ type: 'detail', title: 'Pod', lines, scroll, loading: false });
  expect(await callsFor(detail(0), 'j', 'pagedown', 'G')).toEqual([
    ['scrollTo', 1],
    ['scrollTo', 24],
    ['scrollTo', 74],
  ]);
  expect(await callsFor(detail(73), 'pagedown', 'home')).toEqual([
    ['scrollTo', 74],
    ['scrollTo', 0],
  ]);
});

test('what is under the cursor is copied past the frame, as base64 only', async () => {
  const screen = openScreen({
    state: sessionState({ focus: 'pods', pods: [podRow('web')] }),
    commands: (_store, recorded) => ({ ...recorded, copyables: () => [{ what: 'pod', text: 'shop/web' }] }),
  });
  await screen.until('sluice');
  screen.press('c');
  await eventually(() => expect(screen.bytes()).toContain('\u001b]52;c;c2hvcC93ZWI=\u0007'));
  expect(screen.calls[0]).toEqual(['moveTo', 'shop/web']);
  expect(screen.calls[1]?.slice(0, 2)).toEqual(['notify', 'info']);
  await screen.close();
});

test('over an open text, + extends the grant that a notice speaks of, and nothing without such a notice', async () => {
  const text: Overlay = { type: 'detail', title: 'db', lines: ['a'], loading: false, scroll: 0 };
  const messages = [{ level: 'warn' as const, text: '7f3k web → db ends in 1m', at: NOW, grant: '7f3k' }];
  const calls = await callsFor(sessionState({ overlay: text, messages }), '+');
  expect(calls).toEqual([['openExtend']]);
  expect(await callsFor(over(text), '+')).toEqual([['remark', expect.stringContaining('+')]]);
});

test('what acts on the attempt under the cursor is told at 80 columns while a grant lives, too', async () => {
  const screen = openScreen({ columns: 80, rows: 24 });
  await screen.settled();
  const footer = screen.lines().at(-1) ?? '';
  for (const hint of ['g grant', 'e explain', 'a attempts', 'p policies', 'o pods', 'q quit'])
    expect(footer).toContain(hint);
  await screen.close();
});

test.each([
  [80, 'attempts', ['g grant', 'e explain', 'a attempts', 'p policies', 'o pods']],
  [80, 'pods', ['a attempts', 'p policies']],
  [80, 'policies', ['enter open', 'a attempts', 'o pods']],
  [80, 'grants', ['x revoke', 'h history']],
  [120, 'pods', ['a attempts', 'p policies', 'o pods']],
  [120, 'attempts', ['! drops only', 'a attempts', 'p policies', 'o pods']],
  [120, 'grants', ['h history', 'a attempts', 'o pods']],
] as const)('at %i columns the hints for %s tell where its rows lead', async (columns, focus, hints) => {
  const { grants } = sessionState();
  const state = sessionState({ focus, path: {}, grants: focus === 'grants' ? grants : [] });
  const screen = openScreen({ columns, rows: 24, state });
  await screen.settled();
  const footer = screen.lines().at(-1) ?? '';
  for (const hint of [...hints, '? help', 'q quit']) expect(footer).toContain(hint);
  expect(footer).not.toContain('esc back');
  screen.set({ trail: [{ ...sessionState(), namespace: 'shop' }] });
  await screen.until('esc back');
  await screen.close();
});
