import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ApiObject } from '../../../src/core/cluster/objects.ts';
import { SluiceError } from '../../../src/core/common/errors.ts';
import { DEFAULT_LIMITS } from '../../../src/core/common/limits.ts';
import { NOTE } from '../../../src/core/grants/names.ts';
import { type Demo, startDemo } from '../../../src/demo/demo.ts';
import type { Session } from '../../../src/session/session.ts';
import { sessionOn } from '../../helpers/demo/demo-session.ts';
import { connectionTo } from '../../helpers/demo/live-demo.ts';
import { eventually } from '../../helpers/eventually.ts';
import { inTask } from '../../helpers/in-task.ts';
import { paneText } from '../../helpers/pane-text.ts';
import { runs } from '../../helpers/runs.ts';
import { openScreen, type Screen } from '../../helpers/screen.tsx';

const LIMITS = { ...DEFAULT_LIMITS, maxSeconds: 14_400, reasonPattern: 'why|INC-\\d+' };

let directory: string;
let demo: Demo;
let session: Session;
let screen: Screen;
/** What the server was asked to store; it stores nothing, so that every round finds the same cluster. */
let stored: { readonly object: ApiObject; readonly frame: string }[] = [];
/** What the user does while something is stored. */
let meanwhile: (() => void) | undefined;
/** Holds back what the server knows of the workloads in a plan. */
let gate: Promise<void> | undefined;
let asked = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-form-'));
  demo = await startDemo();
  session = sessionOn({
    connect: async () => {
      const connection = await connectionTo(demo, directory);
      const { api } = connection;
      return {
        ...connection,
        namespace: 'shop',
        api: {
          ...api,
          workload: async (ref, signal) => {
            asked += 1;
            // An answer that is on its way arrives, though nobody waits for it any longer.
            await gate;
            return api.workload(ref, gate === undefined ? signal : new AbortController().signal);
          },
          create: async (ref, object, options) => {
            if (options?.dryRun === true) return api.create(ref, object, options);
            meanwhile?.();
            await screen.settled();
            stored.push({ object, frame: screen.text() });
            throw new SluiceError('refused', 'The quota is used up.', 'Free some.');
          },
        },
      };
    },
    version: 'test',
    limits: LIMITS,
    allNamespaces: false,
  });
  screen = openScreen({ columns: 120, rows: 40, session });
  await session.start();
  await screen.until(/✗ DROP +web +db +5432/);
  screen.press('3', '/', '^web db', 'enter');
  await screen.until(/▸ .*✗ DROP +web +db +5432/);
});

afterAll(async () => {
  await screen.close();
  await session.dispose();
  await demo.stop();
  await rm(directory, { recursive: true, force: true });
});

const PLANNED = /What will happen\n|│ +What will happen +│|✗ can't open/;

beforeEach(async () => {
  stored = [];
  meanwhile = undefined;
  screen.press('g');
  await screen.until(PLANNED);
});

afterEach(leave);

/** Waits until all keys were read, and the plan of what stands in the form is on the screen. */
async function planned(): Promise<void> {
  await screen.settled();
  await eventually(() => expect(form().plan.state).not.toBe('making'));
  await screen.settled();
}

/** Waits until nothing is being granted. */
function idle(): Promise<void> {
  return eventually(() => {
    const { overlay } = session.store.getState();
    expect(overlay.type === 'grant' ? overlay.form.busy : undefined).toBeUndefined();
  });
}

/** Leaves the form, whatever is open in it, and whatever notice stays. */
async function leave(): Promise<void> {
  await idle();
  while (session.store.getState().overlay.type !== 'none') session.commands.back();
  session.commands.dismiss();
  await screen.settled();
}

/** The text of a field on the screen, without the cursor. */
function field(label: string, text = screen.text()): string {
  const row = text.split('\n').find((line) => line.includes(`│  ${label} `)) ?? '';
  const [, value = ''] = new RegExp(`│  ${label} +(.*)│`).exec(row) ?? [];
  return (value.split(/ {2,}/)[0] ?? '').replaceAll('▏', '').trim();
}

const form = () => {
  const { overlay } = session.store.getState();
  if (overlay.type !== 'grant') throw new Error(`The form is not open, but ${overlay.type}`);
  return overlay.form;
};

test('tab, shift-tab and the arrows go through all fields, ends included', async () => {
  const seen: string[] = [];
  for (const key of ['tab', 'tab', 'tab', 'tab', 'down', 'down', 'shift-tab', 'up']) {
    screen.press(key);
    await screen.settled();
    seen.push(form().field);
  }
  expect(seen).toEqual(['ticket', 'from', 'to', 'ports', 'duration', 'reason', 'duration', 'ports']);
  expect(field('From')).toBe('web');
});

