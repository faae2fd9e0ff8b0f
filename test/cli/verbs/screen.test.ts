import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type PtyApp, runInPty } from '../../helpers/pty-app.ts';
import { runVerb } from '../../helpers/verb.ts';

let state: string;
let app: PtyApp | undefined;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'sluice-state-'));
});

afterEach(async () => {
  app?.kill('SIGKILL');
  app = undefined;
  await rm(state, { recursive: true, force: true });
});

function demo(columns: number, rows: number): PtyApp {
  app = runInPty(['demo'], { columns, rows, env: { XDG_STATE_HOME: state } });
  return app;
}

/** Puts the cursor on the drop of the demo and opens the grant form, ready for a reason. */
async function openForm(screen: PtyApp): Promise<void> {
  screen.press('3/^web db');
  await screen.shows(/✗ DROP +web +db/);
  screen.press('\r');
  screen.press('g');
  await screen.shows(/dry-run accepted/);
}

describe.each([
  [80, 24],
  [200, 50],
])('the app at %d×%d', (columns, rows) => {
  test('grants the dropped path with a few keys, counts down, and verifies that it closes', async () => {
    const screen = demo(columns, rows);
    await openForm(screen);
    screen.press('INC-4411 no orders');
    await screen.shows(/INC-4411 no orders/);
    screen.press('\u001b[A\u00154s');
    await screen.shows(/For +4s/);
    screen.press('\r');
    await screen.shows(/dry-run accepted/);
    screen.press('\r');
    await screen.shows(/web → db.*✓ open.*left of 4s/s);
    await screen.shows(/✓ closed/);
    screen.press('q');
    expect(await screen.ended).toBe(0);
  });
});

test.each([
  [60, 15],
  [80, 24],
])('at %d×%d a drop, a pod and a policy are explained', async (columns, rows) => {
  const screen = demo(columns, rows);
  screen.press('3/^web db');
  await screen.shows(/\b1 of \d+ match/);
  expect(screen.screen()).toMatch(/^ sluice ▏demo · shop/);
  screen.press('\r');
  await screen.shows(/ingress +✗ db-only/);
  screen.press('e');
  await screen.shows(/✗ DENY/);
  await screen.shows(/edit: add app=web to rule 1/);
  screen.press('q');
  screen.press('1/^shop.db');
  await screen.shows(/1 of 14 match/);
  screen.press('\r');
  screen.press('\r');
  await screen.shows(/db-only-api +admits pods app=api/);
  screen.press('q');
  screen.press('2/lint:');
  await screen.shows(/2 of 10 match/);
  screen.press('\u001b');
  await screen.shows(/▸2 Policies 10 /);
  screen.press('q');
  expect(await screen.ended).toBe(0);
});

test('quitting with an active grant asks first, and revokes on request', async () => {
  const screen = demo(120, 30);
  await openForm(screen);
  screen.press('why\r');
  await screen.shows(/✓ open .*left of 15m/);
  screen.press('q');
  await screen.shows(/r revoke/);
  screen.press('r');
  expect(await screen.ended).toBe(0);
});

test('SIGTERM with an active grant revokes it first, and restores the terminal', async () => {
  const screen = demo(120, 30);
  await openForm(screen);
  screen.press('why\r');
  await screen.shows(/✓ open .*left of 15m/);
  screen.kill('SIGTERM');
  expect(await screen.ended).toBe(130);
  expect(screen.written()).toMatch(/\u001b\[\?1049l[\s\S]*\u001b\[\?25h|\u001b\[\?25h[\s\S]*\u001b\[\?1049l/);
});

test('a terminal that is too small shows a message, and recovers', async () => {
  const screen = demo(20, 5);
  await screen.shows(/too small|needs|at least/i);
  screen.resize(100, 30);
  await screen.shows(/Pods 14/);
});

describe('ACCESSIBLE in the environment selects linear output', () => {
  test.each(['1', 'true', 'yes'])('%s does', async (value) => {
    app = runInPty(['demo'], { env: { XDG_STATE_HOME: state, ACCESSIBLE: value } });
    await app.shows(/one line per change/);
    expect(app.written()).not.toContain('\u001b[?1049h');
  });

  test.each(['0', 'false', ''])('"%s" does not', async (value) => {
    app = runInPty(['demo'], { env: { XDG_STATE_HOME: state, ACCESSIBLE: value } });
    await app.shows(/Pods 14/);
    expect(app.written()).toContain('\u001b[?1049h');
  });
});

describe('--pane and --filter', () => {
  test('open the app on a pane and its rows', async () => {
    app = runInPty(['demo', '--pane', 'policies', '--filter', 'lint:'], {
      columns: 160,
      rows: 45,
      env: { XDG_STATE_HOME: state },
    });
    await app.shows(/▸2 Policies 2\/10 /);
    app.press('\u001b');
    await app.shows(/▸2 Policies 10 /);
  });

  test('are refused where there is no app, and for what is no filter', async () => {
    const said = { code: 2, text: '' };
    expect(await runVerb(['demo', '--pane', 'pods'])).toMatchObject({
      ...said,
      errors: expect.stringContaining('--pane needs the app'),
    });
    expect(await runVerb(['--filter', 'web'])).toMatchObject({
      ...said,
      errors: expect.stringContaining('--filter needs the app'),
    });
    expect(await runVerb(['--pane', 'podz'])).toMatchObject({
      ...said,
      errors: expect.stringContaining('Allowed choices are pods, policies, attempts, grants.'),
    });
    app = runInPty(['demo', '--filter', '-l a in b'], { env: { XDG_STATE_HOME: state } });
    await app.shows(/Invalid --filter "-l a in b"/);
    expect(await app.ended).toBe(2);
  });
});
