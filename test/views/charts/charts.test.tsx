import { afterEach, expect, test } from 'vitest';
import { chartsOf } from '../../../views/charts/layout.ts';
import { plainChart } from '../../../views/charts/plain-chart.ts';
import { createTheme } from '../../../views/ui/theme.ts';
import { openScreen, type Screen } from '../../helpers/screen.tsx';
import { NOW, sessionState } from '../../helpers/session-state.ts';

const samples = Array.from({ length: 60 }, (_, index) => ({
  time: NOW - (59 - index) * 1000,
  allow: 20 + (index % 10),
  drop: index % 15 === 0 ? 3 : 0,
  other: 0,
}));
const facts = {
  samples,
  talkers: [
    { name: 'web → db', count: 500 },
    { name: '支払い → api', count: 30 },
  ],
  dropReasons: [{ reason: 'Policy denied', count: 42 }],
};
const state = sessionState({ overlay: { type: 'charts' }, ...facts });

let screen: Screen | undefined;
afterEach(() => screen?.close());

test('charts fill the body exactly, whatever its size', () => {
  for (const [columns, rows] of [
    [58, 12],
    [119, 27],
    [250, 76],
  ] as const) {
    const area = chartsOf(facts, { columns, rows }).reduce(
      (sum, { width, height }) => sum + width * height,
      0,
    );
    expect(area).toBe(columns * rows);
  }
});

test('a verdict that never occurs has no chart; one that does has its own scale', () => {
  const size = { columns: 120, rows: 27 };
  const titles = (other: number) =>
    chartsOf({ ...facts, samples: samples.map((sample) => ({ ...sample, other })) }, size).map(
      ({ title }) => title,
    );
  expect(titles(0)).toEqual(['allowed/s: 29 now', 'dropped/s: 0 now', 'top talkers', 'drops by reason']);
  expect(titles(1)).toContain('other/s: 1 now');
});

test('names in bars take one cell a character', () => {
  const bars = chartsOf(facts, { columns: 120, rows: 27 }).find(({ title }) => title === 'top talkers');
  expect(bars?.labels).toEqual(['web > db', '??? > api']);
});

test('attempts a second, talkers and reasons are drawn over the body, header and keys stay', async () => {
  screen = openScreen({ state });
  await screen.until('allowed/s: 29 now');
  expect(screen.text()).toMatch(/[\u2801-\u28ff]{3}/);
  expect(screen.text()).toMatch(/web > db +\?\?\? > api/);
  expect(screen.text()).toMatch(/drops by reason/);
  expect(screen.lines()[0]).toContain('sluice');
  expect(screen.lines()[29]).toContain('esc back');
});

test('drops are red, and nothing leaks into the cells beside', async () => {
  screen = openScreen({ state });
  await screen.until('dropped/s');
  const right = Array.from({ length: 12 }, (_, line) =>
    Array.from({ length: 58 }, (_, column) => screen?.cell(61 + column, 3 + line)),
  ).flat();
  const curve = right.filter((cell) => cell !== undefined && /[\u2801-\u28ff]/.test(cell.text));
  expect(curve.some((cell) => cell?.colour === 1)).toBe(true);
  expect(right.filter((cell) => cell?.text === ' ').every((cell) => cell?.inverse === false)).toBe(true);
  const borders = Array.from({ length: 12 }, (_, line) => screen?.cell(119, 3 + line));
  expect(borders.every((cell) => cell?.text === '│' && cell.colour === 7)).toBe(true);
});

test('charts follow the clock and a new size', async () => {
  screen = openScreen({ state });
  await screen.until('29 now');
  screen.set({ now: NOW + 1000, samples: [...samples, { time: NOW + 1000, allow: 77, drop: 0, other: 0 }] });
  await screen.until('77 now');
  screen.resize(80, 24);
  await screen.until((text) => text.split('\n')[22]?.length === 80 && text.includes('77 now'));
});

test('the process can still be ended by a signal while charts are drawn', async () => {
  const listeners = () =>
    ['SIGTERM', 'SIGINT', 'SIGQUIT', 'exit'].map((event) => process.listenerCount(event));
  screen = openScreen({ state: sessionState(facts) });
  await screen.settled();
  const before = listeners();
  screen.set({ overlay: { type: 'charts' } });
  await screen.until('allowed/s');
  expect(listeners()).toEqual(before);
});

test('before anything was seen there is nothing to draw, and it says so', async () => {
  screen = openScreen({ state: sessionState({ overlay: { type: 'charts' } }) });
  await screen.until('top talkers: none seen');
  expect(screen.text()).toContain('drops by reason: none seen');
});

test('too small a screen says what charts need', async () => {
  screen = openScreen({ columns: 60, rows: 15, state });
  await screen.until(/allowed\/s|charts need/);
});

test('without colours bars are blocks; in ASCII curves are stars', () => {
  const bar = '\u001b[37m│\u001b[0m \u001b[41m  \u001b[0m\u001b[32m⣀⡠\u001b[0m';
  expect(plainChart(bar, createTheme({ colour: false, ascii: false }))).toBe('│ ██⣀⡠');
  expect(plainChart(bar, createTheme({ colour: false, ascii: true }))).toBe('| ##**');
});
