import { afterEach, describe, expect, test } from 'vitest';
import type { Overlay, PaneId, SessionState } from '../../../src/session/state/session-state.ts';
import { textField } from '../../../src/session/state/text-field.ts';
import { eventually } from '../../helpers/eventually.ts';
import { openScreen, type Screen, type ScreenOptions } from '../../helpers/screen.tsx';
import {
  attemptLine,
  grantForm,
  grantLine,
  NOW,
  podRow,
  policyRow,
  sessionState,
} from '../../helpers/session-state.ts';

let screen: Screen;
afterEach(() => screen.close());

async function show(state: SessionState, options: ScreenOptions): Promise<void> {
  screen = openScreen({ state, environment: { TERM: 'xterm' }, mouse: 'click', ...options });
  await screen.settled();
}

const report = (button: number, x: number, y: number) => `\u001b[<${button};${x + 1};${y + 1}M`;

const numbers = (count: number) => Array.from({ length: count }, (_, at) => String(at).padStart(2, '0'));

/** Rows whose every line has a sign of its row, such as `a07`: reasons that wrap, drops above the rest, a proof. */
function world(attempts: number, change: Partial<SessionState> = {}): SessionState {
  return sessionState({
    attempts: numbers(attempts).map((at) =>
      attemptLine({
        from: `a${at}`,
        to: 'x',
        verdict: Number(at) < 3 ? 'drop' : 'allow',
        why: at === '01' || at === '04' ? `a${at}-reason `.repeat(24).trim() : `a${at}-reason`,
      }),
    ),
    pods: numbers(30).map((at) => podRow(`p${at}`)),
    policies: numbers(4).map((at) => policyRow(`q${at}`)),
    grants: [
      grantLine(undefined, { id: 'g00', source: 'g00', reason: 'g00-why' }),
      grantLine(
        { name: 'closed', at: NOW - 5_000, by: 'revoke', proof: 'g01-proof '.repeat(12).trim() },
        { id: 'g01', source: 'g01', reason: 'g01-why' },
      ),
    ],
    ...change,
  });
}

const KEYS: Readonly<Record<string, (sign: string) => string>> = {
  a: (sign) => `${sign}>x:5432`,
  p: (sign) => `shop/${sign}`,
  q: (sign) => `NetworkPolicy/shop/${sign}`,
  g: (sign) => sign,
};

/** A part of the screen: its first and last column, and the lines above and below its own. */
type Area = {
  readonly pane: PaneId | undefined;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
};

const TITLES: Readonly<Record<string, PaneId>> = {
  Pods: 'pods',
  Policies: 'policies',
  Attempts: 'attempts',
  Grants: 'grants',
};

/** The bordered panes, by what is drawn. */
function areas(lines: readonly string[]): readonly Area[] {
  return lines.flatMap((line, top) =>
    [...line.matchAll(/╭([^╮]*)╮/g)].map(({ index: left, 0: { length }, 1: edge }) => ({
      pane: TITLES[/\d (\w+)/.exec(edge ?? '')?.[1] ?? ''],
      left,
      right: left + length - 1,
      top,
      bottom: lines.findIndex((below, y) => y > top && below[left] === '╰'),
    })),
  );
}

/** What a click calls, up to the row; clicks that follow too fast also open it. */
async function clicked(x: number, y: number): Promise<readonly unknown[]> {
  screen.calls.length = 0;
  screen.press(report(0, x, y), '?');
  await eventually(() => expect(screen.calls.at(-1)).toEqual(['openHelp']));
  const focus = screen.calls.filter(([name]) => name === 'focus').map(([, pane]) => pane);
  const row = screen.calls.find(([name]) => name === 'moveTo')?.[1];
  return [...focus, ...(row === undefined ? [] : [row])];
}

/** What clicks on a pane call, on a line with a sign, or on none. */
function expected({ pane }: Area, sign: string | undefined): readonly unknown[] {
  if (pane === undefined) return [];
  const [kind = ''] = sign ?? '';
  const focused = pane === screen.store.getState().focus ? [] : [pane];
  return sign === undefined ? focused : [...focused, KEYS[kind]?.(sign)];
}

