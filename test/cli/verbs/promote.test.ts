import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readYaml } from '../../../src/core/yaml/read.ts';
import { ALL_RULES } from '../../../src/demo/api/access.ts';
import { toJsonResponse } from '../../../src/hubble/client/json-flow.ts';
import { decodeResponse } from '../../../src/hubble/wire/decoded.ts';
import { observerService, type WireFlow } from '../../../src/hubble/wire/protocol.ts';
import { type Api, apiOf } from '../../helpers/demo/demo.ts';
import { sessionOn, showStory } from '../../helpers/demo/demo-session.ts';
import { ACROSS, connectionTo, type LiveDemo, startLiveDemo } from '../../helpers/demo/live-demo.ts';
import { eventually } from '../../helpers/eventually.ts';
import { flowResponse } from '../../helpers/hubble/hubble-server.ts';
import { runVerb } from '../../helpers/verb.ts';

const POLICIES = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies';
const CILIUM = '/apis/cilium.io/v2/namespaces/shop/ciliumnetworkpolicies';
const WEB_TO_DB = ['deploy/web', 'sts/db', '--port', '5432/tcp'];

let live: LiveDemo;
let admin: Api;
let folder: string;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  live = await startLiveDemo();
  admin = apiOf(live.demo.faults.addUser({ username: 'admin', rules: ALL_RULES }));
  folder = await mkdtemp(join(tmpdir(), 'sluice-promote-'));
  await writeFile(join(folder, 'kubeconfig'), live.demo.kubeconfig);
  env = { KUBECONFIG: join(folder, 'kubeconfig'), XDG_CONFIG_HOME: folder, XDG_STATE_HOME: folder };
});

afterEach(async () => {
  const ids = live.runtime.keeper.grants().map(({ id }) => id);
  await live.runtime.keeper.revoke(ids);
});

afterAll(async () => {
  await live.dispose();
  await rm(folder, { recursive: true, force: true });
});

const promote = (...args: readonly string[]) => runVerb(['promote', ...args], env);
const promoteJson = async (...args: readonly string[]) =>
  JSON.parse((await promote(...args, '-o', 'json')).text);

const DB_FROM_WEB = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: db-from-web
  namespace: shop
spec:
  podSelector:
    matchLabels:
      app: db
      tier: data
  policyTypes:
    - Ingress
  ingress:
    - from:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: shop
          podSelector:
            matchLabels:
              app: web
              tier: front
      ports:
        - protocol: TCP
          port: 5432`;

describe('a path', () => {
  test('is one clean policy on stdout; what it does is on stderr', async () => {
    const { code, text, errors } = await promote(...WEB_TO_DB);
    expect({ code, text }).toEqual({ code: 0, text: DB_FROM_WEB });
    expect(errors).toBe(
      `web → db 5432/tcp: deny now without a grant, allow with it
effect on the whole cluster, compared with no grants
  opens        shop/web → shop/db tcp 5432
