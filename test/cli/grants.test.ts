import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { main } from '../../src/cli/cli.ts';
import type { ApiObject } from '../../src/core/cluster/objects.ts';
import type { Grant } from '../../src/core/grants/grant.ts';
import { ALL_RULES, responderRules } from '../../src/demo/api/access.ts';
import { apiOf } from '../helpers/demo/demo.ts';
import {
  ACROSS,
  closeMonitoring,
  ELSEWHERE,
  type LiveDemo,
  startLiveDemo,
} from '../helpers/demo/live-demo.ts';
import { eventually } from '../helpers/eventually.ts';

let live: LiveDemo;
let folder: string;
let kubeconfig: string;

beforeEach(async () => {
  live = await startLiveDemo();
  folder = dirname(live.auditPath);
  kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, live.demo.kubeconfig, { mode: 0o600 });
  vi.stubEnv('XDG_STATE_HOME', join(folder, 'state'));
  vi.stubEnv('XDG_CONFIG_HOME', join(folder, 'config'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await live.dispose();
});

async function sluice(...argv: readonly string[]) {
  const said = { out: '', err: '' };
  const output = {
    out: (text: string) => {
      said.out += text;
    },
    err: (text: string) => {
      said.err += text;
    },
  };
  const code = await main({ argv: [...argv, '--kubeconfig', kubeconfig], output, interactive: false });
  return { code, ...said };
}

/** A grant within shop, and one within monitoring. */
async function twoGrants(): Promise<{ readonly near: Grant; readonly far: Grant }> {
  await closeMonitoring(live);
  const near = await live.open({ seconds: 600 });
  const far = await live.open(ELSEWHERE);
  return { near, far };
}

const ids = (text: string) => (JSON.parse(text) as { id: string }[]).map(({ id }) => id);

describe('revoke of what is gone', () => {
  test('is an error, unless it may be gone: then it is done, and the others are revoked', async () => {
    const { id } = await live.open({ seconds: 600 });
    expect(await sluice('revoke', 'zzzzz')).toMatchObject({
      code: 1,
      err: expect.stringContaining('not found'),
    });
    expect(await sluice('revoke', 'zzzzz', '--ignore-not-found')).toEqual({ code: 0, out: '', err: '' });
    expect(ids((await sluice('revoke', 'zzzzz', id, '--ignore-not-found', '-o', 'json')).out)).toEqual([id]);
    expect((await sluice('revoke', id, '--ignore-not-found', '-o', 'json')).out).toBe('[]\n');
  });
});

describe('grants and revoke use the same namespaces as kubectl', () => {
  test('the namespace of the context, that of -n, or all with -A', async () => {
    const { near, far } = await twoGrants();
    const own = (await sluice('grants', '-o', 'json')).out;
    expect(ids(own)).toEqual([near.id]);
    expect(JSON.parse(own)).toMatchObject([{ life: 'applied' }]);
    expect(ids((await sluice('grants', '-n', 'monitoring', '-o', 'json')).out)).toEqual([far.id]);
    expect(ids((await sluice('grants', '-A', '-o', 'json')).out).sort()).toEqual([near.id, far.id].sort());
    expect((await sluice('grants', '-n', 'default')).out).toBe(
      'No grants found in default namespace. Use -A to list all namespaces.\n',
    );
  });

  test('revoke --all ends only the grants of the current namespace; an id is found in any namespace', async () => {
    const { near, far } = await twoGrants();
    expect(ids((await sluice('revoke', '--all', '-o', 'json')).out)).toEqual([near.id]);
    expect(ids((await sluice('grants', '-A', '-o', 'json')).out)).toEqual([far.id]);
    expect(await sluice('revoke', far.id)).toMatchObject({
      code: 0,
      out: expect.stringContaining('revoked'),
    });
    expect((await sluice('grants', '-A')).out).toBe('No grants found.\n');
  });
});

test('a grant that would isolate pods is made only with --yes (GRANT-45)', async () => {
  const admin = apiOf(live.demo.faults.addUser({ username: 'admin', rules: ALL_RULES }));
  const [one, other] = live.runtime.model.podsIn('shop').filter(({ labels }) => labels.app === 'web');
  await admin.mergePatch(`/api/v1/namespaces/shop/pods/${one?.name}`, {
    metadata: { labels: { part: 'canary' } },
  });
  await admin.post('/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies', {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'canary' },
    spec: { podSelector: { matchLabels: { part: 'canary' } }, policyTypes: ['Egress'] },
  });
  const asked = ['--from', 'deploy/web', '--to', 'sts/db', '--port', '5432/tcp', '--for', '5m'];
  const refused = await sluice('grant', ...asked, '--reason', 'test', '--source', 'probe');
  expect(refused).toMatchObject({
    code: 1,
    err: expect.stringContaining(
      `The grant would isolate ${other?.name} (egress), which blocks their other traffic.`,
    ),
  });
  expect(ids((await sluice('grants', '-o', 'json')).out)).toEqual([]);
  expect(await sluice('grant', ...asked, '--reason', 'test', '--source', 'probe', '--yes')).toMatchObject({
    code: 0,
  });
  expect(ids((await sluice('grants', '-o', 'json')).out)).toHaveLength(1);
});

