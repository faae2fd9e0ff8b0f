import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { responderRules } from '../../../src/demo/api/access.ts';
import { type Demo, startDemo } from '../../../src/demo/demo.ts';
import { type Ran, runVerb } from '../../helpers/verb.ts';

let folder: string;
let demo: Demo;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-approvals-'));
  demo = await startDemo();
  await writeFile(join(folder, 'alice'), demo.kubeconfig, { mode: 0o600 });
  for (const username of ['bob', 'carol']) {
    const kubeconfig = demo.faults.addUser({ username, rules: responderRules(), namespace: 'shop' });
    await writeFile(join(folder, username), kubeconfig, { mode: 0o600 });
  }
});

afterEach(async () => {
  await demo.stop();
  await rm(folder, { recursive: true });
});

const as = (user: 'alice' | 'bob' | 'carol', ...args: readonly string[]): Promise<Ran> =>
  runVerb(args, {
    KUBECONFIG: join(folder, user),
    XDG_STATE_HOME: join(folder, `${user}-state`),
    XDG_CONFIG_HOME: join(folder, 'config'),
  });

const PATH = [
  '--from',
  'deploy/web',
  '--to',
  'sts/db',
  '--port',
  '5432/tcp',
  '--for',
  '10m',
  '--reason',
  'test',
];

async function asked(...more: readonly string[]): Promise<{ readonly id: string; readonly plan: string }> {
  const { code, lines, errors } = await as(
    'alice',
    'request',
    ...PATH,
    '--source',
    'probe',
    '-o',
    'json',
    ...more,
  );
  expect(code, errors).toBe(0);
  return JSON.parse(lines.find((line) => line.includes('"requested"')) ?? '{}');
}

async function configure(text: string): Promise<void> {
  await mkdir(join(folder, 'config/sluice'), { recursive: true });
  await writeFile(join(folder, 'config/sluice/config.yaml'), text);
}

describe('a request', () => {
  test('says how it is approved, and that approval is a custom where the cluster would let you open it alone', async () => {
    const { code, text, errors } = await as('alice', 'request', ...PATH, '--source', 'probe');
    expect(code).toBe(0);
    expect(text).toMatch(/requested {2}\w{6} until .*web → db :5432\/tcp/);
    expect(errors).toContain('Approval is a custom here');
    expect(errors).toMatch(/Somebody else approves it with sluice approve \w{6}/);
  });

  test('is listed as a request, and not as a grant', async () => {
    const { id, plan } = await asked();
    const list = await as('bob', 'requests');
    expect(list.lines[1]).toMatch(
      new RegExp(`^${id} .*web +db +5432/tcp +10m +(1:00:00|59:\\d\\d) +same +test`),
    );
    const grants = await as('bob', 'grants');
    expect(grants).toMatchObject({ code: 0, text: expect.stringContaining('No grants found') });
    expect(grants.errors).toContain('1 request for approval wait');
    const json = JSON.parse((await as('bob', 'requests', '-o', 'json')).text);
    expect(json).toMatchObject([
      { id, asked: 600, requestedPlan: plan, plan: { hash: plan, same: true }, troubles: [] },
    ]);
    expect(await as('bob', 'sweep', '--dry-run')).toMatchObject({ code: 0 });
  });

  test('prints its whole plan by its id', async () => {
    const { id, plan } = await asked();
    const { code, text } = await as('bob', 'requests', id);
    expect(code).toBe(0);
    expect(text).toContain(`plan       ${plan.slice(0, 12)}, as it was when it was requested`);
    expect(text).toContain('  opens Deployment/shop/web → StatefulSet/shop/db 5432/tcp\n');
  });

  test('is withdrawn by revoke', async () => {
    const { id } = await asked();
    expect(await as('alice', 'revoke', id)).toMatchObject({ code: 0, text: `${id} withdrawn: web → db` });
    expect((await as('bob', 'requests')).text).toContain('No requests found in shop namespace');
    const log = await as('alice', 'audit', 'verify');
    expect(log.code, log.text).toBe(0);
  });

  test('can not be extended, and is named where a grant is asked for', async () => {
    const { id } = await asked();
    expect(await as('bob', 'extend', id, '--for', '5m')).toMatchObject({
      code: 1,
      errors: expect.stringContaining(`${id} is a request that waits for approval`),
    });
  });
});