`,
    );
  });

  test('is the same text in the app', async () => {
    const session = sessionOn({ connect: () => connectionTo(live.demo, folder) });
    void session.start();
    try {
      await showStory(session);
      session.commands.promote();
      await eventually(() => expect(session.store.getState().overlay.type).toBe('detail'));
      const { overlay } = session.store.getState();
      const shown = overlay.type === 'detail' ? overlay.lines : [];
      expect(shown).toEqual((await promote(...WEB_TO_DB)).lines);
    } finally {
      await session.dispose();
    }
  });

  test('whose halves are both closed is two policies', async () => {
    const { text } = await promote('deploy/cart', 'svc/cache', '--port', '6379');
    expect(readYaml(text).map(({ value }) => value)).toMatchObject([
      { metadata: { name: 'cache-from-cart' } },
      { metadata: { name: 'cart-to-cache' } },
    ]);
  });

  test('is told to programs with everything that was checked', async () => {
    expect(await promoteJson(...WEB_TO_DB)).toMatchObject({
      paths: [
        {
          from: 'web',
          to: 'db',
          ports: [{ port: 5432, protocol: 'TCP' }],
          outcome: 'needed',
          before: 'deny',
          after: 'allow',
        },
      ],
      policies: [
        {
          direction: 'ingress',
          manifest: { metadata: { name: 'db-from-web', namespace: 'shop' } },
          rules: [{ name: 'web' }],
          managers: [],
        },
      ],
      opens: [{ from: { name: 'web' }, to: { name: 'db' }, was: 'deny', is: 'allow' }],
      closes: [],
      isolated: [],
      findings: [],
      warnings: [],
    });
  });

  test('that is open needs nothing, and is no failure', async () => {
    expect(await promote('deploy/api', 'sts/db', '--port', '5432')).toEqual({
      code: 0,
      text: '',
      lines: [],
      errors:
        'sluice: The path from api to db 5432/tcp is open without a grant: no policy is needed. Egress: not isolated. Ingress: db-only-api admits app=api.\n',
    });
  });

  test('that no NetworkPolicy can open is refused as grant refuses it', async () => {
    const name = 'db-never-web';
    const deny = {
      endpointSelector: { matchLabels: { app: 'db' } },
      ingressDeny: [{ fromEndpoints: [{ matchLabels: { app: 'web' } }] }],
      enableDefaultDeny: { ingress: false, egress: false },
    };
    const made = await admin.post(CILIUM, {
      apiVersion: 'cilium.io/v2',
      kind: 'CiliumNetworkPolicy',
      metadata: { name },
      spec: deny,
    });
    expect(made.code).toBe(201);
    const asked = ['--from', 'deploy/web', '--to', 'sts/db', '--port', '5432/tcp', '--for', '5m'];
    const refused = await runVerb(['grant', ...asked, '--reason', 'test', '--dry-run'], env);
    const { code, text, errors } = await promote(...WEB_TO_DB);
    await admin.remove(`${CILIUM}/${name}`);
    expect(errors).toContain("A NetworkPolicy can't open web to db: ");
    expect({ code, text, errors }).toEqual({ code: 1, text: '', errors: refused.errors });
  });
});

test('a protected namespace gets its policy, as nothing is opened by writing it', async () => {
  const config = await mkdtemp(join(folder, 'config-'));
  await mkdir(join(config, 'sluice'));
  await writeFile(join(config, 'sluice', 'config.yaml'), 'protected: { namespaces: [shop] }\n');
  const guarded = { ...env, XDG_CONFIG_HOME: config };
  const asked = ['--from', 'deploy/web', '--to', 'sts/db', '--port', '5432/tcp', '--for', '5m'];
  const grant = await runVerb(['grant', ...asked, '--reason', 'test', '--dry-run'], guarded);
  expect(grant.errors).toContain('Namespace shop is protected');
  expect(await runVerb(['promote', ...WEB_TO_DB], guarded)).toMatchObject({ code: 0, text: DB_FROM_WEB });
});

describe('a grant', () => {
  test('that opens the path is the policy of that path, from any namespace', async () => {
    const { id } = await live.open({ seconds: 600 });
    expect((await promote(id)).text).toBe(DB_FROM_WEB);
    expect((await promote(...WEB_TO_DB)).text).toBe(DB_FROM_WEB);
    expect((await promote(id, id)).text).toBe(DB_FROM_WEB);
  });

  test('of a Service is the policy for the ports of its pods', async () => {
    const [port] = live.runtime.model.service('shop', 'mail')?.ports ?? [];
    expect(port).toMatchObject({ port: 80, targetPort: 8025 });
    const { id } = await live.open({
      destination: { type: 'service', namespace: 'shop', name: 'mail' },
      ports: [{ port: 80, protocol: 'TCP' }],
      seconds: 600,
    });
    const { code, text } = await promote(id);
    expect(code).toBe(0);
    expect(text).toContain('name: mail-from-web');
    expect(text).toContain('port: 8025');
  });

  test('whose only half is at the source leads where it leads, not to a namesake', async () => {
    await admin.post('/api/v1/namespaces/shop/pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'prometheus', labels: { app: 'decoy' } },
      spec: { containers: [{ name: 'c', image: 'c' }] },
    });
    await eventually(() => expect(live.runtime.model.pod('shop', 'prometheus')).toBeDefined());
    const { id } = await live.open(ACROSS);
    const { text } = await promote(id);
    await admin.remove('/api/v1/namespaces/shop/pods/prometheus');
    expect(text).toContain('name: cart-to-monitoring-prometheus');
    expect(text).not.toContain('decoy');
  });

  test('beside another one to the same pods is one policy with two rules', async () => {
    const one = await live.open({ seconds: 600 });
    const backup = { kind: 'Deployment', namespace: 'shop', name: 'backup' };
    const other = await live.open({ source: { type: 'workload', ref: backup }, seconds: 600 });
    const { policies, opens } = await promoteJson(one.id, other.id);
    expect(policies).toMatchObject([
      {
        manifest: { metadata: { name: 'db-from-web-and-backup' } },
        rules: [{ name: 'web' }, { name: 'backup' }],
      },
    ]);
    expect(opens).toHaveLength(2);
  });
});

describe('where files live', () => {
  test('is said by what manages the policies around it', async () => {
    const id = 'shop-app:networking.k8s.io/NetworkPolicy:shop/db-only-api';
    const marks = (value: string | null) => ({
      metadata: { annotations: { 'argocd.argoproj.io/tracking-id': value } },
    });
    await admin.mergePatch(`${POLICIES}/db-only-api`, marks(id));
    const { lines } = await promote(...WEB_TO_DB);
    const { policies } = await promoteJson(...WEB_TO_DB);
    await admin.mergePatch(`${POLICIES}/db-only-api`, marks(null));
    expect(lines[0]).toBe(
      '# NetworkPolicy shop/db-only-api is managed by Argo CD, Application shop-app: it belongs into the source of that Application',
    );
    expect(lines.slice(1).join('\n')).toBe(DB_FROM_WEB);
    expect(policies[0].managers).toEqual([
      { tool: 'Argo CD', kind: 'Application', name: 'shop-app', objects: ['NetworkPolicy shop/db-only-api'] },
    ]);
  });
});

describe('bad input is one sentence and a next step', () => {
  test.each([
    [
      [],
      'What to promote is missing.',
      'Pass ids of grants, or FROM and TO with --port, or --from-flows FILE.',
      2,
    ],
    [['web', 'sts/db'], '--port is missing.', 'Add the port of the destination, such as --port 5432/tcp.', 2],
    [['web', 'db'], 'Grant "web" not found.', 'There are no active grants. For a path, add --port.', 1],
    [['c4mzp2'], 'Grant "c4mzp2" not found.', 'There are no active grants.', 1],
    [['web', '--port', '80'], '--port is for a path, which has two ends, got "web".', 'Pass FROM and TO.', 2],
    [['--port', '80'], '--port is for a path, which has two ends, got none.', 'Pass FROM and TO.', 2],
    [
      ['x', '--from-flows', 'f'],
      '"x" can\'t be used with --from-flows.',
      'Remove it: the paths come from the recording.',
      2,
    ],
    [
      ['--port', '1', '--from-flows', 'f'],
      "--port can't be used with --from-flows.",
      'Remove it: the paths come from the recording.',
      2,
    ],
    [
      ['--from-flows', '/no/file'],
      "Unable to read /no/file: ENOENT: no such file or directory, open '/no/file'.",
      'Check the path, and that the file is complete.',
      2,
    ],
    [
      ['deploy/wep', 'sts/db', '--port', '5432'],
      'Deployment shop/wep has no running pods.',
      'Did you mean',
      1,
    ],
    [
      ['deploy/web', 'sts/db', '--port', 'icmp'],
      '"icmp" is ICMP, which a NetworkPolicy cannot admit.',
      'Use a TCP',
      2,
    ],
  ])('%j', async (args, message, hint, code) => {
    const ran = await promote(...args);
    expect(ran.errors.split('\n').slice(0, 2)).toEqual([
      `sluice: ${message}`,
      expect.stringMatching(new RegExp(`^ {8}${hint.replace(/[.]/g, '\\.')}`)),
    ]);
    expect({ code: ran.code, text: ran.text }).toEqual({ code, text: '' });
  });
});

/** A recording in a file of the test. */
async function recording(name: string, flows: readonly WireFlow[]): Promise<string> {
  const { responseSerialize } = observerService().GetFlows;
  const file = join(folder, name);
  const lines = flows.map((flow) =>
    JSON.stringify(toJsonResponse(decodeResponse(responseSerialize(flowResponse(flow))))),
  );
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

describe('a recording', () => {
  const podOf = (name: string) =>
    live.runtime.model.podsIn('shop').find(({ owner }) => owner?.name === name)?.name ?? '';
  let port = 50_000;
  const denied = (more: WireFlow): WireFlow => {
    port += 1;
    return {
      verdict: 'DROPPED',
      drop_reason_desc: 'POLICY_DENIED',
      event_type: { type: 1, sub_type: 133 },
      traffic_direction: 'INGRESS',
      is_reply: undefined,
      l4: { TCP: { source_port: port, destination_port: 5432, flags: { SYN: true } } },
      source: { namespace: 'shop', pod_name: podOf('web') },
      destination: { namespace: 'shop', pod_name: 'db-0' },
      ...more,
    };
  };

  test('is policies for its denied attempts, each rule with their number', async () => {
    const backup = { namespace: 'shop', pod_name: podOf('backup') };
    const file = await recording('denied.jsonl', [
      denied({}),
      denied({}),
      denied({ source: backup, IP: { source: '10.0.0.9', destination: '10.0.0.2' } }),
      {
        source: { namespace: 'shop', pod_name: podOf('api') },
        destination: { namespace: 'shop', pod_name: 'db-0' },
      },
    ]);
    const { code, lines, errors } = await promote('--from-flows', file);
    expect({ code, lines: lines.slice(0, 3) }).toEqual({
      code: 0,
      lines: [
        '# rule 1, from web on 5432/tcp: 2 recorded attempts denied',
        '# rule 2, from backup on 5432/tcp: 1 recorded attempt denied',
        'apiVersion: networking.k8s.io/v1',
      ],
    });
    expect(lines).toContain('  name: db-from-web-and-backup');
    expect(errors).toContain('shop/backup → shop/db tcp 5432');
  });

  test('names what has no policy and why, and exits 3', async () => {
    const world = (ip: string, more: WireFlow = {}) =>
      denied({
        source: { namespace: 'shop', pod_name: podOf('cart') },
        destination: { labels: ['reserved:world'] },
        IP: { source: '10.0.0.7', destination: ip },
        traffic_direction: 'EGRESS',
        ...more,
      });
    const file = await recording('far.jsonl', [
      world('203.0.113.7'),
      world('198.51.100.7', { destination_names: ['api.example.com'] }),
      denied({ source: { namespace: 'shop', pod_name: 'gone-1' } }),
    ]);
    const { code, text } = await promote('--from-flows', file);
    expect(code).toBe(3);
    expect(text.split('\n').sort()).toEqual([
      '# No policy for 1 attempt cart → 203.0.113.7 5432/tcp: 203.0.113.7 is no pod in the recording, so no lasting label names it. If it keeps its address, name that in sluice promote FROM TO --port PORT.',
      '# No policy for 1 attempt cart → api.example.com 5432/tcp: api.example.com (198.51.100.7) is no pod in the recording, so no lasting label names it. If it keeps its address, name that in sluice promote FROM TO --port PORT.',
      '# No policy for 1 attempt gone-1 → db 5432/tcp: shop/gone-1 has no running pods in this cluster, so its labels are unknown. Record again while it runs, or name its workload in sluice promote FROM TO --port PORT.',
    ]);
    const json = await promoteJson('--from-flows', file);
    expect(json.paths.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      'refused',
      'refused',
      'refused',
    ]);
  });

  test('never takes an address for the pod that has it by now', async () => {
    const ip = live.runtime.model.pod('shop', 'db-0')?.ips[0] ?? '';
    const file = await recording('reused.jsonl', [
      denied({ destination: {}, IP: { source: '10.0.0.7', destination: ip } }),
    ]);
    const { code, text } = await promote('--from-flows', file);
    expect({ code, text }).toEqual({
      code: 3,
      text: expect.stringContaining(`# No policy for 1 attempt web → ${ip}`),
    });
  });

  test('counts what a policy in audit mode would have denied', async () => {
    const file = await recording('audit.jsonl', [denied({ verdict: 'AUDIT', event_type: { type: 5 } })]);
    const { lines } = await promote('--from-flows', file);
    expect(lines[0]).toBe('# rule 1, from web on 5432/tcp: 1 recorded attempt denied');
  });

  test('of another namespace than -n is not asked for', async () => {
    const file = await recording('near.jsonl', [denied({})]);
    const { code, text, errors } = await promote('--from-flows', file, '-n', 'monitoring');
    expect({ code, text, errors }).toEqual({
      code: 0,
      text: '',
      errors: `sluice: No attempt in ${file} was denied in namespace monitoring: no policy is needed.\n`,
    });
  });
});