describe('without a writable log', () => {
  beforeEach(async () => {
    await mkdir(join(folder, 'state'));
    await writeFile(join(folder, 'state', 'sluice'), 'not a folder');
  });

  test('grants lists, and grant refuses', async () => {
    const made = await live.open({ seconds: 600 });
    expect(await sluice('grants', '-o', 'json')).toMatchObject({ code: 0, err: '' });
    const asked = ['--from', 'deploy/cart', '--to', 'sts/cache', '--port', '6379/tcp', '--for', '5m'];
    const refused = await sluice('grant', ...asked, '--reason', 'test');
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringContaining('Grants require an audit record'),
    });
    expect(ids((await sluice('grants', '-o', 'json')).out)).toEqual([made.id]);
  });

  test('revoke still ends the grant, warns, and exits 1', async () => {
    const made = await live.open({ seconds: 600 });
    const { code, out, err } = await sluice('revoke', made.id, '-o', 'json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject([{ id: made.id, revoked: true, recorded: false }]);
    expect(err).toMatch(/WARNING: .* is not in the audit log/);
    expect(
      live.demo.faults.peek('networking.k8s.io/networkpolicies', 'shop', made.halves[0]?.policy?.name ?? ''),
    ).toBe(undefined);
  });

  test('extend refuses', async () => {
    const made = await live.open({ seconds: 600 });
    expect(await sluice('extend', made.id, '--for', '5m')).toMatchObject({
      code: 1,
      err: expect.stringContaining('audit log'),
    });
  });
});

describe('as a user with access to only one of two namespaces', () => {
  const confine = async () => {
    await closeMonitoring(live);
    const made = await live.open(ACROSS);
    const user = live.demo.faults.addUser({ username: 'confined', rules: responderRules(['shop']) });
    await writeFile(kubeconfig, user);
    return made;
  };

  test('grants shows that one half is not visible', async () => {
    await confine();
    const { code, out } = await sluice('grants');
    expect(code).toBe(4);
    expect(out).toContain('unseen half in monitoring');
  });

  test('revoke reports the result of each half, and fails', async () => {
    const made = await confine();
    const { code, out, err } = await sluice('revoke', made.id, '-o', 'json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject([
      {
        id: made.id,
        revoked: false,
        halves: [
          { direction: 'egress', namespace: 'shop', done: true },
          { direction: 'ingress', namespace: 'monitoring', done: false },
        ],
      },
    ]);
    expect(err).toMatch(/Unable to revoke \w+: unseen half in monitoring/);
  });

  test('extend refuses, and names the half', async () => {
    const made = await confine();
    expect(await sluice('extend', made.id, '--for', '5m')).toMatchObject({
      code: 1,
      err: expect.stringContaining('unseen half in monitoring'),
    });
  });
});

