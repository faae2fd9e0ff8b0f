import { afterEach, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../helpers/eventually.ts';
import { openScreen, type Screen, type ScreenOptions } from '../../helpers/screen.tsx';
import { attemptLine, grantForm, grantLine, NOW, podRow, sessionState } from '../../helpers/session-state.ts';

const XTERM = { TERM: 'xterm-256color' };

let screen: Screen;
afterEach(async () => {
  vi.useRealTimers();
  await screen.close();
});

async function show(options: ScreenOptions = {}): Promise<void> {
  screen = openScreen({ environment: XTERM, mouse: 'click', ...options });
  await screen.settled();
}

/** The cell, from 0, where a text begins on the screen. */
function placeOf(text: string): readonly [x: number, y: number] {
  const y = screen.lines().findIndex((line) => line.includes(text));
  if (y < 0) throw new Error(`not on the screen: ${text}\n${screen.text()}`);
  return [screen.lines()[y]?.indexOf(text) ?? 0, y];
}

function report(button: number, [x, y]: readonly [number, number], end = 'M'): string {
  return `\u001b[<${button};${x + 1};${y + 1}${end}`;
}

const click = (at: readonly [number, number]) => screen.press(report(0, at), report(0, at, 'm'));
const wheel = (step: 1 | -1, at: readonly [number, number]) => screen.press(report(step === 1 ? 65 : 64, at));

/** Waits until a key pressed now has been answered: what came before has been, then. */
async function calls() {
  screen.press('G');
  await eventually(() => expect(screen.calls.length).toBeGreaterThan(0));
  await screen.settled();
  return screen.calls;
}

const pods = ['api-1', 'db-0', 'web-1', 'web-2', 'cart-1'].map((name) => podRow(name));

describe('a click', () => {
  test('puts the cursor on the row, and focuses its pane', async () => {
    await show({ state: sessionState({ pods }) });
    click(placeOf('db-0'));
    await eventually(() =>
      expect(screen.calls).toEqual([
        ['focus', 'pods'],
        ['moveTo', 'shop/db-0'],
      ]),
    );
  });

  test('finds rows by what is painted: wrapped reasons, and the rule between drops and the rest', async () => {
    const why = `${'reason '.repeat(40)}end-of-it`;
    const attempts = [
      attemptLine({ from: 'one', why }),
      attemptLine({ from: 'two' }),
      attemptLine({ from: 'three', verdict: 'allow' }),
      attemptLine({ from: 'four', verdict: 'allow' }),
    ];
    await show({ state: sessionState({ attempts }), rows: 50, columns: 140 });
    const [x, y] = placeOf('end-of-it');
    expect(y).toBeGreaterThan(placeOf('one')[1]);
    const rule = placeOf('three')[1] - 1;
    expect(screen.lines()[rule]).toMatch(/───/);
    click([x, y]);
    click([5, rule]);
    click(placeOf('three'));
    click([placeOf('SOURCE')[0], placeOf('SOURCE')[1]]);
    await eventually(() => expect(screen.calls).toHaveLength(2));
    expect(await calls()).toEqual([
      ['moveTo', 'one>db:5432'],
      ['moveTo', 'three>db:5432'],
      ['moveTo', 'four>db:5432'],
    ]);
  });

  test('finds grants with two lines each', async () => {
    const grants = ['aaaa', 'bbbb'].map((id) => grantLine(undefined, { id, reason: `why-${id}` }));
    await show({ state: sessionState({ grants }), rows: 40 });
    click(placeOf('why-bbbb'));
    await eventually(() => expect(screen.calls).toContainEqual(['moveTo', 'bbbb']));
  });

  test('acts on the row that is shown, not on the one that the state already has there', async () => {
    await show({ state: sessionState({ pods, focus: 'pods' }) });
    const at = placeOf('db-0');
    screen.set({ pods: [podRow('new-0'), ...pods] });
    click(at);
    await eventually(() => expect(screen.calls).toContainEqual(['moveTo', 'shop/db-0']));
  });

  test('twice on a row opens it', async () => {
    await show({ state: sessionState({ pods, focus: 'pods' }) });
    click(placeOf('db-0'));
    click(placeOf('db-0'));
    await eventually(() => expect(screen.calls.map(([name]) => name)).toContain('about'));
    click(placeOf('db-0'));
    expect((await calls()).filter(([name]) => name === 'about')).toHaveLength(1);
  });

  test('on two rows, or twice with time between, opens nothing', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    await show({ state: sessionState({ pods, focus: 'pods' }) });
    click(placeOf('db-0'));
    click(placeOf('web-1'));
    await eventually(() => expect(screen.calls).toContainEqual(['moveTo', 'shop/web-1']));
    vi.advanceTimersByTime(401);
    click(placeOf('web-1'));
    expect((await calls()).map(([name]) => name)).not.toContain('about');
  });

  test('on a tab of a narrow screen focuses its pane', async () => {
    await show({ columns: 80, rows: 24 });
    click(placeOf('1 Pods'));
    click(placeOf('4 Grants'));
    click([79, 1]);
    await eventually(() => expect(screen.calls).toHaveLength(2));
    expect((await calls()).slice(0, 2)).toEqual([
      ['focus', 'pods'],
      ['focus', 'grants'],
    ]);
  });

  test('on a row below the tabs of a narrow screen is that row', async () => {
    await show({ columns: 80, rows: 24, state: sessionState({ pods, focus: 'pods' }) });
    click(placeOf('web-2'));
    await eventually(() => expect(screen.calls).toEqual([['moveTo', 'shop/web-2']]));
  });

  test('under an open text or a notice does nothing', async () => {
    const many = Array.from({ length: 30 }, (_, at) => podRow(`pod-${at}`));
    await show({
      state: sessionState({ pods: many, focus: 'pods', overlay: { type: 'grant', form: grantForm() } }),
    });
    for (const y of Array.from({ length: 30 }, (_, line) => line)) click([2, y]);
    screen.set({ overlay: { type: 'none' } });
    await screen.settled();
    const [x] = placeOf('pod-6');
    screen.set({ notice: { level: 'warn', text: 'word '.repeat(60), at: NOW } });
    await screen.settled();
    for (const y of [27, 28, 29]) click([x, y]);
    expect((await calls()).filter(([name]) => name !== 'moveTo')).toEqual([]);
    expect(screen.calls).toHaveLength(1);
  });
});