/** Waits until the path in view is a pair. */
async function untilPath(pair: string): Promise<void> {
  await screen.until(() => paneText(screen.lines(), 'Path').startsWith(pair));
}

test('an end is found by a few of its letters, and the path bar follows', async () => {
  await untilPath('web → db :5432/tcp');
  screen.press('up', 'up', 'up', 'crt');
  await screen.until(/To +crt▏.*\n.*▸ deploy\/cart +Deployment +shop +2 pods/);
  await untilPath('web → ? ? destination not known yet');
  expect(screen.text()).toContain('enter take');
  screen.press('enter');
  await screen.until(/To +deploy\/cart▏ +Deployment in shop · 2 pods now/);
  await untilPath('web → cart :5432/tcp');
  screen.press('shift-tab', 'search', 'tab');
  await untilPath('search → cart :5432/tcp');
  expect(form().field).toBe('to');
});

test('up and down choose, esc closes the list first, and what was typed is read', async () => {
  screen.press('up', 'up', 'up', 'db');
  await screen.until(/▸ sts\/db +StatefulSet/);
  screen.press('down');
  await screen.until(/▸ svc\/db +Service +shop +1 pod/);
  screen.press('up', 'up');
  await screen.until(/▸ db-0 +Pod/);
  screen.press('esc');
  await screen.until(/✗ "db" in namespace shop is ambiguous: sts\/db or svc\/db\. Specify one/);
  screen.press('ctrl-u', 'svc/db', 'enter');
  await screen.until(/To +svc\/db▏ +Service in shop · 1 pod now/);
  await untilPath('web → svc/db :5432/tcp');
});

test.each([
  ['nothing-here', /✗ No pod, workload or Service nothing-here found in namespace shop\./],
  ['world', /✗ A grant cannot have world as its destination\. Write the addresses that are meant/],
  ['10.0.0.7/24', /✗ "10\.0\.0\.7\/24" is not the start of a block/],
  ['deploy/nope', /✗ Deployment shop\/nope has no running pods\./],
])('%s as an end is refused with the words of the resolver', async (text, problem) => {
  screen.press('up', 'up', 'up', text);
  await screen.until(problem);
  screen.press('tab', 'tab', 'tab', 'why', 'enter');
  await screen.until('enter: check To first');
  expect(stored).toEqual([]);
});

test('ctrl-o turns the workload into the one pod that was seen, and back', async () => {
  const { pod } = /\(ctrl-o: only pod (?<pod>web-\S+)\)/.exec(screen.text())?.groups ?? {};
  screen.press('ctrl-o');
  await screen.until(new RegExp(`From +${pod} +Pod in shop +\\(ctrl-o: all of web\\)`));
  await untilPath(`${pod} → db :5432/tcp`);
  screen.press('ctrl-o');
  await screen.until(`(ctrl-o: only pod ${pod})`);
  expect(field('From')).toBe('web');
});

test.each([
  ['5432-5434/tcp', /opens +6 pairs: .* tcp 5432-5434/],
  ['5432, 6379/tcp', /opens +4 pairs: .* tcp 5432, tcp 6379/],
  ['postgres', /Ports +postgres▏ +5432\/tcp now[\s\S]*opens +2 pairs: .* tcp 5432, nothing else/],
  ['nothing', /✗ db declares no port nothing\/tcp\. Use the port number/],
  ['icmp', /✗ "icmp" is ICMP, which a NetworkPolicy cannot admit\./],
])('the ports %s are read as explain reads them', async (text, shown) => {
  screen.press('up', 'up', text);
  await screen.until(shown);
});

test('the presets are beside the field, and a wrong duration is refused with an example', async () => {
  expect(screen.text()).toMatch(/For +15m +5m {2}▸15m {2}30m {2}1h +← →; at most 4h/);
  screen.press('up', 'right');
  await screen.until(/For +30m▏ +5m {2}15m {2}▸30m {2}1h/);
  screen.press('2 hours');
  await screen.until('✗ "2 hours" is not a duration. Use a format like 90s, 15m or 1h30m.');
  screen.press('ctrl-u', '5h');
  await screen.until('✗ "5h" exceeds the maximum grant duration of 4h.');
});