describe('grants of somebody else, in a process that knows only the cluster', () => {
  const change = (
    kind: 'batch/jobs' | 'networking.k8s.io/networkpolicies',
    grant: Grant,
    to: (object: ApiObject) => ApiObject,
  ) => live.demo.faults.edit(kind, 'shop', grant.halves[0]?.policy?.name ?? '', to);
  const trouble = async () => {
    const { code, out } = await sluice('grants', '-o', 'json');
    return { code, drift: (JSON.parse(out) as { drift: string[] }[]).flatMap(({ drift }) => drift) };
  };

  test('are listed without trouble while nothing is wrong', async () => {
    await live.open({ seconds: 600 });
    expect(await trouble()).toEqual({ code: 0, drift: [] });
  });

  test('one that outlived its window is overdue', async () => {
    const made = await live.open({ seconds: 3 });
    live.demo.faults.pauseControllers();
    await live.runtime.keeper.dispose();
    await eventually(async () =>
      expect(await trouble()).toEqual({
        code: 3,
        drift: [expect.stringMatching(/^overdue: its window ended at .*Z, and it is still in force$/)],
      }),
    );
    expect((await sluice('grants')).out).toMatch(new RegExp(`${made.id} .* overdue +responder@demo`));
  });

  test('one whose deadline was moved, or whose policy was widened, is red', async () => {
    const made = await live.open({ seconds: 600 });
    change('batch/jobs', made, (job) => ({
      ...job,
      spec: { ...(job.spec as object), activeDeadlineSeconds: 86_400 },
    }));
    change('networking.k8s.io/networkpolicies', made, (policy) => ({
      ...policy,
      spec: { ...(policy.spec as object), podSelector: {} },
    }));
    const { code, drift } = await trouble();
    expect(code).toBe(3);
    expect(drift.join('\n')).toMatch(/it is not what was granted: spec\.podSelector/);
    expect(drift.join('\n')).toMatch(/its deadline was moved to 1d by somebody/);
  });

  test('a pod that was given the labels, and base policies that are gone, are told', async () => {
    await live.open({ seconds: 600 });
    const { api } = live.runtime.connection;
    const [mail] = (
      await api.list({ group: '', version: 'v1', resource: 'pods' }, { namespace: 'shop' })
    ).filter(({ metadata }) => metadata.labels?.app === 'mail');
    live.demo.faults.edit('/pods', 'shop', mail?.metadata.name ?? '', (pod) => ({
      ...pod,
      metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, app: 'web', tier: 'front' } },
    }));
    for (const name of ['db-only-api', 'default-deny'])
      live.demo.faults.edit('networking.k8s.io/networkpolicies', 'shop', name, () => undefined);
    const { code, drift } = await trouble();
    expect(code).toBe(3);
    expect(drift.join('\n')).toMatch(/pod shop\/mail-.* from another workload is now a source of the grant/);
    expect(drift.join('\n')).toMatch(/no policy but grants isolates shop\/db-0 \(ingress\) any more/);
  });

  test('two on one path tell of each other', async () => {
    const [one, two] = await Promise.all([live.open({ seconds: 600 }), live.open({ seconds: 600 })]);
    const { code, drift } = await trouble();
    expect(code).toBe(3);
    const tells = ({ id }: Grant) =>
      `grant ${id} by responder@demo also opens the path: it will stay open when the grant ends`;
    expect([...drift].sort()).toEqual([tells(one), tells(two)].sort());
  });
});

describe('revoke ends with what is left of the path', () => {
  test('closed, where nothing else opens it', async () => {
    const made = await live.open({ seconds: 600 });
    const { code, out, err } = await sluice('revoke', made.id);
    expect({ code, out, err }).toEqual({
      code: 0,
      out: `${made.id} revoked: web → db; the path is closed\n`,
      err: '',
    });
  });

  test('still open through the grant of another, with name and end', async () => {
    const [one, two] = await Promise.all([live.open({ seconds: 600 }), live.open({ seconds: 900 })]);
    const through = new RegExp(
      `the path is still open through grant ${two.id} of responder@demo, until \\d\\d:\\d\\d:\\d\\d`,
    );
    const { code, out, err } = await sluice('revoke', one.id, '-o', 'json');
    expect(code).toBe(3);
    expect(err).toMatch(through);
    expect(JSON.parse(out)).toMatchObject([
      {
        revoked: true,
        path: { verdict: 'open', through: [{ grant: two.id, requester: 'responder@demo' }] },
      },
    ]);
    expect(await sluice('revoke', two.id)).toMatchObject({ code: 0, err: '' });
  });

  test('still open as its pods are no longer isolated', async () => {
    const made = await live.open({ seconds: 600 });
    for (const name of ['db-only-api', 'default-deny'])
      live.demo.faults.edit('networking.k8s.io/networkpolicies', 'shop', name, () => undefined);
    const { code, out } = await sluice('revoke', made.id);
    expect(code).toBe(3);
    expect(out).toContain('the path is still open: no policy isolates its pods');
  });

  test('a lease that a foreign finalizer holds is left behind, and that is all', async () => {
    const made = await live.open({ seconds: 600 });
    await live.runtime.keeper.dispose();
    live.demo.faults.edit('batch/jobs', 'shop', made.halves[0]?.lease?.name ?? '', (job) => ({
      ...job,
      metadata: { ...job.metadata, finalizers: ['example.com/keep'] },
    }));
    const { code, err } = await sluice('revoke', made.id);
    expect(code).toBe(6);
    expect(err).toMatch(/a lease is left behind: Job shop\/.* held by the finalizer example\.com\/keep/);
    expect(err).toContain('Once nothing holds it, sluice sweep removes it.');
    const listed = await sluice('grants');
    expect(listed).toMatchObject({ code: 3, out: expect.stringContaining('finalizer example.com/keep') });
  });
});

