import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_APPROVALS, DEFAULT_LIMITS, type Limits } from '../../../src/core/common/limits.ts';
import { ALL_RULES, responderRules } from '../../../src/demo/api/access.ts';
import type { Session } from '../../../src/session/session.ts';
import { apiOf } from '../../helpers/demo/demo.ts';
import { planned, sessionOn, showStory } from '../../helpers/demo/demo-session.ts';
import { ask, connectionTo, type LiveDemo, startLiveDemo } from '../../helpers/demo/live-demo.ts';
import { eventually } from '../../helpers/eventually.ts';

let live: LiveDemo;
let folder: string;
let bob: Session;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-answering-'));
  live = await startLiveDemo();
  bob = await appOf(live.demo.faults.addUser({ username: 'bob', rules: responderRules() }));
});

afterEach(async () => {
  await bob.dispose();
  await live.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function appOf(kubeconfig: string, limits = DEFAULT_LIMITS): Promise<Session> {
  const session = sessionOn({ connect: () => connectionTo(live.demo, folder, kubeconfig), limits });
  await session.start();
  return session;
}

const state = ({ store }: Session) => store.getState();
const overlay = () => state(bob).overlay;

/** Waits until the app lists the request, and puts the cursor on it. */
async function onRequest(session: Session, id: string): Promise<void> {
  await eventually(() =>
    expect(state(session).grants).toMatchObject([{ key: id, grant: { waiting: { seconds: 600 } } }]),
  );
  session.commands.focus('grants');
  session.commands.moveTo(id);
}

/** Opens the review of the request under the cursor, and waits until it is planned. */
async function reviewed(session: Session): Promise<void> {
  session.commands.openReview();
  await eventually(() => expect(state(session).overlay).toMatchObject({ type: 'review', loading: false }));
}

const textOf = () => {
  const open = overlay();
  return open.type === 'review' ? open.about.map(({ label, text }) => `${label} ${text}`).join('\n') : '';
};

describe('a request of somebody else', () => {
  test('is reviewed and approved in the app, and opens the path', async () => {
    const { grant } = await ask(live, { seconds: 600 });
    await onRequest(bob, grant.id);
    await reviewed(bob);
    expect(textOf()).toMatch(/asks for web → db :5432\/tcp for 10m\n.*responder@demo/);
    expect(textOf()).toContain('as it was asked for');
    bob.commands.confirm();
    await eventually(() => expect(overlay().type).toBe('none'));
    await eventually(() =>
      expect(state(bob).grants).toMatchObject([{ key: grant.id, grant: { approval: { by: 'bob' } } }]),
    );
    expect(state(bob).notice?.text).toMatch(new RegExp(`^${grant.id} is approved: open until `));
  });

  test('whose plan is another by now is not approved by what was shown: it is shown anew', async () => {
    const { grant } = await ask(live, { seconds: 600 });
    await onRequest(bob, grant.id);
    await reviewed(bob);
    const admin = apiOf(live.demo.faults.addUser({ username: 'admin', rules: ALL_RULES }));
    await admin.post('/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'also-db' },
      spec: { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Ingress'] },
    });
    await eventually(() =>
      expect(state(bob).policies.some(({ policy }) => policy.name === 'also-db')).toBe(true),
    );
    bob.commands.confirm();
    await eventually(() => expect(textOf()).toContain('CHANGED since it was asked for'));
    expect(textOf()).toMatch(/\+ is now rests on NetworkPolicy\/shop\/also-db [0-9a-f]{8}\n/);
    expect(state(bob).grants).toMatchObject([{ grant: { waiting: { seconds: 600 } } }]);
    await eventually(() => expect(overlay()).toMatchObject({ loading: false }));
    bob.commands.confirm();
    await eventually(() => expect(overlay().type).toBe('none'));
  });

  test('is refused with a word, which has to be said', async () => {
    const { grant } = await ask(live, { seconds: 600 });
    await onRequest(bob, grant.id);
    bob.commands.openRefuse();
    bob.commands.confirm();
    expect(overlay()).toMatchObject({ type: 'refuse', problem: 'Say why, for whoever asked.' });
    bob.commands.type({ type: 'insert', text: 'use the replica' });
    bob.commands.confirm();
    await eventually(() => expect(state(bob).grants).toEqual([]));
    await eventually(() => expect(state(bob).notice?.text).toBe(`${grant.id} is refused.`));
  });
});

test('your own request is not for you to approve, and says so', async () => {
  const { grant } = await ask(live, { seconds: 600 });
  const own = await appOf(live.demo.kubeconfig);
  await onRequest(own, grant.id);
  await reviewed(own);
  own.commands.confirm();
  expect(state(own).notice?.text).toBe('You asked for it: somebody else approves it.');
  expect(state(own).grants).toMatchObject([{ grant: { waiting: { seconds: 600 } } }]);
  await own.dispose();
});

describe('where somebody else has to approve', () => {
  const limits: Limits = {
    ...DEFAULT_LIMITS,
    approvals: { ...DEFAULT_APPROVALS, namespaces: ['shop'] },
  };

  /** Asks for the story's path by the form of an app. */
  async function asked(): Promise<{ readonly app: Session; readonly id: string }> {
    const app = await appOf(live.demo.kubeconfig, limits);
    await showStory(app);
    app.commands.openGrant();
    await planned(app);
    expect(state(app).overlay).toMatchObject({
      form: { plan: { request: { approval: { type: 'asked' } } } },
    });
    await eventually(() =>
      expect(state(app).overlay).toMatchObject({ form: { plan: { server: { state: 'accepted' } } } }),
    );
    app.commands.type({ type: 'insert', text: 'why' });
    app.commands.confirm();
    await eventually(() => expect(state(app).grants[0]?.grant.waiting).toBeDefined());
    return { app, id: state(app).grants[0]?.key ?? '' };
  }

  test('the form asks, and the grant is kept here once another approved it', async () => {
    const { app, id } = await asked();
    await eventually(() => expect(state(bob).grants).toMatchObject([{ key: id }]));
    bob.commands.focus('grants');
    bob.commands.moveTo(id);
    await reviewed(bob);
    bob.commands.confirm();
    await eventually(() =>
      expect(state(app).grants).toMatchObject([{ key: id, grant: { mine: true, state: { name: 'open' } } }]),
    );
    expect(state(app).messages.map(({ text }) => text)).toContain(`bob approved ${id}.`);
    await eventually(() => expect(overlay().type).toBe('none'));
    await app.dispose();
  });

  test('a refusal is told with its reason', async () => {
    const { app, id } = await asked();
    await eventually(() => expect(state(bob).grants).toMatchObject([{ key: id }]));
    bob.commands.focus('grants');
    bob.commands.moveTo(id);
    bob.commands.openRefuse();
    bob.commands.type({ type: 'insert', text: 'use the replica' });
    bob.commands.confirm();
    await eventually(() =>
      expect(state(app).messages.map(({ text }) => text)).toContain(
        `${id} was refused by bob: use the replica`,
      ),
    );
    // Whoever waits hears of it before all of it is on record.
    await eventually(() =>
      expect(state(bob).messages.map(({ text }) => text)).toContain(`${id} is refused.`),
    );
    await app.dispose();
  });
});