describe('--kustomize', () => {
  test('writes files and a kustomization, twice with the same result', async () => {
    const dir = join(folder, 'new', 'shop');
    const first = await promote('deploy/cart', 'sts/cache', '--port', '6379', '--kustomize', dir);
    expect(first).toMatchObject({
      code: 0,
      lines: ['cache-from-cart.yaml', 'cart-to-cache.yaml', 'kustomization.yaml'].map(
        (name) => `created    ${join(dir, name)}`,
      ),
    });
    expect(await readFile(join(dir, 'kustomization.yaml'), 'utf8')).toBe(
      'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - cache-from-cart.yaml\n  - cart-to-cache.yaml\n',
    );
    const again = await promoteJson('deploy/cart', 'sts/cache', '--port', '6379', '--kustomize', dir);
    expect(again.written.map(({ how }: { how: string }) => how)).toEqual([
      'unchanged',
      'unchanged',
      'unchanged',
    ]);
  });

  test('adds to a kustomization, and replaces its own file', async () => {
    const dir = await mkdtemp(join(folder, 'old-'));
    const kustomization = '# ours\nnamespace: shop\nresources:\n  - base.yaml # the base\n\nimages: []\n';
    await writeFile(join(dir, 'kustomization.yaml'), kustomization);
    await promote(...WEB_TO_DB, '--kustomize', dir);
    expect(await readFile(join(dir, 'kustomization.yaml'), 'utf8')).toBe(
      '# ours\nnamespace: shop\nresources:\n  - base.yaml # the base\n  - db-from-web.yaml\n\nimages: []\n',
    );
    const file = join(dir, 'db-from-web.yaml');
    const text = await readFile(file, 'utf8');
    expect(text.split('\n').slice(1).join('\n')).toBe(`${DB_FROM_WEB}\n`);
    await writeFile(file, text.replace('5432', '5433'));
    expect((await promote(...WEB_TO_DB, '--kustomize', dir)).lines).toEqual([
      `replaced   ${file}`,
      `unchanged  ${join(dir, 'kustomization.yaml')}`,
    ]);
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  test.each([
    [
      'db-from-web.yaml',
      'kind: NetworkPolicy\n',
      'exists, and is not a file of sluice promote for the same objects.',
    ],
    ['kustomization.yaml', 'resources: {}\n', 'is not a kustomization that resources can be added to.'],
    [
      'kustomization.yaml',
      'namespace: ops\n',
      'puts everything in namespace ops, and db-from-web is for shop.',
    ],
  ])('refuses a %s of somebody else, and then writes nothing', async (name, text, message) => {
    const dir = await mkdtemp(join(folder, 'foreign-'));
    await writeFile(join(dir, name), text);
    const ran = await promote(...WEB_TO_DB, '--kustomize', dir);
    expect(ran).toMatchObject({
      code: 1,
      text: '',
      errors: expect.stringContaining(`${join(dir, name)} ${message}`),
    });
    expect(await readdir(dir)).toEqual([name]);
    expect(await readFile(join(dir, name), 'utf8')).toBe(text);
  });

  test('warns of what kustomize would change', async () => {
    const dir = await mkdtemp(join(folder, 'labels-'));
    await writeFile(join(dir, 'kustomization.yml'), 'commonLabels: { team: a }\n');
    const { errors } = await promote(...WEB_TO_DB, '--kustomize', dir);
    expect(errors).toContain('sets commonLabels, which changes these objects');
  });
});
