import { afterEach, describe, expect, test } from 'vitest';
import type { SessionState } from '../../../src/session/state/session-state.ts';
import { openScreen, type Screen, type ScreenOptions } from '../../helpers/screen.tsx';
import { attemptLine, NOW, sessionState } from '../../helpers/session-state.ts';

const samples = Array.from({ length: 120 }, (_, index) => ({
  // From 12:02:10 on, a round time for intervals of 2 s.
  time: NOW - (121 - index) * 1000,
  allow: 20 + (index % 10),
  drop: index % 15 === 0 ? 3 : 0,
  other: 0,
}));
const attempts = [
  attemptLine({ count: 42, droppedBy: 'db-only-api' }),
  attemptLine({ from: 'backup', count: 3, droppedBy: 'db-only-api' }),
  attemptLine({ to: 'api', port: 8080, verdict: 'allow', count: 310 }),
  attemptLine({
    from: 'a-workload-with-a-long-name',
    to: 'another-one',
    count: 20,
    droppedBy: 'default-deny',
  }),
];
const open = (change: Partial<SessionState> = {}, options: ScreenOptions = {}) => {
  screen = openScreen({
    state: sessionState({
      overlay: { type: 'charts', bar: 'path web api 8080 TCP' },
      samples,
      attempts,
      ...change,
    }),
    ...options,
  });
  return screen;
};
const DOTS = /[\u2801-\u28ff]/;

let screen: Screen | undefined;
afterEach(() => screen?.close());

const SIZES = [
  [60, 15],
  [80, 24],
  [120, 30],
  [200, 50],
] as const;

describe.each(SIZES)('at %i×%i', (columns, rows) => {
  test('charts fill the body in our own frames, names are whole, header and keys stay', async () => {
    open({}, { columns, rows });
    await screen?.until(rows > 20 ? DOTS : 'backup');
    const lines = screen?.lines() ?? [];
    expect(screen?.text()).not.toMatch(/[┌┐└┘]/);
    expect(lines.length).toBe(rows);
    expect(lines[0]).toContain('sluice');
    expect(lines[rows - 1]).toContain('esc back');
    expect(lines[1]).toMatch(/^╭ Attempts .*╮$/);
    expect(lines[rows - 2]).toMatch(/^╰─.*─╯$/);
    if (rows > 20) expect(screen?.text()).toContain('a-workload-with-a-long-name → another-one :5432');
    for (const line of lines.slice(2, -1)) expect([...line].length, line).toBe(columns);
  });
});

test('one unit everywhere: attempts, and the numbers are those of the table', async () => {
  open();
  await screen?.until(DOTS);
  const text = screen?.text() ?? '';
  expect(text).toMatch(/Attempts per 2 s ─+ ✓ 2940 allowed {2}✗ 24 dropped ─╮/);
  expect(text).toMatch(/Attempts by path █ allowed ░ dropped ─+ 375 ─╮/);
  expect(text).toMatch(/Dropped attempts by policy ─+ ✗ 65 ─╮/);
  expect(text).toMatch(/db-only-api +█+ +45/);
  expect(text).not.toMatch(/flows|\/s allowed/);
});

test('the axis of time has the wall clock, that of attempts whole numbers from 0', async () => {
  open();
  await screen?.until(DOTS);
  const lines = screen?.lines() ?? [];
  const marks = lines.flatMap((line) => /^│ *([\d.]+) *[\u2801-\u28ff]/.exec(line)?.[1] ?? []);
  expect(marks).toEqual(['60', '40', '20', '0']);
  expect(lines.find((line) => /\d\d:\d\d:\d\d +\d\d:\d\d:\d\d/.test(line))).toMatch(/:\d[02468] /);
});

test('curves have the colors and at their ends the names of their verdicts, axes the color of faint text', async () => {
  open({}, { environment: { TERM: 'xterm-256color', COLORFGBG: '0;15' } });
  await screen?.until(DOTS);
  const cells = Array.from({ length: 30 * 120 }, (_, at) => screen?.cell(at % 120, Math.floor(at / 120)));
  const dots = cells.filter((cell) => DOTS.test(cell?.text ?? ''));
  expect(new Set(dots.map((cell) => cell?.colour))).toEqual(new Set([28, 160, 241]));
  expect(screen?.text()).toMatch(/[⠀-⣿ ] +✓ allowed +│/);
  expect(screen?.text()).toMatch(/✗ dropped +│/);
});