/** Clicks on each line of an area, at both ends and within, compares with what is drawn there, and gives the signs. */
async function expectRows(area: Area): Promise<readonly string[]> {
  const { left, right, top, bottom } = area;
  const found: string[] = [];
  for (let y = top + 1; y < bottom; y++) {
    const sign = SIGN.exec(screen.lines()[y]?.slice(left, right + 1) ?? '')?.[0];
    for (const x of [left, left + 4, right]) {
      expect(await clicked(x, y), `${x}, ${y} in\n${screen.text()}`).toEqual(expected(area, sign));
    }
    if (sign !== undefined) found.push(sign);
  }
  return found;
}

const SIGN = /\b[apqg]\d\d\b/;

describe('where panes have borders, each cell belongs to the row that is drawn on it', () => {
  const layouts: readonly (readonly [
    columns: number,
    rows: number,
    what: string,
    change: Partial<SessionState>,
  ])[] = [
    [120, 30, 'grants as a band', {}],
    [120, 50, 'reasons that wrap', {}],
    [150, 34, 'no grants', { grants: [] }],
    [200, 50, 'path and objects at the right', {}],
    [120, 40, 'one pane zoomed', { zoomed: true }],
  ];
  test.each(layouts)('%i×%i: %s', async (columns, rows, _, change) => {
    await show(world(7, change), { columns, rows });
    const shown = areas(screen.lines());
    const places = change.zoomed === true ? ['attempts'] : ['attempts', 'pods', 'policies', undefined];
    const grants = change.zoomed === true || change.grants !== undefined ? [] : ['grants'];
    expect(new Set(shown.map(({ pane }) => pane))).toEqual(new Set([...places, ...grants]));
    const found = [];
    for (const area of shown) {
      found.push(...(await expectRows(area)));
      const { left, top, bottom } = area;
      for (const y of [top, bottom]) expect(await clicked(left + 4, y)).toEqual(expected(area, undefined));
    }
    expect(found).toEqual(expect.arrayContaining(numbers(7).map((at) => `a${at}`)));
    if (rows >= 40) expect(found.filter((sign) => sign === 'a01').length).toBeGreaterThan(1);
    for (const y of [0, rows - 1]) expect(await clicked(5, y)).toEqual([]);
  });

  test('scrolled, with drops above', async () => {
    const { panes } = sessionState();
    for (const index of [0, 2, 30, 59]) {
      await show(world(60, { panes: { ...panes, attempts: { ...panes.attempts, index } } }), {
        columns: 130,
        rows: 30,
      });
      const [attempts] = areas(screen.lines());
      if (attempts === undefined) throw new Error(screen.text());
      expect((await expectRows(attempts)).length).toBeGreaterThan(5);
      if (index !== 59) await screen.close();
    }
  });
});

test('a pane whose rows are gone has none on its lines', async () => {
  await show(world(7), { columns: 120, rows: 30 });
  const [attempts] = areas(screen.lines());
  if (attempts === undefined) throw new Error(screen.text());
  expect((await expectRows(attempts)).length).toBeGreaterThan(6);
  screen.set({ attempts: [] });
  await screen.settled();
  expect(await expectRows(attempts)).toEqual([]);
});

describe('where one pane fits, its rows are below the tabs, and the path below them is nothing', () => {
  const sizes = [
    [60, 15, 2],
    [80, 24, 3],
    [119, 40, 3],
  ] as const;
  const panes: readonly PaneId[] = ['attempts', 'pods', 'policies', 'grants'];
  test.each(sizes.flatMap((size) => panes.map((pane) => [...size, pane] as const)))(
    '%i×%i with %i lines of path: %s',
    async (columns, rows, path, pane) => {
      await show(world(7, { focus: pane }), { columns, rows });
      const bottom = rows - path - 1;
      const found = await expectRows({ pane, left: 0, right: columns - 1, top: 1, bottom });
      expect(found.length).toBeGreaterThan(1);
      for (let y = bottom; y < rows; y++) expect(await clicked(4, y), screen.text()).toEqual([]);
      expect(await clicked(4, 0)).toEqual([]);
    },
  );
});