describe('an approval', () => {
  test('wants the plan named where nobody can be asked', async () => {
    const { id, plan } = await asked();
    const shown = await as('bob', 'approve', id);
    expect(shown.code).toBe(3);
    expect(shown.errors).toContain(`add --plan ${plan.slice(0, 12)}`);
    expect(await as('bob', 'approve', id, '--plan', 'deadbeef')).toMatchObject({ code: 1 });
    expect(await as('bob', 'approve', id, '--plan', plan.slice(0, 7))).toMatchObject({ code: 1 });
    const done = await as('bob', 'approve', id, '--plan', plan.slice(0, 8));
    expect(done.code, done.errors).toBe(0);
    expect(done.text).toMatch(new RegExp(`${id} approved: web → db, open until `));
    const [grant] = JSON.parse((await as('carol', 'grants', '-o', 'json')).text);
    expect(grant).toMatchObject({ id, approvedBy: 'bob', drift: [] });
    const log = await as('bob', 'audit', 'log', '-o', 'json');
    expect(log.lines.map((line) => JSON.parse(line).type)).toEqual(['intent', 'approved']);
    expect(await as('carol', 'approve', id)).toMatchObject({
      code: 1,
      errors: expect.stringContaining('bob approved it'),
    });
  });

  test('shows what differs once a base policy has changed', async () => {
    const { id, plan } = await asked();
    demo.faults.edit('networking.k8s.io/networkpolicies', 'shop', 'db-only-api', (policy) => ({
      ...policy,
      spec: { ...(policy.spec as object), ingress: [] },
    }));
    const ran = await as('bob', 'approve', id, '--plan', plan);
    expect(ran.code).toBe(1);
    expect(ran.text).toMatch(/^- was {5}rests on NetworkPolicy\/shop\/db-only-api /m);
    expect(ran.text).toMatch(/^\+ is now {2}rests on NetworkPolicy\/shop\/db-only-api /m);
    const next = /--plan ([0-9a-f]{12})/.exec(ran.errors)?.[1] ?? '';
    expect((await as('bob', 'approve', id, '--plan', next)).code).toBe(0);
  });

  test('of your own request is refused', async () => {
    const { id, plan } = await asked();
    const ran = await as('alice', 'approve', id, '--plan', plan);
    expect(ran).toMatchObject({ code: 1, errors: expect.stringContaining("can't approve it") });
    expect((await as('bob', 'requests', id)).code).toBe(0);
  });
});

test('a refusal removes the request, and is on record', async () => {
  const { id } = await asked();
  const ran = await as('bob', 'refuse', id, '--reason', 'use the replica');
  expect(ran).toMatchObject({ code: 0, text: `${id} refused: use the replica` });
  const log = await as('bob', 'audit', 'log', '-o', 'json');
  expect(log.lines.map((line) => JSON.parse(line)).at(-1)).toMatchObject({
    type: 'rejected',
    outcome: 'refused by bob: use the replica',
  });
  expect((await as('alice', 'requests')).text).toContain('No requests found');
});

test('whoever waits is told that the request is gone, and fails', async () => {
  const args = ['request', ...PATH, '--wait', '--source', 'probe', '-o', 'json'];
  const env = { KUBECONFIG: join(folder, 'alice'), XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder };
  const { code, lines } = await runVerb(args, env, (text) => {
    if (!text.includes('"requested"')) return;
    const { id } = JSON.parse(text);
    demo.faults.edit('networking.k8s.io/networkpolicies', 'shop', `sluice-${id}-in`, () => undefined);
  });
  expect(code).toBe(3);
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
    event: 'unanswered',
    why: 'somebody removed the request',
  });
});

describe('where an approval is required', () => {
  const REQUIRED = 'approvals:\n  required: { namespaces: ["sh*"] }\n';

  test('a grant is refused with the next step, and so is breaking the glass', async () => {
    await configure(REQUIRED);
    const ran = await as('alice', 'grant', ...PATH, '--source', 'probe');
    expect(ran.code).toBe(1);
    expect(ran.errors).toContain("Grants in namespace shop need somebody else's approval.");
    expect(ran.errors).toContain('sluice request');
    const broken = await as(
      'alice',
      'grant',
      ...PATH,
      '--source',
      'probe',
      '--break-glass',
      'nobody answers',
    );
    expect(broken).toMatchObject({ code: 1, errors: expect.stringContaining('does not let anybody grant') });
    expect((await asked()).id).toMatch(/^\w{6}$/);
  });

  test('the glass is broken in plain sight, where the configuration lets you', async () => {
    await configure(`${REQUIRED}  breakGlass: true\n`);
    const ran = await as(
      'alice',
      'grant',
      ...PATH,
      '--source',
      'probe',
      '-o',
      'json',
      '--break-glass',
      'nobody answers',
    );
    expect(ran.code, ran.errors).toBe(0);
    expect(ran.errors).toContain('WARNING: This grant goes without approval');
    const [grant] = JSON.parse((await as('bob', 'grants', '-o', 'json')).text);
    expect(grant).toMatchObject({ breakGlass: 'nobody answers' });
    const log = await as('alice', 'audit', 'log', '-o', 'json');
    expect(log.lines.map((line) => JSON.parse(line).type)).toEqual(['break-glass', 'intent', 'granted']);
  });
});