describe('as a user who may not list pods', () => {
  beforeEach(async () => {
    const rules = responderRules(['shop']).map((rule) => ({
      ...rule,
      resources: rule.resources.filter((resource) => resource !== 'pods'),
    }));
    await writeFile(
      kubeconfig,
      live.demo.faults.addUser({ username: 'restricted', rules, namespace: 'shop' }),
    );
  });

  test('grant and explain say so, instead of finding nothing', async () => {
    const ends = ['deploy/web', 'sts/db', '--port', '5432/tcp'];
    const asked = ['--from', 'deploy/web', '--to', 'sts/db', '--port', '5432/tcp', '--for', '5m'];
    for (const argv of [
      ['explain', ...ends],
      ['grant', ...asked, '--reason', 'test'],
    ]) {
      const { code, err } = await sluice(...argv);
      expect(code).toBe(1);
      expect(err).toMatch(/restricted cannot list pods in namespace shop, so no end can be found\./);
    }
  });

  test('revoke ends a grant, and says that the path was not judged', async () => {
    const made = await live.open({ seconds: 600 });
    const { code, out, err } = await sluice('revoke', made.id);
    expect({ code, out }).toEqual({ code: 0, out: `${made.id} revoked: web → db\n` });
    expect(err).toMatch(/Whether the paths are closed was not judged: restricted cannot list pods/);
  });
});

test('grant --wait tells who extended it, and goes on until the new end', async () => {
  const lines: string[] = [];
  const output = {
    out: (text: string) => lines.push(...text.split('\n').filter(Boolean)),
    err: () => undefined,
  };
  const asked = [
    '--from',
    'deploy/web',
    '--to',
    'sts/db',
    '--port',
    '5432/tcp',
    '--for',
    '5s',
    '--reason',
    'test',
  ];
  const argv = ['grant', ...asked, '--wait', '-o', 'json', '--kubeconfig', kubeconfig];
  const waiting = main({ argv, output, interactive: false });
  const events = () => lines.map((line) => JSON.parse(line) as { event: string; id?: string });
  const granted = await eventually(() => {
    const found = events().find(({ event }) => event === 'granted');
    if (found === undefined) throw new Error('not granted yet');
    return found;
  });
  const bob = join(folder, 'bob');
  await writeFile(bob, live.demo.faults.addUser({ username: 'bob', rules: responderRules() }), {
    mode: 0o600,
  });
  const extended = ['extend', granted.id ?? '', '--for', '2s', '-n', 'shop', '--kubeconfig', bob];
  expect(await main({ argv: extended, output: { out: () => {}, err: () => {} }, interactive: false })).toBe(
    0,
  );
  expect(await waiting).toBe(0);
  expect(events().find(({ event }) => event === 'extended')).toMatchObject({ by: 'bob', seconds: 7 });
  expect(events().filter(({ event }) => event === 'drift')).toEqual([]);
});

describe('audit verify', () => {
  test.each([['verify'], ['log']])(
    '%s fails for a directory that does not exist or has no logs',
    async (verb) => {
      const none = await sluice('audit', verb, '--directory', join(folder, 'none'));
      expect(none).toMatchObject({ code: 1, err: expect.stringMatching(/No audit logs found in .*none/) });
      await mkdir(join(folder, 'empty'));
      expect((await sluice('audit', verb, '--directory', join(folder, 'empty'))).code).toBe(1);
      const inside = await sluice('audit', verb, '--directory', live.auditPath);
      expect(inside).toMatchObject({ code: 1, err: expect.stringContaining('--cluster demo') });
    },
  );

  test('an emptied log is a finding', async () => {
    await mkdir(join(folder, 'logs', 'cluster'), { recursive: true });
    const verified = await sluice('audit', 'verify', '--directory', join(folder, 'logs'));
    expect(verified).toMatchObject({ code: 3, out: expect.stringContaining('emptied') });
  });

  test('no logs in the default directory is not a failure', async () => {
    expect(await sluice('audit', 'verify')).toMatchObject({ code: 0, out: 'No audit logs found.\n' });
  });
});
