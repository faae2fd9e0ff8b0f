import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Pod } from '../../src/core/cluster/objects.ts';
import type { TrafficContext, TrafficSink } from '../../src/core/ports/ports.ts';
import type { Flow } from '../../src/core/traffic/flow.ts';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import type { Session } from '../../src/session/session.ts';
import { sessionOn } from '../helpers/demo/demo-session.ts';
import { connectionTo } from '../helpers/demo/live-demo.ts';
import { eventually } from '../helpers/eventually.ts';
import { admitted, dropped } from '../helpers/flows.ts';
import { inTask } from '../helpers/in-task.ts';
import { paneText } from '../helpers/pane-text.ts';
import { openScreen, type Screen } from '../helpers/screen.tsx';

/** Later at each storm, so that no two storms count as of one time. */
let time = Date.now();
const CLOCK = { now: () => time, monotonic: () => performance.now() };

let directory: string;
let demo: Demo;
let session: Session;
let screen: Screen;
let source: { readonly context: TrafficContext; readonly sink: TrafficSink } | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-storm-'));
  demo = await startDemo();
  session = sessionOn({
    connect: async () => ({
      ...(await connectionTo(demo, directory)),
      traffic: async () => ({
        name: 'hubble',
        run: (context, sink, signal) => {
          source = { context, sink };
          sink.state({ source: 'hubble', status: 'live', detail: 'storm', lost: 0 });
          return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        },
      }),
    }),
    clock: CLOCK,
  });
  screen = openScreen({ columns: 140, rows: 40, session });
  await session.start();
  await eventually(() => expect(source?.context.pods().length).toBeGreaterThan(10));
});

afterAll(async () => {
  await screen.close();
  await session.dispose();
  await demo.stop();
  await rm(directory, { recursive: true, force: true });
});

const end = ({ namespace, name, ips, owner }: Pod, port: number) => ({
  namespace,
  pod: name,
  ip: ips[0],
  port,
  ...(owner === undefined ? {} : { workload: owner }),
});

/** The pods of the shop talk to each other, some of them: other rows are newest. All of it is published at once. */
function storm(round: number): void {
  if (source === undefined) throw new Error('There is no source of flows yet.');
  time += 2_500;
  const pods = source.context.pods();
  const flows = pods.flatMap((from, at): readonly Flow[] => {
    const to = pods[(at * 3 + round) % pods.length];
    if (to === undefined || to.owner?.name === from.owner?.name || (at + round) % 3 !== 0) return [];
    const more = { time, source: end(from, 40_000 + round), destination: end(to, 5_432) };
    return at % 2 === 0 ? dropped('ingress', more) : [admitted('ingress', more)];
  });
  source.sink.flows(flows);
  session.commands.sort('pods', undefined);
}

/** The pair of the row that an eye sees under the cursor of the attempts. */
function seenRow(): string | undefined {
  return pairIn(/▸ +\S+ . [A-Z]+ +(\S+) +(\S+) +5432/);
}

/** The pair in the path pane. */
const inBar = () => pairIn(/^(\S+) → (\S+) :5432/, paneText(screen.lines(), 'Path'));
const inForm = () => pairIn(/From +(\S+) [\s\S]*To +(?:\w+\/)?(\S+) /);
const inExplain = () => pairIn(/╭ (\S+) → (\S+) :5432\/tcp ─/);

function pairIn(pattern: RegExp, text = screen.text()): string | undefined {
  const [, from, to] = pattern.exec(text) ?? [];
  return from === undefined ? undefined : `${from} → ${to}`;
}

/** Goes to the newest row, and presses a key while the state is ahead of the screen. */
async function pressAhead(key: string, round: number): Promise<string> {
  screen.press('home');
  await screen.settled();
  const row = seenRow();
  if (row === undefined) throw new Error(`There is no row under the cursor:\n${screen.text()}`);
  storm(round);
  await screen.settled();
  expect(seenRow()).toBe(row);
  await inTask(() => {
    storm(round + 1);
    screen.press(key);
  });
  return row;
}

test('a row that is being read stays under the cursor while others come and go below it', async () => {
  storm(1);
  await screen.until(() => seenRow() !== undefined);
  screen.press('home');
  await screen.settled();
  const row = seenRow();
  const next = new Set<string | undefined>();
  for (let round = 2; round < 6; round += 1) {
    storm(round);
    await screen.settled();
    expect(seenRow()).toBe(row);
    expect(screen.text()).toMatch(/3 Attempts .* following ─╮/);
    next.add(session.store.getState().attempts[1]?.key);
  }
  expect(next.size).toBeGreaterThan(2);
  screen.press('home');
  await screen.settled();
  expect(seenRow()).not.toBe(row);
});