describe('the wheel', () => {
  test('moves the cursor of the pane under the pointer', async () => {
    await show({ state: sessionState({ pods }), mouse: 'scroll' });
    wheel(1, placeOf('web-1'));
    await eventually(() => expect(screen.calls).toContainEqual(['focus', 'pods']));
    expect(screen.calls.map(([name]) => name)).toEqual(['focus', 'moveTo']);
  });

  test('scrolls the text under the pointer, and nothing beside it', async () => {
    const lines = Array.from({ length: 90 }, (_, at) => `line ${at}`);
    await show({
      state: sessionState({ overlay: { type: 'detail', title: 'x', lines, loading: false, scroll: 5 } }),
      mouse: 'scroll',
      commands: (store, recorded) => ({
        ...recorded,
        scrollTo: (scroll) => {
          const { overlay } = store.getState();
          if (overlay.type === 'detail') store.setState({ overlay: { ...overlay, scroll } });
        },
      }),
    });
    wheel(1, [10, 10]);
    await screen.until((text) => text.includes('line 8') && !text.includes('line 7 '));
    wheel(-1, [10, 10]);
    await screen.until('line 5');
    wheel(1, [10, 0]);
    wheel(1, [10, 29]);
    await screen.settled();
    expect(screen.text()).toContain('line 5');
  });

  test('scrolls the plan below a form without leaving its field', async () => {
    const form = grantForm({ problems: { reason: 'long '.repeat(400) } });
    await show({
      state: sessionState({ overlay: { type: 'grant', form } }),
      rows: 15,
      columns: 60,
      mouse: 'scroll',
    });
    wheel(1, [10, 8]);
    await eventually(() => expect(screen.calls).toEqual([['move', 3]]));
  });

  test('alone is used where clicks are the terminal’s', async () => {
    await show({ state: sessionState({ pods, focus: 'pods' }), mouse: 'scroll' });
    click(placeOf('web-1'));
    wheel(1, placeOf('web-1'));
    await eventually(() => expect(screen.calls).toHaveLength(1));
    expect(screen.calls).toEqual([['moveTo', 'shop/db-0']]);
  });
});

