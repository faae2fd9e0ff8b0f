import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Demo, startDemo } from '../../../src/demo/demo.ts';
import type { Connection } from '../../../src/session/runtime/connection.ts';
import type { Session } from '../../../src/session/session.ts';
import { grantStory, sessionOn } from '../../helpers/demo/demo-session.ts';
import { connectionTo } from '../../helpers/demo/live-demo.ts';
import { eventually } from '../../helpers/eventually.ts';
import { kubeconfigFor, unusedPort } from '../../helpers/servers/scripted-server.ts';

let demo: Demo;
let session: Session;
let folder: string;
/** Contexts of the connections that were closed, in order. */
let closed: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-switch-'));
  demo = await startDemo();
  closed = [];
  const gone = kubeconfigFor(`http://127.0.0.1:${await unusedPort()}`);
  const other = demo.faults.addUser({
    username: 'other',
    rules: [{ verbs: ['*'], groups: ['*'], resources: ['*'] }],
    namespace: 'monitoring',
  });
  session = sessionOn({
    connect: async ({ context = 'demo' }) =>
      noted(
        context,
        await connectionTo(demo, folder, context === 'gone' ? gone : context === 'other' ? other : undefined),
      ),
    contexts: async () => ({ names: ['demo', 'other', 'gone', 'odd'], current: 'demo' }),
  });
  await session.start();
  await eventually(() => expect(state().pods).toHaveLength(14));
});

afterEach(async () => {
  await session.dispose();
  await demo.stop();
  await rm(folder, { recursive: true, force: true });
});

function noted(context: string, connection: Connection): Connection {
  return {
    ...connection,
    warnings: context === 'odd' ? ['The kubeconfig has the key users twice.'] : [],
    dispose: async () => {
      closed.push(context);
      await connection.dispose();
    },
  };
}

const state = () => session.store.getState();

function command(text: string): void {
  session.commands.openCommand();
  session.commands.type({ type: 'insert', text });
  session.commands.confirm();
}

test('another context takes over once it is connected, in its own namespace, and the first is closed', async () => {
  command('ctx other');
  await eventually(() => expect(state().cluster.user).toBe('other'));
  expect(state().cluster.namespace).toBe('monitoring');
  await eventually(() => expect(closed).toEqual(['demo']));
  await eventually(() => expect(state().pods.length).toBeGreaterThan(0));
  expect(state().notice).toBeUndefined();
});

test('what is odd about the kubeconfig is said once the context is shown', async () => {
  command('ctx odd');
  await eventually(() =>
    expect(state().notice).toMatchObject({ level: 'warn', text: 'The kubeconfig has the key users twice.' }),
  );
  expect(closed).toEqual(['demo']);
});

test('a context that does not answer leaves everything as it was, and says why', async () => {
  const rows = state().pods;
  command('ctx gone');
  await eventually(() => expect(state().notice).toMatchObject({ level: 'error' }));
  expect(state().notice?.text).toMatch(/^Still on demo: switching to gone failed\. .*connection refused/);
  expect(state().cluster).toMatchObject({ user: 'responder@demo', connection: 'live', namespace: 'shop' });
  expect(state().pods).toEqual(rows);
  expect(closed).toEqual(['gone']);
  const [first] = rows;
  demo.faults.edit('/pods', 'shop', first?.pod.name ?? '', () => undefined);
  await eventually(() => expect(state().pods.map(({ key }) => key)).not.toContain(first?.key));
});

test('while one context is slow another can be chosen, and the slow one never shows', async () => {
  const undo = demo.faults.stall({ path: '/version' });
  command('ctx other');
  await eventually(() => expect(state().notice?.text).toBe('Connecting to other.'));
  command('ctx gone');
  await eventually(() => expect(state().notice?.text).toMatch(/switching to gone failed/));
  undo();
  await eventually(() => expect(closed.toSorted()).toEqual(['gone', 'other']));
  expect(state().cluster.user).toBe('responder@demo');
});

test('with living grants it asks first; kept, they go on in the cluster that one leaves', async () => {
  await grantStory(session);
  const [line] = state().grants;
  const policy = line?.grant.halves[0]?.policy;
  const asked = () =>
    eventually(() => expect(state().overlay).toMatchObject({ type: 'quit', target: { context: 'other' } }));
  command('ctx other');
  await asked();
  session.commands.back();
  expect(state()).toMatchObject({ overlay: { type: 'none' }, cluster: { user: 'responder@demo' } });
  command('ctx other');
  await asked();
  session.commands.quitWith('keep');
  await eventually(() => expect(state().cluster.user).toBe('other'));
  expect(state()).toMatchObject({ overlay: { type: 'none' }, ended: false });
  expect(session.booked()).toMatchObject([{ grant: { id: line?.key, state: { name: 'open' } } }]);
  expect(demo.faults.peek('networking.k8s.io/networkpolicies', 'shop', policy?.name ?? '')).toBeDefined();
});

test('with living grants that are revoked first, nothing of them is left behind', async () => {
  await grantStory(session);
  const policy = state().grants[0]?.grant.halves[0]?.policy;
  command('ctx other');
  await eventually(() => expect(state().overlay.type).toBe('quit'));
  session.commands.quitWith('revoke');
  await eventually(() => expect(state().cluster.user).toBe('other'));
  expect(state().ended).toBe(false);
  expect(demo.faults.peek('networking.k8s.io/networkpolicies', 'shop', policy?.name ?? '')).toBeUndefined();
});
