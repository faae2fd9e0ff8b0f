import { expect, test } from 'vitest';
import type { PlannedHalf } from '../../../src/core/grants/plan.ts';
import type { GrantForm, PlanState, SessionState } from '../../../src/session/state/session-state.ts';
import { textField } from '../../../src/session/state/text-field.ts';
import { inTask } from '../../helpers/in-task.ts';
import { openScreen } from '../../helpers/screen.tsx';
import { ASKED, deniedVerdict, grantForm, NOW, sessionState } from '../../helpers/session-state.ts';

type Made = Extract<PlanState, { state: 'made' }>;
type Good = Extract<Made['plan'], { ok: true }>;

const object = (kind: string, name: string) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'shop' },
});

const ingress: PlannedHalf = {
  direction: 'ingress',
  namespace: 'shop',
  lease: object('Job', 'sluice-7f3k-in'),
  policy: object('NetworkPolicy', 'sluice-7f3k-in'),
  subject: [],
  peer: { type: 'addresses', cidr: '10.0.0.1/32' },
};

const pair = (from: string) => ({
  from: { namespace: 'shop', name: from },
  to: { namespace: 'shop', name: 'db-0' },
  port: 5432,
  protocol: 'TCP' as const,
});

const beside = (name: string) => ({
  from: { type: 'workload', namespace: 'shop', kind: 'Deployment', name } as const,
  to: { type: 'workload', namespace: 'shop', kind: 'StatefulSet', name: 'db' } as const,
  ports: { TCP: [[5432, 5432]] as const, UDP: [], SCTP: [] },
  was: 'deny' as const,
  is: 'allow' as const,
});

function good(change: Partial<Good> = {}): Good {
  return {
    ok: true,
    id: '7f3k',
    source: 'web',
    destination: 'db',
    ports: [{ port: 5432, protocol: 'TCP' }],
    seconds: 900,
    before: deniedVerdict(),
    halves: [ingress],
    opens: [pair('web-7d9f-x2x'), pair('web-7d9f-k8d')],
    extra: [],
    closes: [],
    isolates: [],
    unjudged: [],
    wide: [],
    after: 'the path closes again: db-only-api still isolates db',
    warnings: [],
    ...change,
  };
}

/** The text of the form's panel. */
async function formText(change: Partial<GrantForm>, size = { columns: 120, rows: 30 }): Promise<string> {
  const screen = openScreen({
    ...size,
    state: sessionState({ overlay: { type: 'grant', form: grantForm(change) } }),
  });
  await screen.until('╭ Grant ');
  const lines = screen.lines();
  const left = lines.find((line) => line.includes('╭ Grant '))?.indexOf('╭ Grant ') ?? 0;
  await screen.close();
  return lines.map((line) => line.slice(left)).join('\n');
}

const made = (plan: Made['plan'], rest: Partial<Made> = {}): PlanState => ({
  state: 'made',
  request: ASKED,
  plan,
  ...rest,
});

test('the form shows both ends, its fields with the cursor, and what will happen, all of it', async () => {
  const text = await formText({ plan: made(good(), { server: { state: 'accepted', changes: [] } }) });
  const ends = new Date(NOW + 900_000).toTimeString().slice(0, 8);
  expect(text).toMatch(/From +web +Deployment in shop · 2 pods now +\(ctrl-o: only pod web-7d9f-x2x\)/);
  expect(text).toMatch(/To +sts\/db +StatefulSet in shop · 1 pod now/);
  expect(text).toMatch(/For +15m/);
  expect(text).toMatch(/Reason +INC-4411 payment page shows no orders▏/);
  expect(text).toMatch(/✓ opens +2 pairs: web-7d9f-x2x, web-7d9f-k8d → db-0, tcp 5432, nothing else/);
  expect(text).toMatch(/✓ egress +web is not isolated: nothing to add/);
  expect(text).toMatch(
    /\+ ingress +NetworkPolicy shop\/sluice-7f3k-in \(already isolated: no other traffic is cut\)/,
  );
  expect(text).toContain(`${ends}, removed by the cluster even if this machine dies`);
  expect(text).toMatch(/✓ after +the path closes again: db-only-api still isolates db/);
  expect(text).toMatch(/✓ server +dry-run accepted, unchanged by admission/);
  expect(text).toMatch(/╰ enter grant .* esc back ─/);
});

