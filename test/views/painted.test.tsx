import { afterEach, expect, test, vi } from 'vitest';
import type { PaneId, SessionState } from '../../src/session/state/session-state.ts';
import { inTask } from '../helpers/in-task.ts';
import { openScreen, type Screen, type ScreenOptions } from '../helpers/screen.tsx';
import { attemptLine, grantLine, podRow, policyRow, sessionState } from '../helpers/session-state.ts';

let screen: Screen;
afterEach(() => screen.close());

const NAMES = Array.from({ length: 12 }, (_, at) => String(at + 10));

/** The rows of every pane, and how their names and keys begin. */
const ROWS = {
  pods: NAMES.map((name) => podRow(`pod-${name}`)),
  policies: NAMES.map((name) => policyRow(`policy-${name}`)),
  attempts: NAMES.map((name) => attemptLine({ from: `from-${name}` })),
  grants: NAMES.map((name) =>
    grantLine(undefined, { id: `grant-${name}`, source: `grant-${name}`, destination: 'db' }),
  ),
};
const NAME: Readonly<Record<PaneId, RegExp>> = {
  pods: /▸ (pod-\d\d)/,
  policies: /▸ (policy-\d\d)/,
  attempts: /▸ .*(from-\d\d)/,
  grants: /▸ (grant-\d\d)/,
};
/** What acts on a row, whatever the pane says to it. */
const ACTING = ['g', 'e', 's', 'd', 'y', 'c', 'enter', 'Y', 'x', '+'];

/** All rows in another order, the same ones at each run. */
function shuffled(round: number): Pick<SessionState, PaneId> {
  const steps = [1, 5, 7, 11];
  const step = steps[round % steps.length] ?? 1;
  const order = <Row,>(rows: readonly Row[]) =>
    rows.flatMap((_, at) => rows[(at * step + round + 1) % rows.length] ?? []);
  const { pods, policies, attempts, grants } = ROWS;
  return { pods: order(pods), policies: order(policies), attempts: order(attempts), grants: order(grants) };
}

/** The name of the row that an eye sees under the cursor of a pane. */
function seenIn(pane: PaneId): string {
  const [, name] =
    screen
      .lines()
      .map((line) => NAME[pane].exec(line))
      .find((found) => found !== null) ?? [];
  if (name === undefined) throw new Error(`No row is under the cursor of ${pane}:\n${screen.text()}`);
  return name;
}

function keyOf(pane: PaneId, name: string): string {
  const row = ROWS[pane].find(({ key }) => key.includes(name));
  if (row === undefined) throw new Error(`No row of ${pane} is named ${name}.`);
  return row.key;
}

async function open(state: Partial<SessionState> = {}, options: ScreenOptions = {}): Promise<void> {
  screen = openScreen({ state: sessionState({ ...ROWS, ...state }), ...options });
  await screen.until('from-10');
  await screen.settled();
}

/** Commands that move the cursor of the attempts as the session does; the others are only written down. */
const moving: ScreenOptions['commands'] = (store, recorded) => ({
  ...recorded,
  moveTo: (key) => {
    recorded.moveTo(key);
    const { attempts, panes } = store.getState();
    const index = key === undefined ? 0 : attempts.findIndex((line) => line.key === key);
    if (index >= 0) store.setState({ panes: { ...panes, attempts: { ...panes.attempts, key, index } } });
    return index >= 0;
  },
});

test.each(['attempts', 'pods', 'policies', 'grants'] as const)(
  'while rows of %s storm, no key acts on another row than the one painted under the cursor',
  async (focus) => {
    await open({ focus });
    const rows = new Set<string>();
    // A fast machine goes round several times before the next frame.
    for (let round = 0; round < 25 || rows.size < 6; ) {
      const seen = await inTask(() => {
        if (!screen.idle()) return undefined;
        const name = seenIn(focus);
        screen.calls.length = 0;
        screen.set(shuffled(round));
        screen.press(...ACTING);
        return name;
      });
      if (seen === undefined) continue;
      const acted = screen.calls.filter(([name]) => name === 'moveTo').map(([, key]) => key);
      expect(acted).toEqual(ACTING.map(() => keyOf(focus, seen)));
      rows.add(seen);
      round += 1;
    }
  },
);

test('keys pressed at once move over the rows that are painted, though these have moved on since', async () => {
  await open({}, { commands: moving });
  await inTask(() => {
    screen.set(shuffled(1));
    screen.press('jjg');
  });
  expect(screen.calls).toEqual([
    ['moveTo', 'from-11>db:5432'],
    ['moveTo', 'from-12>db:5432'],
    ['moveTo', 'from-12>db:5432'],
    ['openGrant'],
  ]);
  await screen.until(/▸ .*from-12/);
});

test('a row that comes or goes off the screen is no frame, and the next key knows of it', async () => {
  const many = Array.from({ length: 200 }, (_, at) => attemptLine({ from: `from-${at + 10}` }));
  await open({ attempts: many }, { commands: moving });
  const before = screen.text();
  await inTask(() => screen.set({ attempts: many.with(-1, attemptLine({ from: 'from-999' })) }));
  await screen.settled();
  expect(screen.text()).toBe(before);
  screen.press('G');
  await screen.until(/▸ .*from-999/);
  expect(screen.calls).toEqual([['moveTo', 'from-999>db:5432']]);
});

test('after a key that changes which rows there are, the next one acts on what it left', async () => {
  await open(
    {},
    {
      commands: (store, recorded) => ({
        ...recorded,
        toggleDropsOnly: () => store.setState({ attempts: ROWS.attempts.slice(4) }),
      }),
    },
  );
  await inTask(() => screen.press('!g'));
  expect(screen.calls).toEqual([['moveTo', 'from-14>db:5432'], ['openGrant']]);
});

test('where the painted row has just gone, the key says so instead of acting on the one in its place', async () => {
  await open({}, { commands: moving });
  await inTask(() => {
    screen.set({ attempts: ROWS.attempts.slice(1) });
    screen.press('g');
  });
  expect(screen.calls.slice(1)).toEqual([
    [
      'notify',
      'warn',
      'g: the row under the cursor is gone.',
      'Check the row in its place, then press again.',
    ],
  ]);
  await screen.until(/▸ .*from-11/);
  await inTask(() => screen.press('g'));
  expect(screen.calls.slice(-2)).toEqual([['moveTo', 'from-11>db:5432'], ['openGrant']]);
});

test('with a screen reader a key acts on the row that was read out last', async () => {
  screen = openScreen({
    screenReader: true,
    state: sessionState({ ...ROWS, focus: 'pods' }),
    commands: moving,
  });
  await screen.until('one line per change');
  screen.set({ focus: 'attempts' });
  await screen.until('source from-10');
  screen.set(shuffled(1));
  screen.press('g');
  await vi.waitFor(() =>
    expect(screen.calls).toEqual([
      ['moveTo', 'from-10>db:5432'],
      ['moveTo', 'from-10>db:5432'],
      ['openGrant'],
    ]),
  );
});
