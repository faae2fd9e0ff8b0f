import { expect, test } from 'vitest';
import type { Notice, Overlay, Search, SessionState } from '../../../src/session/state/session-state.ts';
import { textField } from '../../../src/session/state/text-field.ts';
import { noticeLines } from '../../../views/overlays/notice.tsx';
import { lineText } from '../../../views/text/text.ts';
import { eventually } from '../../helpers/eventually.ts';
import { openScreen } from '../../helpers/screen.tsx';
import { NOW, sessionState } from '../../helpers/session-state.ts';

const LINES = Array.from({ length: 60 }, (_, at) => (at % 20 === 5 ? `db ${at} and db again` : `line ${at}`));

const detail = (search?: Search, scroll = 0): Overlay => ({
  type: 'detail',
  title: 'Pod',
  lines: LINES,
  scroll,
  loading: false,
  ...(search === undefined ? {} : { search }),
});
const found = (text: string, at = 0): Search => ({ field: textField(text), typing: false, at });
const typing = (text: string): Search => ({ field: textField(text), typing: true, at: 0 });

async function callsFor(overlay: Overlay, ...keys: readonly string[]) {
  const screen = openScreen({ rows: 24, state: sessionState({ overlay }) });
  await screen.until('╰ ');
  screen.press(...keys);
  await eventually(() => expect(screen.calls.length).toBeGreaterThanOrEqual(keys.length));
  await screen.close();
  return screen.calls;
}

test('a search shows its first match and the count while it is typed, and matches are inverse', async () => {
  const screen = openScreen({ rows: 24, state: sessionState({ overlay: detail(typing('again')) }) });
  await screen.until('/again▏ 3 found');
  const row = screen.lines().findIndex((line) => line.includes('db 5 and db again'));
  const column = (screen.lines()[row] ?? '').indexOf('again');
  expect(screen.cell(column, row)).toMatchObject({ text: 'a', inverse: true });
  expect(screen.cell(column - 2, row).inverse).toBe(false);
  screen.set({ overlay: detail(typing('DB 4')) });
  await screen.until('db 45 and db again');
  screen.set({ overlay: detail(typing('nowhere')) });
  await screen.until('/nowhere▏ no matches');
  await screen.close();
});

test('n and N go round through the matches, the current one marked and in sight', async () => {
  expect(await callsFor(detail(found('again')), 'n')).toEqual([['searchAt', 1, 15]]);
  expect(await callsFor(detail(found('again')), 'N')).toEqual([['searchAt', 2, 35]]);
  expect(await callsFor(detail(found('again', 2), 36), 'n')).toEqual([['searchAt', 0, 0]]);
  const screen = openScreen({ rows: 24, state: sessionState({ overlay: detail(found('again', 1), 16) }) });
  await screen.until('▸ db 25 and db again');
  await screen.until('/again 2 of 3');
  await screen.close();
});

test('a search is typed like any text; enter finds from where the text is shown', async () => {
  expect(await callsFor(detail(typing('ag')), 'n', 'q', 'backspace', 'esc')).toEqual([
    ['type', { type: 'insert', text: 'n' }],
    ['type', { type: 'insert', text: 'q' }],
    ['type', { type: 'backspace' }],
    ['back'],
  ]);
  expect(await callsFor(detail(typing('again'), 30), 'enter')).toEqual([['searchAt', 2, 35]]);
  expect(await callsFor(detail(), '/', 'n')).toEqual([
    ['openSearch'],
    ['notify', 'warn', 'n: nothing to find yet: / searches'],
  ]);
});

test('the help leaves what matches, and has two columns where there is room', async () => {
  const help = (search?: Search): Overlay => ({ type: 'help', of: 'pods', scroll: 0, search });
  const screen = openScreen({ columns: 140, rows: 60, state: sessionState({ overlay: help() }) });
  await screen.until(/Actions +Sort pods/);
  screen.set({ overlay: help(typing('revoke')) });
  await screen.until((text) => text.includes('revoke a grant') && !text.includes('one row up'));
  screen.set({ overlay: help(typing('qqq')) });
  await screen.until('no key or note matches qqq');
  screen.set({ overlay: help() });
  screen.resize(80, 60);
  await screen.until((text) => /Actions +│/.test(text));
  await screen.close();
});

