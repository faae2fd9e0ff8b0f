import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ALL_RULES } from '../../src/demo/api/access.ts';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import type { Session } from '../../src/session/session.ts';
import { apiOf } from '../helpers/demo/demo.ts';
import { grantStory, planned, sessionOn, showStory } from '../helpers/demo/demo-session.ts';
import { connectionTo } from '../helpers/demo/live-demo.ts';
import { eventually } from '../helpers/eventually.ts';
import { grantLine, NOW } from '../helpers/session-state.ts';

let demo: Demo;
let session: Session;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-session-'));
  demo = await startDemo();
  session = sessionOn({
    connect: () => connectionTo(demo, folder),
    contexts: async () => ({ names: ['demo', 'other'], current: 'demo' }),
  });
  await session.start();
});

afterEach(async () => {
  await session.dispose();
  await demo.stop();
  await rm(folder, { recursive: true, force: true });
});

const state = () => session.store.getState();
const rows = (pane: 'pods' | 'policies' | 'attempts' | 'grants') => session.visibleRows(state(), pane);

describe('the screen state', () => {
  test('lists the namespace in view, and all of them when asked', async () => {
    await eventually(() => expect(state().pods).toHaveLength(14));
    expect(state().cluster).toMatchObject({
      namespace: 'shop',
      context: 'demo',
      user: 'responder@demo',
      connection: 'live',
    });
    session.commands.allNamespaces();
    expect(state().pods.length).toBeGreaterThan(14);
  });

  test('leaving the filter while typing brings back the one before; enter keeps it', async () => {
    await eventually(() => expect(state().pods).toHaveLength(14));
    session.commands.focus('pods');
    const filterBy = (text: string) => {
      session.commands.openFilter();
      session.commands.type({ type: 'clear' });
      session.commands.type({ type: 'insert', text });
    };
    filterBy('web');
    expect(rows('pods')).toHaveLength(2);
    session.commands.confirm();
    filterBy('nothing at all');
    expect(rows('pods')).toHaveLength(0);
    session.commands.back();
    expect(state().panes.pods.filter).toBe('web');
  });

  test('a command takes a namespace where it shows one, and nothing where it takes none', async () => {
    await eventually(() => expect(state().pods).toHaveLength(14));
    const run = (text: string) => {
      session.commands.openCommand();
      session.commands.type({ type: 'insert', text });
      session.commands.confirm();
    };
    run('pods monitoring');
    expect(state()).toMatchObject({ focus: 'pods', cluster: { namespace: 'monitoring' } });
    run('netpol all');
    expect(state().focus).toBe('policies');
    expect(state().cluster.namespace).toBeUndefined();
    run('lint');
    expect(state().panes.policies.filter).toBe('lint:');
    run('help me');
    expect(state().overlay).toMatchObject({ type: 'command', problem: ':help takes no argument' });
  });

  test('the path of a grant is shown in its pane, judged with the grant in force', async () => {
    await grantStory(session);
    expect(state().focus).toBe('grants');
    await eventually(() =>
      expect(state().path).toMatchObject({
        source: { type: 'workload', ref: { namespace: 'shop', name: 'web' } },
        destination: { type: 'workload', ref: { namespace: 'shop', name: 'db' } },
        port: { port: 5_432, protocol: 'TCP' },
        verdict: { verdict: 'allow' },
      }),
    );
    session.commands.focus('policies');
    expect(state().path.source).toBeUndefined();
  });

  test('the path under the cursor is judged at once, and a marked one stays', async () => {
    await showStory(session);
    expect(state().path).toMatchObject({
      sourceName: 'web',
      destinationName: 'db',
      port: { port: 5_432, protocol: 'TCP' },
    });
    session.commands.markSource();
    session.commands.markDestination();
    session.commands.back();
    session.commands.focus('pods');
    expect(state().path).toMatchObject({ marked: true, sourceName: 'web', destinationName: 'db' });
    expect(state().path.verdict?.ingress.summary).toBe('db-only-api admits app=api, not app=web');
  });

  test('the cursor is on a row and stays there when others come above it, wherever it was put', async () => {
    const admin = apiOf(demo.faults.addUser({ username: 'admin', rules: ALL_RULES }));
    const add = async (name: string) => {
      await admin.post('/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies', {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name },
        spec: { podSelector: {} },
      });
      await eventually(() => expect(rows('policies')[0]?.key).toContain(name));
    };
    const cursor = () => rows('policies')[state().panes.policies.index]?.key;
    await eventually(() => expect(rows('policies').length).toBeGreaterThan(1));
    session.commands.sort('policies', { column: 'name', descending: false });
    session.commands.focus('policies');
    const first = rows('policies')[0]?.key;
    const second = rows('policies')[1]?.key;
    await add('aa');
    expect(cursor()).toBe(first);
    expect(session.commands.moveTo(second)).toBe(true);
    await add('a0');
    expect(cursor()).toBe(second);
    session.commands.moveTo(undefined);
    expect(cursor()).toContain('a0');
    await add('a-0');
    expect(cursor()).toContain('a0');
    expect(session.commands.moveTo('none of them')).toBe(false);
  });

  test('the path bar speaks of what lies over the panes, then of the marked pair again', async () => {
    await grantStory(session);
    session.commands.focus('pods');
    session.commands.moveTo('shop/cache-0');
    session.commands.markDestination();
    const marked = state().path;
    expect(marked).toMatchObject({ marked: true, destinationName: 'cache' });
    for (const open of [session.commands.openRevoke, session.commands.openExtend]) {
      open();
      expect(state().path).toMatchObject({ sourceName: 'web', destinationName: 'db' });
      session.commands.allNamespaces();
      expect(state().path).toMatchObject({ sourceName: 'web', destinationName: 'db' });
      session.commands.back();
      expect(state().path).toEqual(marked);
    }
    session.commands.focus('grants');
    session.commands.about();
    expect(state().path).toMatchObject({ sourceName: 'web', destinationName: 'db' });
  });

  test('of several, the one that the latest notice speaks of is extended, unless the cursor is on another', () => {
    const { openExtend, notify, back, focus } = session.commands;
    const grants = ['aaaa', 'bbbb', 'cccc'].map((id) => grantLine(undefined, { id }));
    session.store.setState({ grants, focus: 'pods' });
    const extended = () => {
      openExtend();
      const { overlay } = state();
      back();
      return overlay.type === 'extend' ? overlay.id : undefined;
    };
    expect(extended()).toBeUndefined();
    notify('warn', 'bbbb ends in 1m', undefined, 'bbbb');
    expect(extended()).toBe('bbbb');
    notify('info', 'Something else.');
    expect(extended()).toBe('bbbb');
    focus('grants');
    session.commands.moveTo('cccc');
    expect(extended()).toBe('cccc');
    session.store.setState({
      focus: 'pods',
      grants: [grantLine({ name: 'revoked', at: NOW, by: 'deadline' }, { id: 'bbbb' }), ...grants.slice(2)],
    });
    expect(extended()).toBe('cccc');
  });

  test('a grant for one pod only shows that pod in the path bar', async () => {
    await showStory(session);
    session.commands.openGrant();
    session.commands.grantScope();
    expect(state().path.sourceName).toMatch(/^web-/);
    session.commands.back();
    expect(state().path.sourceName).toBe('web');
  });

  test('esc goes back one level at a time and never ends the app', async () => {
    await showStory(session);
    session.commands.zoom();
    session.commands.openHelp();
    session.commands.back();
    expect(state()).toMatchObject({ overlay: { type: 'none' }, zoomed: true });
    session.commands.back();
    expect(state()).toMatchObject({ zoomed: false, panes: { attempts: { filter: '^web db' } } });
    session.commands.back();
    session.commands.back();
    session.commands.back();
    expect(state()).toMatchObject({ panes: { attempts: { filter: '' } }, ended: false });
  });

  test('an unknown command says which there are', () => {
    session.commands.openCommand();
    session.commands.type({ type: 'insert', text: 'pdos' });
    session.commands.confirm();
    expect(state().overlay).toMatchObject({
      type: 'command',
      problem: 'unknown command "pdos"; did you mean :pods?',
    });
  });
});

