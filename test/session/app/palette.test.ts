import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Demo, startDemo } from '../../../src/demo/demo.ts';
import { withMessage } from '../../../src/session/app/messages.ts';
import type { Session } from '../../../src/session/session.ts';
import type { Notice, PaletteTarget } from '../../../src/session/state/session-state.ts';
import { sessionOn } from '../../helpers/demo/demo-session.ts';
import { connectionTo } from '../../helpers/demo/live-demo.ts';
import { eventually } from '../../helpers/eventually.ts';

let demo: Demo;
let session: Session;
let folder: string;
/** How often somebody connected. */
let connected = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-palette-'));
  demo = await startDemo();
  session = sessionOn({
    connect: () => {
      connected += 1;
      return connectionTo(demo, folder);
    },
    contexts: async () => ({ names: ['demo', 'other', 'staging'], current: 'demo' }),
  });
  await session.start();
  await eventually(() => expect(state().pods).toHaveLength(14));
  await eventually(() => expect(state().attempts.some(({ key }) => key.includes('5432'))).toBe(true));
});

afterAll(async () => {
  await session.dispose();
  await demo.stop();
  await rm(folder, { recursive: true, force: true });
});

const state = () => session.store.getState();
const row = () => session.visibleRows(state(), state().focus)[state().panes[state().focus].index];

beforeEach(() => {
  while (state().overlay.type !== 'none') session.commands.back();
  session.commands.dismiss();
  run('ns shop');
});

function run(text: string): void {
  session.commands.openCommand();
  session.commands.complete(text);
  session.commands.confirm();
}

async function offered(kind: PaletteTarget['kind'], text: string | RegExp): Promise<PaletteTarget> {
  session.commands.openCommand();
  const target = await eventually(() => {
    const { overlay } = state();
    const targets = overlay.type === 'command' ? overlay.targets : [];
    const found = targets.find(
      (one) => one.kind === kind && (typeof text === 'string' ? one.text === text : text.test(one.text)),
    );
    if (found === undefined) throw new Error(`no ${kind} ${text}`);
    return found;
  });
  return target;
}

test('an unknown context is refused with the nearest, and the connection and its rows stay', async () => {
  const { pods } = state();
  run('ctx ohter');
  await eventually(() =>
    expect(state().notice).toMatchObject({
      level: 'error',
      text: 'Context "ohter" not found.',
      hint: 'Did you mean other?',
    }),
  );
  run('ctx nothing-like-it');
  await eventually(() =>
    expect(state().notice?.hint).toBe('There are demo, other, staging; :ctx picks one.'),
  );
  expect(connected).toBe(1);
  expect(state().pods).toEqual(pods);
  expect(state().cluster).toMatchObject({ connection: 'live', namespace: 'shop' });
});

test('an unknown namespace is refused with the nearest, and neither the view nor the pane changes', () => {
  session.commands.focus('attempts');
  for (const text of ['ns monitorin', 'pods monitorin']) {
    run(text);
    expect(state().notice).toMatchObject({
      text: 'Namespace "monitorin" not found.',
      hint: 'Did you mean monitoring?',
    });
    expect(state()).toMatchObject({ focus: 'attempts', cluster: { namespace: 'shop' } });
    session.commands.dismiss();
  }
});

test.each([
  ['foo', 'unknown command "foo"; clear the line to see all commands'],
  ['cahrts', 'unknown command "cahrts"; did you mean :charts?'],
  ['help me', ':help takes no argument'],
])(':%s is answered in the palette, which stays open', (text, problem) => {
  run(text);
  expect(state().overlay).toMatchObject({ type: 'command', problem, field: { text } });
});

test('a pod, a workload and a policy of another namespace are gone to', async () => {
  session.commands.focus('attempts');
  session.commands.go(await offered('pod', 'prometheus-0'));
  expect(state()).toMatchObject({
    focus: 'pods',
    overlay: { type: 'none' },
    cluster: { namespace: 'monitoring' },
  });
  expect(row()?.key).toBe('monitoring/prometheus-0');
  session.commands.go(await offered('workload', 'web'));
  expect(state()).toMatchObject({ focus: 'pods', cluster: { namespace: 'shop' } });
  expect(session.visibleRows(state(), 'pods').map(({ key }) => key)).toEqual([
    expect.stringMatching(/^shop\/web-/),
    expect.stringMatching(/^shop\/web-/),
  ]);
  run('ns monitoring');
  session.commands.go(await offered('policy', 'db-only-api'));
  expect(state().cluster.namespace).toBe('shop');
  expect(row()?.key).toBe('NetworkPolicy/shop/db-only-api');
});