test('windows of grants are marked over the curves, from their beginning to their end', async () => {
  const spans = [
    { id: 'a', text: 'web → db', start: NOW - 90_000, end: NOW - 30_000 },
    { id: 'b', text: 'cart → cache', start: NOW - 20_000, end: NOW + 600_000 },
    { id: 'c', text: 'long ago', start: NOW - 3_000_000, end: NOW - 2_000_000 },
  ];
  open({ spans });
  await screen?.until(DOTS);
  const lines = screen?.lines() ?? [];
  const ended = lines.find((line) => line.includes('◷ web → db')) ?? '';
  expect(ended).toMatch(/^│ +▏─ ◷ web → db ─+▏ +│$/);
  // 60 s of 118 s: half of the curve's width.
  const width = ended.lastIndexOf('▏') - ended.indexOf('▏');
  expect(width).toBeGreaterThan(46);
  expect(width).toBeLessThan(54);
  expect(lines.find((line) => line.includes('cart → cache'))).toMatch(/◷ cart → cache ▏─+▸/);
  expect(screen?.text()).not.toContain('long ago');
});

test('the cursor moves over the bars, and enter asks for what is under it', async () => {
  open({}, { commands: (_, recorded) => recorded });
  await screen?.until(DOTS);
  expect(screen?.text()).toContain('▸ web → api :8080');
  screen?.press('j', 'k', 'end', 'tab', 'enter');
  await screen?.settled();
  expect(screen?.calls).toEqual([['move', 1], ['move', -1], ['move', 1_000_000], ['move', 4], ['confirm']]);
});

test('a list that is longer than its place follows the cursor, and its total counts all', async () => {
  const many = Array.from({ length: 40 }, (_, index) =>
    attemptLine({ from: `w${index}`, count: 100 - index }),
  );
  open({ attempts: many, overlay: { type: 'charts', bar: 'path w30 db 5432 TCP' } });
  await screen?.until('▸ w30 → db');
  expect(screen?.text()).toMatch(/╰ 21-31 of 40 ─/);
  expect(screen?.text()).toMatch(/dropped ─+ 3220 ─╮/);
});

test('charts follow the clock and a new size', async () => {
  open();
  await screen?.until('2940 allowed');
  const next = [77, 0].map((allow, index) => ({ time: NOW + (index - 1) * 1000, allow, drop: 0, other: 0 }));
  screen?.set({ samples: [...samples.slice(2), ...next] });
  await screen?.until('2976 allowed');
  screen?.resize(80, 24);
  await screen?.until((text) => text.split('\n')[22]?.length === 80 && DOTS.test(text));
});

test('the process can still be ended by a signal while charts are drawn', async () => {
  const listeners = () =>
    ['SIGTERM', 'SIGINT', 'SIGQUIT', 'exit'].map((event) => process.listenerCount(event));
  screen = openScreen({ state: sessionState({ samples, attempts }) });
  await screen.settled();
  const before = listeners();
  screen.set({ overlay: { type: 'charts' } });
  await screen.until(DOTS);
  expect(listeners()).toEqual(before);
});

test('before anything was seen there is nothing to draw, and it says so', async () => {
  open({ samples: [], attempts: [] });
  await screen?.until('counting the first seconds');
  expect(screen?.text()).toMatch(/by path .* 0 ─╮/);
  expect(screen?.text()).toContain('none seen');
});

test('without colors nothing is lost; in ASCII curves are stars and bars are signs', async () => {
  open({}, { color: 'never' });
  await screen?.until(DOTS);
  expect(screen?.bytes()).not.toMatch(/\u001b\[(?:3\d|4\d|38;|48;)/);
  expect(screen?.text()).toMatch(/backup → db :5432 +░+ +3/);
  await screen?.close();
  open({}, { color: 'never', ascii: true });
  await screen?.until('*****');
  expect(screen?.text()).not.toMatch(/[^\x20-\x7e\n]/);
  expect(screen?.text()).toMatch(/web > api :8080 +#+ 310/);
});