describe('what is open over the panes takes the mouse', () => {
  const overlays: readonly Overlay[] = [
    { type: 'help', of: 'attempts', scroll: 0 },
    { type: 'command', of: 'attempts', field: textField(''), targets: [] },
    { type: 'grant', form: grantForm() },
    { type: 'charts' },
    { type: 'filter', pane: 'attempts', field: textField('a') },
    { type: 'quit', grants: [] },
  ];
  test.each(overlays)('$type: no click reaches a row', async (overlay) => {
    await show(world(7, { overlay }), { columns: 120, rows: 30 });
    for (let y = 0; y < 30; y++) screen.press(report(0, 3, y), report(0, 60, y), report(0, 117, y));
    screen.press('ctrl-c');
    await eventually(() => expect(screen.calls.at(-1)).toEqual(['quit']));
    expect(screen.calls.filter(([name]) => name === 'focus' || name === 'moveTo')).toEqual([]);
  });

  test('charts: the wheel moves from bar to bar', async () => {
    await show(world(7, { overlay: { type: 'charts' } }), { columns: 120, rows: 30, mouse: 'scroll' });
    screen.press(report(65, 3, 20), report(64, 100, 25), report(65, 3, 0), report(65, 3, 29));
    screen.press('ctrl-c');
    await eventually(() => expect(screen.calls.at(-1)).toEqual(['quit']));
    expect(screen.calls.slice(0, -1)).toEqual([
      ['move', 1],
      ['move', -1],
    ]);
  });
});

describe('in an open panel each line belongs to the item or field that is drawn on it', () => {
  /** Clicks on each cell of a few columns of the panel, and gives what that calls, by line. */
  async function clickedLines(): Promise<readonly (readonly [line: string, calls: readonly unknown[]])[]> {
    const lines = screen.lines();
    const top = lines.findIndex((line, y) => y > 0 && line.includes('╭ '));
    const left = lines[top]?.lastIndexOf('╭') ?? 0;
    const bottom = lines.findIndex((line, y) => y > top && line[left] === '╰');
    const found: (readonly [string, readonly unknown[]])[] = [];
    for (let y = top; y <= bottom; y++) {
      for (const x of [left, left + 5, left + 40]) {
        screen.calls.length = 0;
        screen.press(report(0, x, y), 'z');
        await eventually(() => expect(screen.calls.at(-1)?.[0]).toMatch(/^(type|remark)$/));
        // Clicks that follow too fast on one item also confirm it.
        const calls = screen.calls
          .slice(0, -1)
          .filter(([name, what]) => !ALSO.includes(name) && what !== 'take');
        if (x > left) expect(calls, `${x}, ${y} in\n${screen.text()}`).toEqual(found.at(-1)?.[1]);
        else found.push([lines[y]?.slice(left) ?? '', calls]);
      }
    }
    return found;
  }
  const ALSO: readonly string[] = ['confirm', 'showColumn', 'go', 'complete', 'back', 'notify', 'moveTo'];

  test('palette', async () => {
    const targets = numbers(20).map((at) => ({
      kind: 'pod' as const,
      text: `tt${at}`,
      note: 'shop',
      pane: 'pods' as const,
    }));
    const field = textField('tt');
    await show(world(3, { overlay: { type: 'command', of: 'attempts', field, targets, index: 9 } }), {
      columns: 120,
      rows: 30,
    });
    const found = await clickedLines();
    const listed = found.filter(([line]) => /pod +tt\d\d/.test(line));
    expect(listed).toHaveLength(12);
    const first = Number(/tt(\d\d)/.exec(listed[0]?.[0] ?? '')?.[1]);
    expect(listed.map(([, calls]) => calls)).toEqual(listed.map((_, at) => [['choose', first + at]]));
    for (const [line, calls] of found) if (!/pod +tt\d\d/.test(line)) expect(calls, line).toEqual([]);
  });

  test('a picker, scrolled and filtered', async () => {
    const items = numbers(60).map((at) => `n${at}`);
    const overlay: Overlay = { type: 'pick', what: 'namespace', items, filter: textField('n'), index: 40 };
    await show(world(3, { overlay }), { columns: 100, rows: 24 });
    for (const [line, calls] of await clickedLines()) {
      const at = /n(\d\d)/.exec(line)?.[1];
      expect(calls, line).toEqual(at === undefined || at === '40' ? [] : [['move', Number(at) - 40]]);
    }
  });

  test('columns', async () => {
    await show(world(3, { overlay: { type: 'columns', index: 2 } }), { columns: 120, rows: 30 });
    const found = await clickedLines();
    const listed = found.filter(([line]) => /\[[ x]\]/.test(line));
    expect(listed.map(([, calls]) => calls)).toEqual(
      listed.map((_, at) => (at === 2 ? [] : [['move', at - 2]])),
    );
    expect(listed.length).toBeGreaterThan(8);
    expect(found.flatMap(([, calls]) => calls)).toHaveLength(listed.length - 1);
  });

  test('the fields of the form, with what is said of them below, and the ends that one may mean', async () => {
    const choices = {
      index: 1,
      more: 0,
      items: ['e00', 'e01', 'e02'].map((text) => ({
        end: { type: 'pod' as const, namespace: 'shop', name: text },
        text,
        kind: 'Pod',
        namespace: 'shop',
        pods: 1,
      })),
    };
    const form = grantForm({ field: 'to', choices, problems: { ports: 'no-port '.repeat(20).trim() } });
    await show(world(3, { overlay: { type: 'grant', form } }), { columns: 120, rows: 40 });
    const found = await clickedLines();
    const callsOn = (pattern: RegExp) =>
      found.filter(([line]) => pattern.test(line)).map(([, calls]) => calls);
    for (const [label, field] of [
      ['From', 'from'],
      ['Ports?', 'ports'],
      ['For', 'duration'],
      ['Reason', 'reason'],
      ['Ticket', 'ticket'],
    ] as const)
      expect(callsOn(new RegExp(`^│ +${label} `)), label).toEqual([[['grantField', field]]]);
    expect(callsOn(/^│ +To /)).toEqual([[]]);
    expect(callsOn(/no-port/).length).toBeGreaterThan(1);
    for (const calls of callsOn(/no-port/)) expect(calls).toEqual([['grantField', 'ports']]);
    expect(callsOn(/e0[012] +Pod/)).toEqual([[['grantChoice', -1]], [], [['grantChoice', 1]]]);
  });
});

