import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { columnFile } from '../../../src/cli/verbs/column-file.ts';
import { type Demo, startDemo } from '../../../src/demo/demo.ts';
import type { Session } from '../../../src/session/session.ts';
import { sessionOn } from '../../helpers/demo/demo-session.ts';
import { connectionTo } from '../../helpers/demo/live-demo.ts';
import { eventually } from '../../helpers/eventually.ts';
import { openScreen, type Screen } from '../../helpers/screen.tsx';

let directory: string;
let state: string;
let demo: Demo;
let session: Session;
let screen: Screen;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-columns-'));
  demo = await startDemo();
});

afterAll(async () => {
  await demo.stop();
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
});

beforeEach(async () => {
  state = await mkdtemp(join(directory, 'state-'));
});

afterEach(close);

async function start(columns = 120): Promise<void> {
  session = sessionOn({
    connect: async () => ({ ...(await connectionTo(demo, directory)), namespace: 'shop' }),
    columns: columnFile(state),
  });
  screen = openScreen({ columns, rows: 30, session });
  await session.start();
  await screen.until(/✗ DROP +web +db /);
}

async function close(): Promise<void> {
  await screen.close();
  await session.dispose();
}

const titles = (of: RegExp) => screen.lines().find((line) => of.test(line)) ?? '';
const attempts = () => titles(/VERDICT/);
const kept = async () => JSON.parse(await readFile(join(state, 'columns.json'), 'utf8'));

/** Opens the columns of the attempts, and puts the cursor on one. */
async function choose(name: RegExp): Promise<void> {
  if (session.store.getState().overlay.type !== 'columns') screen.press('C');
  await screen.until(/╭ Columns of Attempts/);
  screen.press('home');
  await screen.settled();
  const here = () => /▸ \[.*/.exec(screen.text())?.[0] ?? '';
  for (let step = 0; step < 12 && !name.test(here()); step += 1) {
    screen.press('j');
    await screen.settled();
  }
  expect(here()).toMatch(name);
}

test('space asks for a column that is off and hides one that is shown; the choice outlives the app', async () => {
  await start();
  expect(attempts()).not.toContain('FIRST');
  await choose(/\[ \] FIRST +off/);
  screen.press('space');
  await screen.until(/▸ \[x\] FIRST +chosen/);
  await choose(/\[x\] PORT +automatic +│/);
  screen.press('space');
  await screen.until(/▸ \[ \] PORT +off/);
  screen.press('enter');
  await screen.until(/VERDICT .* FIRST/);
  expect(attempts()).not.toContain('PORT');
  await eventually(async () => expect(await kept()).toEqual({ attempts: { first: true, port: false } }));
  await close();

  await start();
  await screen.until(/VERDICT .* FIRST/);
  expect(attempts()).not.toContain('PORT');
  await choose(/PORT +off/);
  screen.press('r');
  await screen.until(/▸ \[x\] PORT +automatic/);
  screen.press('enter');
  await screen.until(/VERDICT .* PORT/);
  expect(attempts()).not.toContain('FIRST');
  await eventually(async () => expect(await kept()).toEqual({ attempts: {} }));
});

test('a column that was asked for takes the room of others, and says where there is none for it', async () => {
  await start(80);
  expect(attempts()).not.toMatch(/LAST MIN|FIRST/);
  await choose(/\[x\] LAST MIN +automatic: no room at this width/);
  screen.press('space');
  await screen.until(/▸ \[x\] LAST MIN +chosen/);
  await screen.settled();
  expect(titles(/▸ \[x\] LAST MIN/)).not.toContain('no room');
  await choose(/\[x\] WHY +automatic: no room at this width/);
  screen.press('space');
  await screen.until(/▸ \[x\] WHY +chosen: no room at this width/);
  screen.resize(120, 30);
  await screen.until(/▸ \[x\] WHY +chosen +│/);
  screen.resize(80, 24);
  await screen.until(/▸ \[x\] WHY +chosen: no room at this width/);
  screen.press('enter');
  await screen.until(/VERDICT SOURCE +DESTINATION .*LAST MIN/);
});

test('a hidden column is no longer sorted by, and its key says so', async () => {
  await start();
  screen.press('A');
  await screen.until('↓ age');
  await choose(/\[x\] AGE/);
  screen.press('space', 'enter');
  await screen.until((text) => !text.includes('↓ age'));
  screen.press('A');
  await screen.until('AGE is hidden.');
  expect(session.store.getState().panes.attempts.sort).toBeUndefined();
});

test('what each pane lists has its own choice, and the last column stays', async () => {
  await start();
  screen.press(':', 'svc', 'enter');
  await screen.until('Services');
  screen.press('z', 'C');
  await screen.until('╭ Columns of Services');
  for (let at = 0; at < 6; at += 1) {
    screen.press('space');
    await screen.settled();
    screen.press('j');
    await screen.settled();
  }
  await screen.until('SELECTOR is the only column left.');
  screen.press('enter', ':', 'pods', 'enter');
  await screen.until(/NAME +READY/);
  await eventually(async () => expect(Object.keys(await kept())).toEqual(['services']));
});

test('a choice that can not be read is told once and left as it is, and columns can be chosen all the same', async () => {
  await writeFile(join(state, 'columns.json'), '{"attempts": ["first"]}');
  await start();
  await screen.until('is not a choice of columns');
  await choose(/FIRST/);
  screen.press('space', 'enter');
  await screen.until(/VERDICT .* FIRST/);
  await screen.until((text) => !text.includes('is not a choice of columns'));
  expect(await readFile(join(state, 'columns.json'), 'utf8')).toBe('{"attempts": ["first"]}');
  expect(session.store.getState().messages.filter(({ text }) => text.includes('choice'))).toHaveLength(1);
});

test('ctrl-w shows all columns whole, and ctrl-w what fits; a drill and its way back keep what was wide', async () => {
  await start();
  screen.press('ctrl-w');
  await screen.until(/▸3 Attempts .* wide, following/);
  screen.press('right');
  await screen.until(/FIRST +WHY/);
  screen.press('p');
  await screen.until('▸2 Policies');
  expect(screen.text()).not.toMatch(/▸2 Policies .* wide/);
  screen.press('esc');
  await screen.until(/▸3 Attempts .* wide/);
  expect(titles(/FIRST/)).toMatch(/FIRST +WHY/);
  screen.press('ctrl-w');
  await screen.until(/▸3 Attempts [^,]* following/);
  expect(attempts()).not.toContain('FIRST');
});

test('an unknown column of another version hides nothing, and what another sluice chose meanwhile is kept', async () => {
  await writeFile(join(state, 'columns.json'), '{"attempts": {"gone": true}, "later": {"x": false}}');
  await start();
  expect(attempts()).toMatch(/AGE VERDICT SOURCE/);
  await choose(/PORT/);
  screen.press('space');
  await eventually(async () =>
    expect(await kept()).toEqual({ attempts: { gone: true, port: false }, later: { x: false } }),
  );
  await writeFile(join(state, 'columns.json'), '{"pods": {"ip": true}}');
  screen.press('space');
  await eventually(async () =>
    expect(await kept()).toEqual({ attempts: { gone: true, port: true }, pods: { ip: true } }),
  );
});