test('an edit takes the plan away at once, and enter grants nothing until the next one is read', async () => {
  screen.press('why');
  await screen.until('why▏');
  const ends = /◷ ends +(\S+),/.exec(screen.text())?.[1] ?? '';
  screen.press('up', 'right', 'tab', 'enter');
  await screen.until('enter: still planning');
  expect(screen.text()).not.toContain(ends);
  expect(screen.text()).toContain('◌ planning…');
  await screen.until(PLANNED);
  expect(/◷ ends +(\S+),/.exec(screen.text())?.[1]).not.toBe(ends);
  expect(stored).toEqual([]);
});

test('a plan that comes late is not shown under other fields', async () => {
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const before = asked;
  gate = first.promise;
  screen.press('up', '30m');
  await eventually(() => expect(asked).toBeGreaterThan(before));
  gate = second.promise;
  screen.press('ctrl-u', '45m');
  await screen.until('45m▏');
  first.resolve();
  await screen.settled();
  expect(form().plan.state).toBe('making');
  second.resolve();
  gate = undefined;
  await screen.until(PLANNED);
  expect(form().plan).toMatchObject({ request: { seconds: 2_700 } });
});

test('while it is granted the form stays as it is', async () => {
  meanwhile = () => screen.press('x', 'up', 'right', '5m', 'up', '80');
  screen.press('why', 'enter');
  await screen.until('The quota is used up.');
  expect(stored.map(({ object }) => object.metadata.annotations?.[NOTE.reason])).toEqual(['why']);
  await idle();
  await screen.settled();
  expect([field('Ports'), field('For'), field('Reason')]).toEqual(['5432/tcp', '15m', 'why']);
});

test('enter goes on to the reason, and is dark until there is one', async () => {
  screen.press('up', 'up');
  await screen.until('enter next field');
  screen.press('enter', 'enter');
  await screen.until('enter grant: reason is missing');
  screen.press('enter');
  await screen.until('enter: reason is missing');
  screen.press('because');
  await screen.until('enter grant: The reason "because" does not');
  screen.press('ctrl-u', 'why');
  await screen.until(/╰ enter grant {2}/);
});

test('what a reason must be is said before, and what is too long is not taken', async () => {
  expect(screen.text()).toContain('must match why|INC-\\d+');
  const paste = (text: string) => screen.press(`\u001b[200~${text}\u001b[201~`);
  paste('y'.repeat(900));
  await screen.until('900 of at most 1024 characters');
  paste('z'.repeat(200));
  await screen.until(/✗ The reason has 1100 characters, and a grant keeps at most 1024\. Nothing was\b/);
  expect(form().fields.reason.text).toBe('y'.repeat(900));
});

describe('what is granted', () => {
  const KEYS = [
    'tab',
    'shift-tab',
    'enter',
    'left',
    'right',
    'ctrl-o',
    'web',
    'cart',
    'cache',
    '5432',
    '10m',
  ];
  const step = fc.record({
    key: fc.constantFrom(...KEYS),
    after: fc.constantFrom('at once', 'in a task', 'on the screen', 'planned'),
  });

  test('is what the last frame showed, however edits and enter follow each other', async () => {
    let granted = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        await leave();
        stored = [];
        screen.press('g');
        await screen.until(PLANNED);
        screen.press('why');
        for (const { key, after } of [...steps, { key: 'enter', after: 'planned' }]) {
          if (after === 'in a task') await inTask(() => screen.press(key));
          else screen.press(key);
          if (after === 'on the screen') await screen.settled();
          if (after === 'planned') await planned();
        }
        await screen.settled();
        await idle();
        for (const { object, frame } of stored) {
          granted += 1;
          const { annotations = {} } = object.metadata;
          const name = (label: string) => field(label, frame).replace(/^.*\//, '');
          expect(annotations[NOTE.source]).toBe(name('From'));
          expect(annotations[NOTE.destination]).toBe(name('To'));
          expect(annotations[NOTE.ports]?.replaceAll('/tcp', '')).toBe(
            field('Ports', frame).replaceAll('/tcp', ''),
          );
          expect(annotations[NOTE.reason]).toBe(field('Reason', frame));
          const minutes = Number(textOf(object, 'activeDeadlineSeconds')) / 60;
          expect(minutes === 60 ? '1h' : `${minutes}m`).toBe(field('For', frame));
        }
      }),
      runs(30, 100),
    );
    expect(granted).toBeGreaterThan(5);
  });

  const textOf = ({ spec }: ApiObject, key: string): unknown =>
    spec !== null && typeof spec === 'object' ? Reflect.get(spec, key) : undefined;
});