test('a pair that was seen is gone to, whatever hides it', async () => {
  const target = await offered('pair', 'web → db :5432');
  session.commands.back();
  session.commands.focus('attempts');
  session.commands.openFilter();
  session.commands.type({ type: 'insert', text: 'nothing at all' });
  session.commands.confirm();
  session.commands.go(target);
  expect(state().panes.attempts.filter).toBe('');
  expect(state().path).toMatchObject({ sourceName: 'web', destinationName: 'db' });
});

test('a command leaves what lies over the panes', () => {
  session.commands.openHelp();
  run('policies');
  expect(state()).toMatchObject({ focus: 'policies', overlay: { type: 'none' } });
});

test('contexts are offered once the kubeconfig is read', async () => {
  expect(await offered('context', 'staging')).toMatchObject({ line: 'ctx staging' });
});

test('the YAML of an attempt is that of the policies that decide it', async () => {
  session.commands.go(await offered('pair', 'web → db :5432'));
  session.commands.detail();
  await eventually(() => expect(state().overlay).toMatchObject({ type: 'detail', loading: false }));
  const { overlay } = state();
  const names = overlay.type === 'detail' ? overlay.lines.filter((line) => /^ {2}name:/.test(line)) : [];
  expect(overlay).toMatchObject({ title: 'Policies that decide web → db :5432' });
  expect(names).toEqual(['  name: db-only-api', '  name: default-deny']);
});

test('the fields of a row are offered for copying, the whole first', async () => {
  session.commands.go(await offered('pair', 'web → db :5432'));
  expect(session.commands.copyables().slice(0, 4)).toEqual([
    { what: 'attempt', text: expect.stringMatching(/^web → db :5432\/tcp drop: db-only-api/) },
    { what: 'source', text: 'web' },
    { what: 'destination', text: 'db' },
    { what: 'port', text: '5432' },
  ]);
  session.commands.pickField();
  expect(state().overlay).toMatchObject({ type: 'pick', what: 'field' });
});

test('a search is left before the text is, and a text before the pane', () => {
  session.commands.openHelp();
  session.commands.openSearch();
  session.commands.type({ type: 'insert', text: 'revoke' });
  expect(state().overlay).toMatchObject({
    type: 'help',
    search: { typing: true, field: { text: 'revoke' } },
  });
  session.commands.searchAt(1, 4);
  expect(state().overlay).toMatchObject({ scroll: 4, search: { typing: false, at: 1 } });
  session.commands.back();
  expect(state().overlay).toEqual({ type: 'help', of: state().focus, scroll: 4 });
  session.commands.back();
  expect(state().overlay).toEqual({ type: 'none' });
});

test('messages are kept: repeats once with a count, and of keys that do nothing the last', () => {
  const said = (text: string, change: Partial<Notice> = {}): Notice => ({
    level: 'info',
    text,
    at: 1,
    ...change,
  });
  const messages = [
    said('a'),
    said('a'),
    said('no key x', { passing: true }),
    said('no key y', { passing: true }),
    said('b'),
  ].reduce<readonly Notice[]>((all, notice) => withMessage({ messages: all }, notice).messages, []);
  expect(messages.map(({ text, times }) => [text, times])).toEqual([
    ['a', 2],
    ['no key y', undefined],
    ['b', undefined],
  ]);
  const many = Array.from({ length: 700 }, (_, at) => said(String(at))).reduce<readonly Notice[]>(
    (all, notice) => withMessage({ messages: all }, notice).messages,
    [],
  );
  expect([many.length, many[0]?.text, many.at(-1)?.text]).toEqual([500, '200', '699']);
});

test('what was said while connecting elsewhere is still there', async () => {
  session.commands.notify('warn', 'remember this');
  run('ctx other');
  await eventually(() => expect(state().notice?.text).toBe('Connecting to other.'));
  await eventually(() => expect(state().notice).toBeUndefined());
  expect(state().messages.map(({ text }) => text)).toContain('remember this');
});

test('vi users quit as they do', () => {
  run('q!');
  expect(state().ended).toBe(true);
});
