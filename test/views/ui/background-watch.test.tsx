import { afterEach, expect, test } from 'vitest';
import { eventually } from '../../helpers/eventually.ts';
import { openScreen, type Screen, type ScreenOptions } from '../../helpers/screen.tsx';

let screen: Screen | undefined;
afterEach(() => screen?.close());

const RICH = { TERM: 'xterm-256color' };
const LIGHT = '\u001b]11;rgb:fdfd/f6f6/e3e3\u0007';
const DARK = '\u001b]11;rgb:1c/1f/26\u001b\\';

function open(options: ScreenOptions = {}): Screen {
  screen = openScreen({ environment: RICH, ...options });
  return screen;
}

/** The color of the first drop's verdict. */
function drop(): number | undefined {
  const row = screen?.lines().findLastIndex((line) => line.includes('✗ DROP')) ?? 0;
  return screen?.cell(screen.lines()[row]?.indexOf('✗ DROP') ?? 0, row).colour;
}

test('the terminal is asked, and nothing waits for its answer', async () => {
  open();
  await screen?.until('✗ DROP');
  expect(screen?.bytes()).toContain('\u001b]11;?\u001b\\');
  expect(drop()).toBe(1);
});

test('colors follow the background, at the start and when it changes', async () => {
  const { press, until } = open();
  press(LIGHT);
  await until(() => drop() === 160);
  press('\u001b[?997;1n');
  await until(() => drop() === 203);
  press('\u001b[?997;2n');
  await until(() => drop() === 160);
  press(DARK);
  await until(() => drop() === 203);
  expect(screen?.calls).toEqual([]);
});

test('an answer in pieces is no key either, and keys around it arrive in order', async () => {
  const { press, until, calls } = open();
  await until('✗ DROP');
  press('s', ...LIGHT, 'd', '\u001b[?99', '7;1nz');
  await until(() => drop() === 203);
  await eventually(() => expect(calls.length).toBeGreaterThanOrEqual(3));
  expect(calls.map(([name]) => name).filter((name) => name !== 'moveTo')).toEqual([
    'markSource',
    'markDestination',
    'zoom',
  ]);
});

test('escape alone, and the beginning of an answer that never ends, are keys', async () => {
  const { press, until, calls } = open();
  // The end of the answer's beginning is a key that does nothing, which is remarked.
  const acted = () => calls.map(([name]) => name).filter((name) => name !== 'remark');
  await until('✗ DROP');
  for (const [index, keys] of ['esc', 'z', '\u001b]1'].entries()) {
    press(keys);
    await eventually(() => expect(acted()).toHaveLength(index + 1));
  }
  expect(acted()).toEqual(['back', 'zoom', 'focus']);
});

test('COLORFGBG tells it from the start', async () => {
  open({ environment: { ...RICH, COLORFGBG: '0;15' } });
  await screen?.until(() => drop() === 160);
});

test('a terminal that would not answer, or needs not, is not asked', async () => {
  const quiet: readonly ScreenOptions[] = [
    { environment: { TERM: 'xterm' } },
    { environment: { ...RICH, CI: '1' } },
    { environment: { TERM: 'dumb', COLORTERM: 'truecolor' } },
    { environment: { TERM: 'screen-256color' } },
    { environment: { ...RICH, NO_COLOR: '1' }, color: 'auto' },
    { color: 'never' },
    { theme: { base: 'light', roles: {} } },
    { screenReader: true },
  ];
  for (const options of quiet) {
    open(options);
    await screen?.settled();
    expect(screen?.bytes(), JSON.stringify(options)).not.toMatch(/\]11;|\?2031/);
    await screen?.close();
  }
  open({ environment: { TERM: 'screen-256color', TMUX: '/tmp/tmux' } });
  await screen?.settled();
  expect(screen?.bytes()).toContain(']11;?');
});

test('at the end the terminal is told to tell no more, and an answer on its way is waited for', async () => {
  open();
  await screen?.settled();
  const closed = screen?.close();
  screen?.press(LIGHT);
  await closed;
  expect(screen?.bytes()).toMatch(/\u001b\[\?2031l$/);
});