test('pods that would be isolated are shown in red, and enter must be pressed twice', async () => {
  const isolates = [{ pod: { namespace: 'shop', name: 'db-0' }, direction: 'ingress' as const }];
  const text = await formText({ plan: made(good({ isolates })), confirming: true });
  expect(text).toMatch(/! isolates +db-0 \(ingress\): all other traffic in that direction is cut/);
  expect(text).toMatch(/! confirm +press enter again/);
  expect(text).not.toContain('no other traffic is cut');
  expect(text).toMatch(/enter grant all the same/);
});

test('policies that are not evaluated are shown in red, and enter must be pressed twice', async () => {
  const unjudged = ['Calico GlobalNetworkPolicy default-deny'];
  const text = await formText({ plan: made(good({ unjudged })), confirming: true });
  expect(text).toContain('Grant ! not all policies are evaluated: press enter again to confirm');
  expect(text).toMatch(
    /! unknown +Calico GlobalNetworkPolicy default-deny: may block the path in spite of the/,
  );
  expect(text).toMatch(/enter grant all the same/);
});

test('pairs that were not picked, warnings and changes by admission are never left out', async () => {
  const plan = good({ extra: [beside('web-canary')], warnings: ['calico keeps established connections'] });
  const text = await formText({
    plan: made(plan, { server: { state: 'accepted', changes: ['labels.team'] } }),
  });
  expect(text).toMatch(/! also +opens shop\/web-canary → shop\/db tcp 5432, which you did not ask for/);
  expect(text).not.toContain('nothing else');
  expect(text).toMatch(/! note +calico keeps established connections/);
  expect(text).toMatch(/! server +dry-run accepted; admission changes labels\.team/);
});

