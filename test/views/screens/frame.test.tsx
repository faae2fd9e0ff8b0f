import { expect, test } from 'vitest';
import type { Overlay } from '../../../src/session/state/session-state.ts';
import { textField } from '../../../src/session/state/text-field.ts';
import { openScreen, type Screen } from '../../helpers/screen.tsx';
import {
  attemptLine,
  deniedVerdict,
  grantForm,
  grantLine,
  NOW,
  podRow,
  sessionState,
} from '../../helpers/session-state.ts';

/** A frame that is too high or too wide makes Ink clear the screen, or the terminal wrap and scroll. */
function expectWhole(screen: Screen, columns: number, rows: number): void {
  const lines = screen.lines();
  expect(lines).toHaveLength(rows);
  expect(lines[0]).toContain('sluice');
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
}

const SIZES = [
  [60, 15],
  [80, 24],
  [100, 40],
  [119, 30],
  [120, 20],
  [120, 30],
  [160, 52],
  [200, 50],
  [250, 80],
] as const;

const OVERLAYS: readonly Overlay[] = [
  { type: 'none' },
  { type: 'help', of: 'pods', scroll: 3 },
  {
    type: 'explain',
    title: 'web → db :5432/tcp',
    verdict: deniedVerdict(),
    attempt: attemptLine(),
    scroll: 0,
    at: NOW,
  },
  {
    type: 'detail',
    title: 'Pod web',
    lines: Array.from({ length: 90 }, (_, i) => `${' '.repeat(i % 9)}key${i}: ${'x'.repeat(i * 4)}`),
    scroll: 7,
    loading: false,
  },
  { type: 'grant', form: grantForm() },
  { type: 'extend', id: '7f3k', title: 'web → db :5432', field: textField('15m') },
  {
    type: 'revoke',
    ids: ['7f3k'],
    title: 'web → db :5432',
    consequences: ['the path closes', 'db stays isolated'],
  },
  { type: 'quit', grants: [grantLine().grant] },
  {
    type: 'pick',
    what: 'namespace',
    items: Array.from({ length: 60 }, (_, i) => `ns-${i}`),
    filter: textField(),
    index: 44,
  },
  { type: 'command', field: textField('na'), of: 'attempts', targets: [] },
  { type: 'filter', pane: 'attempts', field: textField('we') },
];

test('no frame is taller or wider than the terminal, whatever is shown at whatever size', async () => {
  const screen = openScreen({ columns: 80, rows: 24 });
  await screen.until('sluice');
  for (const overlay of OVERLAYS) {
    for (const [columns, rows] of SIZES) {
      screen.set({ overlay, zoomed: columns % 3 === 0 });
      screen.resize(columns, rows);
      await screen.settled();
      expectWhole(screen, columns, rows);
    }
  }
  await screen.close();
});

test('an open text outlives a terminal that is too small for anything, and a key pressed there', async () => {
  const screen = openScreen({ columns: 80, rows: 24 });
  await screen.until('sluice');
  for (const overlay of OVERLAYS) {
    screen.set({ overlay });
    screen.resize(3, 2);
    await screen.settled();
    screen.press('down');
    screen.resize(80, 24);
    await screen.settled();
    expectWhole(screen, 80, 24);
  }
  await screen.close();
});

test('updates never clear the screen: nothing can flicker', async () => {
  const screen = openScreen({ columns: 120, rows: 30 });
  await screen.settled();
  const before = screen.bytes().length;
  for (let tick = 1; tick <= 20; tick++) {
    const attempts = [attemptLine({ from: `new-${tick}` }), ...screen.store.getState().attempts];
    screen.set({ attempts, now: NOW + tick * 1000, serverNow: NOW + tick * 1000 });
    await screen.until(`new-${tick} `);
  }
  const update = screen.bytes().slice(before);
  expect(update).not.toMatch(/\u001b\[[0-3]?J/);
  expect(update).not.toContain('\n\n\n');
  await screen.close();
});

test('resizes in a row end in a whole screen', async () => {
  const screen = openScreen({ columns: 120, rows: 30 });
  await screen.settled();
  for (const [columns, rows] of [
    [40, 12],
    [200, 60],
    [80, 24],
    [20, 5],
    [121, 20],
    [60, 15],
    [120, 40],
  ] as const)
    screen.resize(columns, rows);
  await screen.until((text) => text.split('\n')[39]?.includes('q quit') === true);
  expectWhole(screen, 120, 40);
  await screen.close();
});

test('wide characters and endless names keep the columns where they are', async () => {
  const screen = openScreen({
    state: sessionState({
      pods: [podRow('支払い-サービス-本番環境-7d9f4c'), podRow(`x${'-long'.repeat(50)}`), podRow('web')],
      attempts: [
        attemptLine({ from: '支払い支払い支払い支払い', to: 'ÄÖÜ', why: '理由 理由 理由 理由 理由' }),
        attemptLine({ to: 'y'.repeat(200) }),
        attemptLine(),
      ],
    }),
  });
  await screen.settled();
  const border = (row: number) => [0, 119].map((column) => screen.cell(column, row).text);
  for (const row of [2, 3, 4, 5, 6]) expect(border(row), screen.lines()[row] ?? '').toEqual(['│', '│']);
  const top = screen.lines().findIndex((line) => line.includes('1 Pods'));
  const edges = [...(screen.lines()[top] ?? '')].flatMap((text, at) => ('╭╮'.includes(text) ? [at] : []));
  expect(edges).toHaveLength(6);
  for (const row of [1, 2, 3, 4].map((below) => top + below))
    for (const column of edges) expect(screen.cell(column, row).text, screen.lines()[row] ?? '').toBe('│');
  const port = screen.lines()[2]?.indexOf('PORT') ?? -1;
  for (const row of [3, 4, 5])
    expect(screen.cell(port, row).text + screen.cell(port + 1, row).text).toBe('54');
  await screen.close();
});

test('columns that have grown stay where they are when long rows leave', async () => {
  const long = attemptLine({ from: 'a-rather-long-workload' });
  const screen = openScreen({ columns: 160, state: sessionState({ attempts: [long, attemptLine()] }) });
  await screen.settled();
  const before = screen.lines()[2];
  screen.set({ attempts: [attemptLine({ why: 'other' })] });
  await screen.until((text) => !text.includes('a-rather'));
  expect(screen.lines()[2]).toBe(before);
  await screen.close();
});

test('ctrl-l draws the screen again over whatever else has written on it', async () => {
  const screen = openScreen();
  await screen.settled();
  const before = screen.text();
  screen.scribble('\u001b[5;5Hsome other program\n\n\n');
  await screen.until('some other program');
  screen.press('ctrl-l');
  await screen.until((text) => text === before);
  await screen.close();
});
