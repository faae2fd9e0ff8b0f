import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ALL_RULES } from '../../src/demo/api/access.ts';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import { createRandom, type Random } from '../../src/demo/store/objects.ts';
import type { Session } from '../../src/session/session.ts';
import { apiOf, lease, ownedBy, policy } from '../helpers/demo/demo.ts';
import { sessionOn } from '../helpers/demo/demo-session.ts';
import { connectionTo } from '../helpers/demo/live-demo.ts';
import { eventually } from '../helpers/eventually.ts';
import { fuzzSeed } from '../helpers/fuzz/seed.ts';
import { runs } from '../helpers/runs.ts';
import { openScreen, type Screen } from '../helpers/screen.tsx';

const { numRuns: EVENTS } = runs(600, 20_000);

/** Events between two looks at the screen, and between two returns from wherever they led. */
const TOGETHER = 20;
const RETURN_EVERY = 200;

/** What somebody may write into a cluster to reach the terminals of those who look at it. */
const MARK = 'PWNED';
const HOSTILE = `\u001b]0;${MARK}\u0007\u001b[31m${MARK}\u009b2J\u202e\u0000\r\n\u001b]52;c;${MARK}\u0007`;

let directory: string;
let demo: Demo;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-fuzz-'));
  demo = await startDemo();
  const api = apiOf(demo.faults.addUser({ username: 'admin', rules: ALL_RULES }));
  const notes = { annotations: { 'sluice.dev/reason': HOSTILE, 'sluice.dev/requester': HOSTILE } };
  const job = lease('hostile', 3_600);
  const made = await api.post('/apis/batch/v1/namespaces/shop/jobs', {
    ...job,
    metadata: { ...job.metadata, ...notes },
  });
  expect(made.code, JSON.stringify(made.body)).toBe(201);
  const owned = policy('hostile', ownedBy(made));
  const granted = await api.post('/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies', {
    ...owned,
    metadata: { ...owned.metadata, ...notes },
  });
  expect(granted.code, JSON.stringify(granted.body)).toBe(201);
  const reason = await api.mergePatch('/api/v1/namespaces/shop/pods/db-0', {
    metadata: { annotations: { note: HOSTILE } },
    status: { reason: HOSTILE, message: HOSTILE },
  });
  expect(reason.code, JSON.stringify(reason.body)).toBe(200);
});

afterAll(async () => {
  await demo.stop();
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
});

const NAMED = [
  ...['enter', 'esc', 'tab', 'shift-tab', 'up', 'down', 'left', 'right', 'home', 'end', 'pageup', 'pagedown'],
  ...['delete', 'backspace', 'space', 'ctrl-a', 'ctrl-b', 'ctrl-d', 'ctrl-e', 'ctrl-f', 'ctrl-l', 'ctrl-n'],
  ...['ctrl-o', 'ctrl-p', 'ctrl-u', 'ctrl-w', 'ctrl-y'],
] as const;
const PRINTABLE = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).join('');
const WORDS = [
  'web',
  'db:5432',
  'shop',
  'charts',
  'ns -',
  'ctx',
  'sort',
  'é漢字🦑',
  HOSTILE,
  'x'.repeat(300),
] as const;

/** One thing that a person, a cat or a broken terminal may send. */
function event(random: Random, screen: Screen): void {
  const kind = random.integer(1, 100);
  if (kind <= 50) screen.press(random.text(1, PRINTABLE));
  else if (kind <= 78) screen.press(random.pick(NAMED));
  else if (kind <= 84) screen.press(`\u001b[200~${random.pick(WORDS)}\u001b[201~`);
  else if (kind <= 95) {
    const at = `${random.integer(1, 200)};${random.integer(1, 60)}`;
    const button = random.pick([0, 0, 0, 1, 2, 64, 65, 32]);
    screen.press(`\u001b[<${button};${at}M`, `\u001b[<${button};${at}m`);
  } else if (kind <= 97)
    screen.press(random.pick(['\u001b[', '\u001b[<0;', '\u001bO', '\u0080', '\u001b[999~']));
  else screen.resize(random.integer(1, 220), random.integer(1, 60));
}

type Opened = { readonly screen: Screen; readonly session: Session; ended: boolean };

async function open(): Promise<Opened> {
  const session = sessionOn({
    connect: async () => ({ ...(await connectionTo(demo, directory)), namespace: 'shop' }),
  });
  const screen = openScreen({ session, mouse: 'click', environment: { TERM: 'xterm-256color' } });
  const opened: Opened = { screen, session, ended: false };
  void screen.done.then(() => {
    opened.ended = true;
  });
  await session.start();
  await screen.until('DROP');
  return opened;
}

async function close({ screen, session }: Opened): Promise<void> {
  await screen.close();
  await session.dispose();
  const bytes = screen.bytes();
  // The cursor is back, the other screen and the mouse are off, in whatever order they came.
  for (const [on, off] of [
    ['\u001b[?1049h', '\u001b[?1049l'],
    ['\u001b[?25l', '\u001b[?25h'],
    ['\u001b[?1006h', '\u001b[?1006l'],
    ['\u001b[?2004h', '\u001b[?2004l'],
  ] as const) {
    expect(bytes.lastIndexOf(off)).toBeGreaterThanOrEqual(bytes.lastIndexOf(on));
  }
  for (const taken of [
    `\u001b]0;${MARK}`,
    `\u001b[31m${MARK}`,
    `\u001b]52;c;${MARK}`,
    '\u009b',
    '\u202e',
    '\u0000',
  ]) {
    expect(bytes.indexOf(taken), JSON.stringify(taken)).toBe(-1);
  }
}

/** Where every way leads back to: no text is open and no filter is being typed. */
async function comeBack({ screen, session }: Opened): Promise<void> {
  screen.resize(120, 30);
  await eventually(async () => {
    screen.press('esc');
    await screen.settled();
    expect(session.store.getState().overlay.type).toBe('none');
  });
  await screen.until(/ sluice ▏demo/);
}

test(`${EVENTS} keys, pastes, clicks and sizes: no crash, no way in without a way back, nothing from the cluster reaches the terminal`, async () => {
  const seed = fuzzSeed(process.env.SLUICE_FUZZ_SEED);
  const random = createRandom(seed);
  let opened = await open();
  for (let count = 0; count < EVENTS; count += TOGETHER) {
    if (opened.ended) {
      await close(opened);
      opened = await open();
    }
    for (let one = 0; one < TOGETHER; one += 1) event(random, opened.screen);
    if (opened.ended) continue;
    await Promise.race([opened.screen.settled(), opened.screen.done]);
    if ((count + TOGETHER) % RETURN_EVERY === 0 && !opened.ended) await comeBack(opened);
  }
  await close(opened);
});