test('a refusal is shown in the same place, with its next step', async () => {
  const plan = {
    ok: false,
    reason: 'cannot-open',
    message: 'pci-deny denies it (rule 2).',
    hint: 'Ask its owner.',
  } as const;
  const text = await formText({ plan: made(plan) });
  expect(text).toMatch(/✗ can't open +pci-deny denies it \(rule 2\)\./);
  expect(text).toContain('Ask its owner.');
});

test('the server may refuse what the plan allows', async () => {
  const text = await formText({
    plan: made(good(), { server: { state: 'refused', message: 'quota exceeded', hint: 'Free some.' } }),
  });
  expect(text).toMatch(/✗ server +quota exceeded/);
});

test('the presets always show, the chosen one marked, and the maximum', async () => {
  expect(await formText({})).toMatch(/For +15m +5m {2}▸15m {2}30m {2}1h +at most 8h/);
  expect(await formText({ field: 'duration' })).toMatch(
    /For +15m▏ +5m {2}▸15m {2}30m {2}1h +← → or type; at most 8h/,
  );
});

test('an invalid field says why, and the running step is shown', async () => {
  const text = await formText({
    problems: { ports: '"x" is not a port.' },
    busy: 'waiting for the lease to start',
  });
  expect(text).toContain('✗ "x" is not a port.');
  expect(text).toContain('◌ waiting for the lease to start');
});

test('a cursor within the text is inverse, and a long text shows the part around it', async () => {
  const form = grantForm({ fields: { ...grantForm().fields, reason: { text: 'abc', cursor: 1 } } });
  const screen = openScreen({ state: sessionState({ overlay: { type: 'grant', form } }) });
  await screen.until('abc');
  const row = screen.lines().findIndex((line) => line.includes('abc'));
  const column = screen.lines()[row]?.indexOf('abc') ?? 0;
  expect(screen.cell(column + 1, row)).toMatchObject({ text: 'b', inverse: true });
  await screen.close();
  expect(
    await formText({ fields: { ...form.fields, reason: textField(`${'x'.repeat(300)}END`) } }),
  ).toContain('xEND▏');
});

test('on a small screen the form gives up blank lines before it gives up content', async () => {
  const text = await formText(
    { plan: made(good(), { server: { state: 'accepted', changes: [] } }) },
    { columns: 80, rows: 20 },
  );
  expect(text).toMatch(/✓ server/);
});

test('the table goes on beside the form', async () => {
  const screen = openScreen({
    columns: 160,
    rows: 40,
    state: sessionState({ overlay: { type: 'grant', form: grantForm() } }),
  });
  await screen.until('╭ Grant ');
  expect(screen.text()).toContain('api-6c9d-4kx');
  expect(screen.text()).toContain('4 Grants 1');
  await screen.close();
});

test.each([
  [60, 15],
  [80, 24],
  [80, 15],
])('at %ix%i every line of the form can be reached with the arrows', async (columns, rows) => {
  const plan = made(good({ warnings: Array.from({ length: 12 }, (_, index) => `warning ${index}`) }));
  const screen = openScreen({
    columns,
    rows,
    state: sessionState({ overlay: { type: 'grant', form: grantForm({ plan, field: 'ticket' }) } }),
    commands: (store, recorded) => ({
      ...recorded,
      move: (by) => {
        const { overlay } = store.getState();
        if (overlay.type !== 'grant') return;
        store.setState({
          overlay: { ...overlay, form: { ...overlay.form, scroll: overlay.form.scroll + by } },
        });
      },
    }),
  });
  await screen.until(/╭ Grant .*\n.*From/);
  expect(screen.text()).not.toContain('warning 11');
  expect(screen.text()).toMatch(/1-\d+ of \d+ · PgDn/);
  const seen = new Set<string>();
  for (let step = 0; step < 12; step += 1) {
    for (const found of screen.text().matchAll(/warning \d+/g)) seen.add(found[0]);
    screen.press('down');
    await screen.settled();
  }
  expect(seen.size).toBe(12);
  for (let step = 0; step < 14; step += 1) screen.press('up');
  await screen.until(/╭ Grant .*\n.*From/);
  await screen.close();
});

test('what must be confirmed is in the title, which does not scroll away', async () => {
  const isolates = [{ pod: { namespace: 'shop', name: 'db-0' }, direction: 'ingress' as const }];
  const text = await formText(
    { plan: made(good({ isolates })), confirming: true, scroll: 5 },
    { columns: 80, rows: 15 },
  );
  expect(text.split('\n')[0]).not.toContain('From');
  expect(text).toContain('╭ Grant ! isolates 1 pod: press enter again to confirm ');
});

test('a plan or a confirmation that the screen does not show yet is not acted on', async () => {
  const open = (plan: Good, confirming = false) =>
    ({ type: 'grant', form: grantForm({ plan: made(plan), confirming }) }) as const;
  const screen = openScreen({ state: sessionState({ overlay: open(good()) }) });
  await screen.until('✓ opens');
  const next = good({ isolates: [{ pod: { namespace: 'shop', name: 'db-0' }, direction: 'ingress' }] });
  const pressAhead = (overlay: SessionState['overlay']) =>
    inTask(() => {
      screen.set({ overlay });
      screen.press('enter');
    });
  await pressAhead(open(next));
  await screen.until('! isolates');
  await pressAhead(open(next, true));
  await screen.until('press enter again');
  const refused = ['notify', 'warn', 'enter: the plan has just changed.', 'Read it, then press enter again.'];
  expect(screen.calls).toEqual([refused, refused]);
  screen.press('enter');
  await screen.settled();
  expect(screen.calls.slice(2)).toEqual([['confirm']]);
  await screen.close();
});

test.each([
  ['busy', { busy: 'applying the policy' }, 'already in progress: applying the'],
  ['planning', { plan: { state: 'making' } as const }, 'still planning'],
  ['without a reason', { fields: { ...grantForm().fields, reason: textField() } }, 'reason is missing'],
])('while it is %s, enter is dark and says so', async (_, change, reason) => {
  const form = grantForm({ plan: made(good()), ...change });
  const screen = openScreen({ state: sessionState({ overlay: { type: 'grant', form } }), columns: 80 });
  await screen.until(`enter grant: ${reason}`);
  screen.press('enter');
  await screen.settled();
  expect(screen.calls).toEqual([['notify', 'warn', expect.stringContaining('enter: ')]]);
  await screen.close();
});

test('while a plan is made nothing of the one before is shown, and the form keeps its size', async () => {
  const before = await formText({ plan: made(good(), { server: { state: 'pending' } }) });
  const after = await formText({ plan: { state: 'making', before: good() } });
  expect(after).toContain('◌ planning…');
  expect(after).not.toMatch(/web-7d9f-k8d|opens|ends|dry-run/);
  expect(after.split('\n').findIndex((line) => line.startsWith('╰ enter'))).toBe(
    before.split('\n').findIndex((line) => line.startsWith('╰ enter')),
  );
});

test('a reason near its maximum says so', async () => {
  const reason = textField('x'.repeat(1_000));
  expect(await formText({ fields: { ...grantForm().fields, reason } })).toContain(
    '1000 of at most 1024 characters',
  );
});

test('the help of a pane tells the keys of the form, which takes ? as text', async () => {
  const screen = openScreen({
    columns: 120,
    rows: 100,
    state: sessionState({ overlay: { type: 'help', of: 'attempts', scroll: 0 } }),
  });
  await screen.until('In the grant form');
  expect(screen.text()).toMatch(/enter +grant, from Reason and Ticket/);
  expect(screen.text()).toMatch(/ctrl-o +switch an end/);
  await screen.close();
});