describe('the reports', () => {
  test('never arrive as keys, in pieces either', async () => {
    await show({ state: sessionState({ pods, focus: 'pods' }) });
    for (const byte of `${report(0, placeOf('db-0'))}\u001b[M q!${report(35, [1, 1])}`) screen.press(byte);
    expect(await calls()).toEqual([
      ['moveTo', 'shop/db-0'],
      ['moveTo', 'shop/cart-1'],
    ]);
  });

  test('never arrive as keys where the terminal is asked for its background', async () => {
    await show({
      state: sessionState({ pods, focus: 'pods' }),
      environment: { ...XTERM, COLORTERM: 'truecolor' },
    });
    expect(screen.bytes()).toContain('\u001b]11;?');
    const answer = '\u001b]11;rgb:1c1c/1f1f/2626\u001b\\';
    // Wheel, answer and click in pieces; then a report of the old format, whose bytes may be anything.
    for (const byte of Buffer.from(`${report(65, placeOf('db-0'))}${answer}${report(0, placeOf('db-0'))}`))
      screen.pressBytes(byte);
    screen.pressBytes(0x1b, 0x5b, 0x4d, 0x20, 0xc3, 0xa9);
    for (const byte of [0x1b, 0x5b, 0x4d, 0x20, 0xff, 0xc3]) screen.pressBytes(byte);
    expect(await calls()).toEqual([
      ['moveTo', 'shop/db-0'],
      ['moveTo', 'shop/db-0'],
      ['moveTo', 'shop/cart-1'],
    ]);
  });

  test('leave the escape key and other keys as they are', async () => {
    await show({ state: sessionState({ pods, focus: 'pods' }) });
    screen.press('esc');
    await eventually(() => expect(screen.calls).toEqual([['back']]));
    screen.press('up');
    await eventually(() => expect(screen.calls).toHaveLength(2));
  });

  test('are asked for while the app has the terminal: not at a shell, not after the end', async () => {
    let suspended = false;
    await show({ onSuspend: () => (suspended = true) });
    const modes = () =>
      screen
        .bytes()
        .match(/\u001b\[\?1000[hl]/g)
        ?.map((code) => code.at(-1));
    expect(modes()).toEqual(['h']);
    screen.press('\u001a');
    await eventually(() => expect(suspended).toBe(true));
    await screen.settled();
    expect(modes()).toEqual(['h', 'l', 'h']);
    await screen.close();
    await eventually(() => expect(modes()).toEqual(['h', 'l', 'h', 'l']));
    expect(screen.bytes().split('\u001b[?1006h')).toHaveLength(3);
    expect(screen.bytes().split('\u001b[?1006l')).toHaveLength(3);
  });

  test.each([
    ['not wanted', { mouse: 'off' }],
    ['nothing is said', { mouse: undefined }],
    ['there is a screen reader', { screenReader: true }],
    ['TERM=dumb', { environment: { TERM: 'dumb' } }],
    ['in CI', { environment: { ...XTERM, CI: 'true' } }],
  ] as const)('are not asked for where %s', async (_, options) => {
    await show(options);
    await screen.close();
    expect(screen.bytes()).not.toMatch(/\u001b\[\?100[0-9]/);
  });
});