test('drops are above whatever is newer, the newest on top', () => {
  const { commands, store } = session;
  for (let round = 1; round < 4; round += 1) {
    commands.moveTo(undefined);
    storm(round);
    commands.moveTo(undefined);
    const rows = store.getState().attempts.map(({ row }) => row);
    const drops = rows.filter(({ verdict }) => verdict === 'drop');
    expect(rows.slice(0, drops.length)).toEqual(drops);
    expect(drops.length).toBeLessThan(rows.length);
    expect(drops.map(({ last }) => last)).toEqual(drops.map(({ last }) => last).toSorted((a, b) => b - a));
  }
});

test('with the cursor further down every row keeps its place, and a new drop comes below the known ones', async () => {
  const { commands, store } = session;
  commands.moveTo(undefined);
  storm(1);
  const before = store.getState().attempts;
  const known = before.filter(({ row }) => row.verdict === 'drop').length;
  commands.moveTo(before[1]?.key);
  const [from, to] = source?.context.pods() ?? [];
  if (from === undefined || to === undefined) throw new Error('There are no pods.');
  time += 2_500;
  source?.sink.flows(dropped('ingress', { time, source: end(from, 40_000), destination: end(to, 9_999) }));
  storm(2);
  const after = store.getState().attempts;
  const fresh = after.filter(({ key }) => !before.some((line) => line.key === key));
  const drops = fresh.filter(({ row }) => row.verdict === 'drop');
  expect(drops.length).toBeGreaterThan(0);
  expect(after.filter((line) => !fresh.includes(line)).map(({ key }) => key)).toEqual(
    before.map(({ key }) => key),
  );
  expect(after.slice(known, known + drops.length)).toEqual(drops);
});

test.each([
  ['g', inForm],
  ['e', inExplain],
])(
  '%s opens what it does for the row as painted; the path bar and the cursor stay on it',
  async (key, inOverlay) => {
    storm(1);
    await screen.until(() => seenRow() !== undefined);
    const rows = new Set<string>();
    for (let round = 2; round < 8; round += 1) {
      const row = await pressAhead(key, round);
      await screen.until(() => inOverlay() !== undefined);
      expect([inOverlay(), inBar()]).toEqual([row, row]);
      for (const more of [3, 4]) {
        storm(round + more);
        await screen.settled();
        expect([inOverlay(), inBar()]).toEqual([row, row]);
      }
      screen.press('esc');
      await screen.until(() => inOverlay() === undefined);
      storm(round + 5);
      await screen.settled();
      expect([seenRow(), inBar()]).toEqual([row, row]);
      rows.add(row);
    }
    expect(rows.size).toBeGreaterThan(2);
  },
);

test('when the row leaves the pane, what lies over it still is about it, and so are the path bar and g', async () => {
  screen.press('/', 'drop', 'enter', 'home');
  storm(1);
  await screen.until(() => seenRow() !== undefined);
  const row = await pressAhead('e', 2);
  await screen.until(() => inExplain() === row);
  const line = session.store
    .getState()
    .attempts.find(
      ({ row: { sourceName, destinationName } }) => row === `${sourceName} → ${destinationName}`,
    );
  if (line === undefined) throw new Error(`${row} is no attempt.`);
  time += 2_500;
  source?.sink.flows([
    admitted('ingress', {
      time,
      source: { ...line.row.source, port: 50_000 },
      destination: line.row.destination,
    }),
  ]);
  session.commands.sort('pods', undefined);
  const { attempts } = session.store.getState().panes;
  expect(attempts.key).not.toBe(line.key);
  await screen.settled();
  expect([inExplain(), inBar()]).toEqual([row, row]);
  screen.press('c');
  await screen.until('Copied the explanation "');
  expect(copied()).toMatch(new RegExp(`^${row} :5432`));
  screen.press('g');
  await screen.until(() => inForm() === row);
  expect(inBar()).toBe(row);
  screen.press('esc');
  await screen.until(() => inForm() === undefined);
  expect([inExplain(), inBar()]).toEqual([row, row]);
  screen.press('esc');
  await screen.until(() => seenRow() !== undefined);
  expect(inBar()).toBe(seenRow());
  expect(inBar()).not.toBe(row);
});

test('a key that hides the row under the cursor puts cursor and path bar on the one in its place at once', () => {
  const { commands, store } = session;
  commands.back();
  storm(3);
  const allowed = store.getState().attempts.find(({ row }) => row.verdict === 'allow');
  if (allowed === undefined) throw new Error('Nothing was allowed.');
  commands.moveTo(allowed.key);
  commands.toggleDropsOnly();
  const { attempts, panes, path } = store.getState();
  const now = attempts.find(({ key }) => key === panes.attempts.key);
  expect(now?.row.verdict).toBe('drop');
  expect([path.sourceName, path.destinationName]).toEqual([now?.row.sourceName, now?.row.destinationName]);
});

/** What was sent to the clipboard last. */
function copied(): string {
  const codes = [...screen.bytes().matchAll(/\u001b\]52;c;([^\u0007]*)\u0007/g)];
  return Buffer.from(codes.at(-1)?.[1] ?? '', 'base64').toString();
}