const notice = (change: Partial<Notice> = {}): Notice => ({
  level: 'info',
  text: 'short',
  at: NOW,
  ...change,
});
const texts = (one: Notice, columns: number) => noticeLines(one, columns).map(lineText);

test('a notice takes the lines it needs, and names where the rest is', () => {
  expect(texts(notice({ hint: 'Do this.' }), 80)).toEqual([' short  Do this.']);
  expect(texts(notice({ level: 'error', text: 'word '.repeat(14).trim(), hint: 'Do this.' }), 80)).toEqual([
    ` ✗ ${'word '.repeat(14).trim()}`,
    ' Do this.',
  ]);
  const long = texts(notice({ text: 'word '.repeat(100) }), 80);
  expect(long).toHaveLength(3);
  expect(long[2]).toMatch(/ wo… :messages shows it whole$/);
  for (const line of long) expect(line.length).toBeLessThanOrEqual(80);
});

test('a long notice covers the last lines of the screen and nothing else', async () => {
  const text =
    'Still on demo: switching to gone failed. 127.0.0.1:4711 refused the connection: connection refused';
  const screen = openScreen({
    columns: 80,
    rows: 24,
    state: sessionState({ notice: notice({ text, hint: 'Check it.' }) }),
  });
  await screen.until('Check it.');
  expect(screen.text().replaceAll(/\s+/g, ' ')).toContain(text);
  expect(screen.lines()).toHaveLength(24);
  expect(screen.lines()[20]).not.toContain('Still');
  await screen.close();
});

test('all messages are read whole, the newest last and in sight', async () => {
  const messages = Array.from({ length: 40 }, (_, at) =>
    notice({ text: `message ${at}`, at: NOW + at * 1_000 }),
  );
  const last = notice({ level: 'error', text: 'refused '.repeat(30).trim(), hint: 'Try again.', times: 3 });
  const overlay: Overlay = { type: 'messages', scroll: Number.MAX_SAFE_INTEGER };
  const screen = openScreen({
    columns: 80,
    rows: 24,
    state: sessionState({ overlay, messages: [...messages, last] }),
  });
  await screen.until('(3 times)');
  expect(screen.text()).toContain('Try again.');
  expect(screen.text()).toMatch(/\d\d:\d\d:\d\d {2}message 39/);
  expect(screen.text()).not.toContain('message 3 ');
  screen.press('home', 'k', 'pageup');
  await eventually(() => expect(screen.calls[0]).toEqual(['scrollTo', 0]));
  await screen.close();
});

test('the log shows each command with its outcome, and the manifests when asked', async () => {
  const calls: SessionState['calls'] = [
    {
      time: NOW,
      command: 'kubectl --context demo create -n shop -f networkpolicy-sluice-7f3k.yaml',
      manifest: ['kind: NetworkPolicy', 'spec:', '  podSelector: {}'],
      outcome: 'created',
      failed: false,
    },
    { time: NOW, command: 'kubectl delete x', outcome: 'forbidden here', failed: true },
  ];
  const log = (manifests: boolean): Overlay => ({ type: 'log', manifests, scroll: 0 });
  const screen = openScreen({ columns: 100, rows: 24, state: sessionState({ calls, overlay: log(false) }) });
  await screen.until('kubectl --context demo create -n shop -f networkpolicy-sluice-7f3k.yaml');
  await screen.until('✓ created');
  await screen.until('✗ forbidden here');
  expect(screen.text()).not.toContain('podSelector');
  screen.set({ overlay: log(true) });
  await screen.until(/^│ {14}spec:\s+│$/m);
  await screen.until(/^│ {16}podSelector: {}\s+│$/m);
  screen.press('y');
  await eventually(() => expect(screen.calls).toEqual([['toggleManifests']]));
  await screen.close();
});

test('only the pane that takes the keys shows a cursor', async () => {
  const screen = openScreen({ state: sessionState({ attempts: [] }) });
  await screen.until('api-6c9d-4kx');
  expect(screen.text()).not.toMatch(/▸ /);
  screen.press('j');
  await eventually(() =>
    expect(screen.calls).toEqual([['notify', 'warn', 'j: no attempts in this view; 1 goes to the pods']]),
  );
  screen.set({ focus: 'pods' });
  await screen.until('▸ api-6c9d-4kx');
  await screen.close();
});