test('the permanent policy for Git is the grant without what makes it one', async () => {
  await showStory(session);
  session.commands.promote();
  await eventually(() => expect(state().overlay.type).toBe('detail'));
  const { overlay } = state();
  const text = overlay.type === 'detail' ? overlay.lines.join('\n') : '';
  expect(text).toContain('name: db-from-web');
  expect(text).toContain('port: 5432');
  expect(text).not.toContain('sluice');
});

test('picking a namespace from the command line leaves nothing open', async () => {
  await eventually(() => expect(state().pods).toHaveLength(14));
  session.commands.openCommand();
  session.commands.type({ type: 'insert', text: 'ns' });
  session.commands.confirm();
  await eventually(() => expect(state().overlay).toMatchObject({ type: 'pick' }));
  session.commands.type({ type: 'insert', text: 'monit' });
  session.commands.confirm();
  expect(state()).toMatchObject({ overlay: { type: 'none' }, cluster: { namespace: 'monitoring' } });
});

describe('a grant from the form', () => {
  test('without a reason nothing is sent, and the field says why', async () => {
    await showStory(session);
    session.commands.openGrant();
    await planned(session);
    session.commands.grantField('ticket');
    session.commands.confirm();
    expect(state()).toMatchObject({
      overlay: { type: 'grant', form: { field: 'reason' } },
      notice: { text: 'Not granted: reason is missing.' },
    });
    expect(state().grants).toEqual([]);
  });

  test('enter before the plan is made grants nothing', async () => {
    await showStory(session);
    session.commands.openGrant();
    session.commands.type({ type: 'insert', text: 'why' });
    session.commands.confirm();
    expect(state().notice?.text).toBe('Not granted: still planning.');
    await planned(session);
    expect(state().overlay).not.toHaveProperty('form.busy');
    expect(state().grants).toEqual([]);
  });

  test('quitting asks, and ends once all is revoked', async () => {
    await grantStory(session);
    session.commands.quit();
    expect(state()).toMatchObject({ overlay: { type: 'quit' }, ended: false });
    session.commands.quitWith('revoke');
    await eventually(() => expect(state().ended).toBe(true));
    const name = state().grants[0]?.grant.halves[0]?.policy?.name ?? '';
    expect(demo.faults.peek('networkpolicies', 'shop', name)).toBeUndefined();
  });

  test('keeping grants leaves them to their leases', async () => {
    await grantStory(session);
    session.commands.quit();
    session.commands.quitWith('keep');
    expect(state().ended).toBe(true);
    expect(state().grants[0]?.grant.state.name).toBe('open');
  });
});
