import { expect, test } from 'vitest';
import { textField } from '../../../src/session/state/text-field.ts';
import { eventually } from '../../helpers/eventually.ts';
import { openScreen } from '../../helpers/screen.tsx';
import { attemptLine, sessionState } from '../../helpers/session-state.ts';

test('for a screen reader lines are only ever added, on the ordinary screen', async () => {
  const screen = openScreen({ screenReader: true, columns: 100, rows: 20 });
  await screen.until('one line per change');
  screen.set({ attempts: [attemptLine({ verdict: 'allow', why: 'granted' })] });
  await screen.until('ALLOW: web to db port 5432, granted');
  screen.set({ focus: 'pods' });
  await screen.until('Pods, 4 rows');
  expect(screen.lines().filter((line) => line !== '')).toEqual([
    'sluice: one line per change. ? lists the keys of a pane, q quits.',
    'ALLOW: web to db port 5432, granted',
    'Pods, 4 rows',
    expect.stringMatching(/^1 of 4: name api-6c9d-4kx, ready 1\/1/),
    expect.stringMatching(/^.*$/),
  ]);
  expect(screen.bytes()).not.toContain('\u001b[?1049h');
  expect(screen.bytes()).not.toMatch(/\u001b\[[0-9;]*m/);
  await screen.close();
});

test('keys work as on the screen, and what is typed has one line of its own', async () => {
  const screen = openScreen({ screenReader: true });
  await screen.until('one line per change');
  screen.press('j');
  await eventually(() => expect(screen.calls).toEqual([['moveTo', 'web>api:8080']]));
  screen.set({ overlay: { type: 'filter', pane: 'pods', field: textField('we') } });
  await screen.until('filter: we');
  screen.set({ overlay: { type: 'filter', pane: 'pods', field: textField('web') } });
  await screen.until('filter: web');
  expect(screen.text().match(/filter: /g)).toHaveLength(1);
  await screen.close();
});

test('a search reads the line of the match it goes to', async () => {
  const detail = {
    type: 'detail',
    title: 'Pod',
    lines: ['a', 'db 1', 'b', 'db 2'],
    scroll: 0,
    loading: false,
  } as const;
  const screen = openScreen({ screenReader: true, state: sessionState({ overlay: detail }) });
  await screen.until('one line per change');
  screen.set({ overlay: { ...detail, search: { field: textField('db'), typing: true, at: 0 } } });
  await screen.until('search: db');
  screen.set({ overlay: { ...detail, search: { field: textField('db'), typing: false, at: 1 } } });
  await screen.until('2 of 2: db 2');
  screen.set({ overlay: { ...detail, search: { field: textField('x'), typing: false, at: 0 } } });
  await screen.until('no matches for x');
  await screen.close();
});

test('the end of the session ends it', async () => {
  const screen = openScreen({ screenReader: true, state: sessionState() });
  await screen.until('one line');
  screen.set({ ended: true });
  await screen.done;
});

test('what happens while a login has the terminal is read out afterwards', async () => {
  const login = Promise.withResolvers<void>();
  const state = sessionState({ login: { context: 'demo', why: 'It asks.', since: 0 } });
  const screen = openScreen({ screenReader: true, state, onLogin: () => login.promise });
  await screen.until('one line per change');
  screen.press('l');
  await screen.until('Logging in to demo');
  screen.set({ attempts: [attemptLine({ verdict: 'allow', why: 'granted' })] });
  await screen.settled();
  expect(screen.text()).not.toContain('ALLOW');
  login.resolve();
  await screen.until('ALLOW: web to db port 5432, granted');
  await screen.close();
});