test('twice on an item runs it', async () => {
  const overlay: Overlay = {
    type: 'pick',
    what: 'namespace',
    items: ['n00', 'n01'],
    filter: textField(''),
    index: 1,
  };
  await show(world(3, { overlay }), { columns: 100, rows: 24 });
  const y = screen.lines().findIndex((line) => line.includes('n01'));
  screen.press(report(0, 20, y), report(0, 20, y));
  await eventually(() => expect(screen.calls).toEqual([['confirm']]));
});

test('a click takes the item that is shown, not the one that the state already has there', async () => {
  const overlay: Overlay = {
    type: 'pick',
    what: 'namespace',
    items: ['n00', 'n01', 'n02'],
    filter: textField(''),
    index: 0,
  };
  await show(world(3, { overlay }), { columns: 100, rows: 24 });
  const y = screen.lines().findIndex((line) => line.includes('n01'));
  screen.set({ overlay: { ...overlay, filter: textField('1') } });
  screen.press(report(0, 20, y + 1), report(0, 20, y), report(0, 20, y), 'ctrl-c');
  await eventually(() => expect(screen.calls.at(-1)).toEqual(['quit']));
  expect(screen.calls.slice(0, -1)).toEqual([['confirm']]);
});

test('with the wheel alone, a click in a panel does nothing', async () => {
  const overlay: Overlay = { type: 'columns', index: 0 };
  await show(world(3, { overlay }), { columns: 100, rows: 24, mouse: 'scroll' });
  const y = screen.lines().findIndex((line) => line.includes('DESTINATION  automatic'));
  screen.press(report(0, 60, y), report(65, 60, y), 'ctrl-c');
  await eventually(() => expect(screen.calls.at(-1)).toEqual(['quit']));
  expect(screen.calls.slice(0, -1)).toEqual([['move', 1]]);
});
