import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ManifestFolder, manifestFolder, SHOP } from '../../helpers/manifest-folder.ts';
import { runVerb } from '../../helpers/verb.ts';

let shop: ManifestFolder;
let other: ManifestFolder;
const nobody = { KUBECONFIG: '/no/kubeconfig/here' };

const policy = (name: string, spec: string) =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: ${name}, namespace: shop }\nspec: ${spec}\n`;
const WEB_TOO = policy(
  'web-too',
  '{ podSelector: { matchLabels: { app: db } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: web } } }], ports: [{ port: 5432 }] }] }',
);

beforeAll(async () => {
  shop = await manifestFolder({ 'all.yaml': SHOP });
  other = await manifestFolder({ 'all.yaml': SHOP, 'more/web-too.yaml': WEB_TOO });
  await writeFile(join(shop.path, 'queries.ndjson.txt'), '');
});

afterAll(async () => {
  await shop.dispose();
  await other.dispose();
});

const run = (...args: readonly string[]) => runVerb(args, nobody);

async function runJson(...args: readonly string[]) {
  const { code, text, errors } = await run(...args, '-o', 'json');
  expect(errors).toBe('');
  return { code, value: JSON.parse(text) as Readonly<Record<string, unknown>> };
}

describe('explain without a cluster', () => {
  const path = ['explain', '-n', 'shop', 'deploy/web', 'sts/db', '--port', '5432/tcp'];

  test('prints the verdict, the cause and the near miss; the exit code is the verdict', async () => {
    const { code, text } = await run(...path, '--manifests', shop.path);
    expect(code).toBe(3);
    expect(text).toContain('web → db :5432/tcp   ✗ DENY');
    expect(text).toContain(
      [
        '  NetworkPolicy shop/db-only-api',
        '    rule 1 admits pods app=api · tcp 5432',
        '      misses by peer: web has app=web',
        '      edit: add app=web to rule 1',
      ].join('\n'),
    );
    expect(text).toContain('policies as Kubernetes defines them');
  });

  test('maps a service port to the port of its pods', async () => {
    const { code, text } = await run(
      'explain',
      'shop/deploy/api',
      'shop/svc/db',
      '--port',
      '80',
      '--manifests',
      shop.path,
    );
    expect(code).toBe(0);
    expect(text).toContain('port 80 of svc/db leads to port 5432 of its pods');
  });

  test('evaluates policies as the given enforcer does, with --assume', async () => {
    const block = policy(
      'block',
      '{ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: 0.0.0.0/0 } }] }] }',
    );
    const file = await shop.write('what-if/block.txt', block);
    const args = [...path.slice(0, -2), '--port', '80', '--manifests', shop.path, file];
    const verdictOf = async (...more: readonly string[]) => (await runJson(...args, ...more)).value;
    expect(await verdictOf()).toMatchObject({ verdict: 'allow', enforcer: 'spec' });
    expect(await verdictOf('--assume', 'ipblock-matches-pods=false')).toMatchObject({ verdict: 'deny' });
    expect(await verdictOf('--enforcer', 'cilium')).toMatchObject({ verdict: 'deny', enforcer: 'cilium' });
    expect(await verdictOf('--enforcer', 'cilium', '--assume', 'enable-policy=never')).toMatchObject({
      verdict: 'allow',
    });
  });

  test('prints the verdicts before and after a change; the exit code is the verdict after', async () => {
    const file = await shop.write('what-if/web-too.txt', WEB_TOO);
    const added = await runJson(...path, '--manifests', shop.path, '--with', file);
    expect(added.code).toBe(0);
    expect(added.value).toMatchObject({
      verdict: 'allow',
      change: { add: ['NetworkPolicy shop/web-too'], remove: [] },
      before: { verdict: 'deny' },
      after: { verdict: 'allow', ingress: { summary: expect.stringContaining('web-too') } },
      effect: {
        opens: [{ from: { name: 'web' }, to: { name: 'db' }, ports: { TCP: [[5432, 5432]] }, is: 'allow' }],
        closes: [],
        isolated: [],
        freed: [],
      },
    });
    const removed = await run(...path, '--manifests', shop.path, '--without', 'netpol/shop/db-only-api');
    expect(removed.code).toBe(0);
    expect(removed.text).toMatch(/now\n.*✗ DENY[\s\S]*with\n- NetworkPolicy shop\/db-only-api\n.*✓ ALLOW/);
    expect(removed.text).toMatch(
      /effect on the whole cluster\n {2}opens[\s\S]*non-isolated +shop\/db-0 \(ingress\)/,
    );
    const both = await runJson(...path, '--manifests', other.path, '--without', 'NetworkPolicy/shop/web-too');
    expect(both).toMatchObject({ code: 3, value: { before: { verdict: 'allow' }, verdict: 'deny' } });
  });

  test('reports pods of a workload that differ', async () => {
    const owner =
      'ownerReferences: [{ apiVersion: apps/v1, kind: StatefulSet, name: kv, uid: u, controller: true }]';
    const pod = (name: string, more: string) =>
      `apiVersion: v1\nkind: Pod\nmetadata: { namespace: shop, name: ${name}, labels: { ${more} }, ${owner} }\n---\n`;
    const file = await shop.write(
      'unlike.txt',
      pod('kv-0', 'app: kv, role: leader') +
        pod('kv-1', 'app: kv') +
        policy('lead', '{ podSelector: { matchLabels: { role: leader } } }'),
    );
    const { code, text } = await run(
      'explain',
      'shop/web',
      'shop/sts/kv',
      '--port',
      '1',
      '--manifests',
      shop.path,
      file,
    );
    expect(code).toBe(3);
    expect(text).toContain('web → kv :1/tcp   ✗ DENY in part');
    expect(text).toMatch(/✓ allow +shop\/kv-1 :1\/tcp\n +not isolated/);
    expect(text).toMatch(/✗ deny +shop\/kv-0 :1\/tcp\n +lead admits nothing/);
    expect(text).toContain('why shop/web → shop/kv-0 :1/tcp:');
  });

  test('evaluates a batch line by line, in order, despite invalid lines', async () => {
    const file = await shop.write(
      'queries.txt',
      [
        '{"from":"shop/web","to":"shop/db","port":5432,"protocol":"TCP","id":"first"}',
        'no json',
        '',
        '{"from":"shop/wep","to":"shop/db","port":5432}',
        '{"from":"shop/deploy/api","to":"shop/sts/db","port":5432}',
        '{"from":"203.0.113.7","to":"shop/api","port":"53/udp"}',
        '{"from":"shop/web","to":"shop/db","port":70000}',
      ].join('\n'),
    );
    const { code, lines } = await run('explain', '--batch', file, '--manifests', shop.path);
    expect(code).toBe(1);
    const answers = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    expect(answers).toMatchObject([
      { id: 'first', from: 'shop/web', port: 5432, verdict: 'deny', ingress: { isolated: true } },
      { line: 2, error: { code: 'usage' } },
      { line: 4, from: 'shop/wep', error: { code: 'not-found', hint: expect.stringContaining('shop/web') } },
      { verdict: 'allow', protocol: 'TCP' },
      { verdict: 'allow', protocol: 'UDP' },
      { line: 7, error: { message: expect.stringContaining('70000') } },
    ]);
    expect(answers).toHaveLength(6);
  });

  test('exits 0 after a batch without invalid lines', async () => {
    const file = await shop.write('good.txt', '{"from":"shop/web","to":"shop/db","port":5432}\n');
    expect((await run('explain', '--batch', file, '--manifests', shop.path)).code).toBe(0);
  });
});

describe('a workload of several replicas', () => {
  const HARE = (from: string) => `
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: hare, namespace: bus }
spec: { replicas: 3, template: { metadata: { labels: { app: hare } }, spec: { containers: [{ name: c }] } } }
---
apiVersion: v1
kind: Service
metadata: { name: hare, namespace: bus }
spec: { clusterIP: None, selector: { app: hare }, ports: [{ port: 25672 }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: hare, namespace: bus }
spec:
  podSelector: { matchLabels: { app: hare } }
  ingress: [{ from: [{ podSelector: { matchLabels: { app: ${from} } } }], ports: [{ port: 25672 }] }]
`;
  const CHECK = (kind: string) => `expect: [{ ${kind}: { from: bus/hare, to: bus/hare, port: 25672 } }]`;
  let bus: ManifestFolder;
  beforeAll(async () => {
    bus = await manifestFolder({
      'shut.yaml': HARE('worker'),
      'open.yaml': HARE('hare'),
      'allow.txt': CHECK('allow'),
      'deny.txt': CHECK('deny'),
    });
  });
  afterAll(() => bus.dispose());
  const manifests = (name: string) => ['--manifests', join(bus.path, `${name}.yaml`)];

  test.each([
    ['bus/sts/hare', 'bus/sts/hare'],
    ['bus/hare', 'bus/hare'],
    ['bus/hare-0', 'bus/hare-2'],
  ])('is evaluated from one replica to another: %s → %s', async (from, to) => {
    const ask = ['explain', from, to, '--port', '25672'];
    expect((await run(...ask, ...manifests('shut'))).code).toBe(3);
    expect((await run(...ask, ...manifests('open'))).code).toBe(0);
  });

  test('reaches itself in the matrix, in one line', async () => {
    const rows = async (name: string) =>
      (await run('matrix', ...manifests(name), '-o', 'csv')).lines.filter(
        (line) => !line.includes('outside'),
      );
    expect(await rows('shut')).toEqual(['from,to,verdict,protocol,ports']);
    expect(await rows('open')).toEqual([
      'from,to,verdict,protocol,ports',
      'bus/hare[StatefulSet],bus/hare[StatefulSet],allow,TCP,25672',
    ]);
  });

  test('counts as one workload even if policies treat its pods differently', async () => {
    const one = policy(
      'one',
      '{ podSelector: { matchLabels: { statefulset.kubernetes.io/pod-name: hare-2 } } }',
    );
    const file = await bus.write('one.txt', one.replace('namespace: shop', 'namespace: bus'));
    const { lines } = await run('matrix', ...manifests('open'), file);
    expect(lines.filter((line) => line.startsWith('bus/'))).toEqual([
      'bus/hare[StatefulSet]   outside                 all ports',
      'bus/hare[StatefulSet]   bus/hare[StatefulSet]   tcp 25672',
    ]);
    expect(lines.at(-1)).toMatch(/^1 workload: 1 pair can talk/);
  });

  test('opens to itself in a diff, in one line', async () => {
    const { text } = await run('diff', join(bus.path, 'shut.yaml'), join(bus.path, 'open.yaml'));
    expect(text).toContain(
      'Opens\n  bus/hare[StatefulSet] → bus/hare[StatefulSet]   tcp 25672\n1 policy changed: 1 path opens.',
    );
  });

  test('meets either allow or deny of a check', async () => {
    const code = async (kind: string, name: string) =>
      (await run('check', join(bus.path, `${kind}.txt`), ...manifests(name))).code;
    expect([await code('allow', 'shut'), await code('deny', 'shut')]).toEqual([3, 0]);
    expect([await code('allow', 'open'), await code('deny', 'open')]).toEqual([0, 3]);
  });
});

describe('matrix', () => {
  test('is a table of the pairs that can talk', async () => {
    const { code, lines } = await run('matrix', '--manifests', shop.path);
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^FROM +TO +PORTS$/);
    expect(lines).toContain('shop/api[Deployment]   shop/db[StatefulSet]   tcp 5432');
    expect(lines).toContain('outside                shop/web[Deployment]   all ports');
    expect(lines.filter((line) => line.includes('shop/db[StatefulSet]   tcp'))).toHaveLength(1);
    expect(lines.some((line) => /^outside +shop\/db/.test(line))).toBe(false);
  });

  test('ends with a summary: how many pairs can talk, what is open to the outside, and why some are undecidable', async () => {
    const { lines } = await run('matrix', '--manifests', shop.path);
    expect(lines.at(-1)).toBe(
      '3 workloads: 5 pairs can talk, 2 (shop/api[Deployment], shop/web[Deployment]) can be reached from outside, 3 (shop/api[Deployment], shop/db[StatefulSet], shop/web[Deployment]) can reach outside.',
    );
    const anp = (name: string, action: string) =>
      `apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: { name: ${name} }\nspec: { priority: 5, subject: { namespaces: {} }, ingress: [{ action: ${action}, from: [{ namespaces: {} }] }] }\n`;
    const file = await shop.write('tie.txt', `${anp('one', 'Allow')}---\n${anp('two', 'Deny')}`);
    const tied = await run('matrix', '--manifests', shop.path, file);
    expect(tied.text).toMatch(
      /\n\d+ undecidable \(\?\), because:\n .*one.*two|\n\d+ undecidable \(\?\), because:\n .*priority/,
    );
  });

  test('lists workloads, pods and ranges as JSON', async () => {
    const { value } = await runJson('matrix', '--manifests', shop.path);
    expect(value).toMatchObject({ enforcer: 'spec' });
    expect(value.pairs).toContainEqual({
      from: { kind: 'Deployment', namespace: 'shop', name: 'api', pods: 1 },
      to: { kind: 'StatefulSet', namespace: 'shop', name: 'db', pods: 1 },
      open: { TCP: [[5432, 5432]] },
      undecidable: {},
    });
  });

  test('supports CSV, DOT and the connlist format of netpol-analyzer', async () => {
    const csv = await run('matrix', '--manifests', shop.path, '-o', 'csv');
    expect(csv.lines[0]).toBe('from,to,verdict,protocol,ports');
    expect(csv.lines).toContain('shop/api[Deployment],shop/db[StatefulSet],allow,TCP,5432');
    const dot = await run('matrix', '--manifests', shop.path, '-o', 'dot');
    expect(dot.text).toMatch(
      /^digraph sluice \{[\s\S]*"shop\/api\[Deployment\]" -> "shop\/db\[StatefulSet\]" \[label="tcp 5432"\];[\s\S]*\}$/,
    );
    const connlist = await run('matrix', '--manifests', shop.path, '-o', 'connlist');
    expect(connlist.lines).toContain('shop/api[Deployment] => shop/db[StatefulSet] : TCP 5432');
    expect(connlist.lines).toContain(
      '0.0.0.0-255.255.255.255[External] => shop/web[Deployment] : All Connections',
    );
  });

  test('can be limited to a namespace', async () => {
    const { lines } = await run('matrix', '--manifests', shop.path, '-n', 'elsewhere');
    expect(lines).toEqual(['FROM   TO   PORTS', '', 'No workloads found in elsewhere.']);
  });
});

describe('diff', () => {
  test('prints what opens, and exits 0', async () => {
    const { code, text } = await run('diff', shop.path, other.path);
    expect(code).toBe(0);
    expect(text).toContain('+ NetworkPolicy shop/web-too');
    expect(text).toMatch(
      /Opens\n {2}shop\/web\[Deployment\] → shop\/db\[StatefulSet\] {3}tcp 5432\n1 policy changed: 1 path opens\.$/,
    );
  });

  test('exits 1 with --exit-code if something changes, else 0', async () => {
    expect((await run('diff', shop.path, other.path, '--exit-code')).code).toBe(1);
    const same = await run('diff', shop.path, shop.path, '--exit-code');
    expect(same).toMatchObject({ code: 0, text: 'No changes.' });
  });

  test('reports isolation, removed policies and workloads as JSON', async () => {
    const bare = await manifestFolder({ 'a.yaml': SHOP.slice(0, SHOP.lastIndexOf('---')) });
    const { value } = await runJson('diff', bare.path, shop.path);
    expect(value).toMatchObject({
      changes: true,
      policies: {
        added: [{ kind: 'NetworkPolicy', namespace: 'shop', name: 'db-only-api' }],
        removed: [],
        changed: [],
      },
      isolated: [{ kind: 'StatefulSet', name: 'db', direction: 'ingress' }],
      opens: [],
    });
    expect(value.closes).toContainEqual({
      from: { kind: 'Deployment', namespace: 'shop', name: 'api' },
      to: { kind: 'StatefulSet', namespace: 'shop', name: 'db' },
      ports: {
        TCP: [
          [1, 5431],
          [5433, 65_535],
        ],
        UDP: [[1, 65_535]],
        SCTP: [[1, 65_535]],
      },
    });
    expect(value.closes).toContainEqual({
      from: { outside: ['0.0.0.0-255.255.255.255'] },
      to: { kind: 'StatefulSet', namespace: 'shop', name: 'db' },
      ports: { TCP: [[1, 65_535]], UDP: [[1, 65_535]], SCTP: [[1, 65_535]] },
    });
    const back = await runJson('diff', shop.path, bare.path);
    expect(back.value).toMatchObject({
      freed: [{ name: 'db' }],
      policies: { removed: [{ name: 'db-only-api' }] },
    });
    const nothing = await manifestFolder();
    expect((await runJson('diff', nothing.path, bare.path)).value).toMatchObject({
      workloads: { added: [{ name: 'web' }, { name: 'api' }, { name: 'db' }] },
    });
    await Promise.all([bare.dispose(), nothing.dispose()]);
  });

  test('lists the paths of new workloads, with common ends grouped on one line', async () => {
    const pod = (name: string) =>
      `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, namespace: shop, labels: { app: api } }\n`;
    const file = await shop.write('new.txt', `${SHOP}---\n${pod('job')}`);
    const { text } = await run('diff', shop.path, file);
    expect(text).toContain(
      [
        'Paths of new workloads',
        '  outside, shop/api[Deployment], shop/db[StatefulSet], shop/web[Deployment] → shop/job[Pod]   all ports',
        '  shop/job[Pod] → outside, shop/api[Deployment], shop/web[Deployment]   all ports',
      ].join('\n'),
    );
    expect(text).toContain('  shop/job[Pod] → shop/db[StatefulSet]   tcp 5432\n');
    expect((await runJson('diff', shop.path, file)).value.new).toHaveLength(8);
  });

  test('prints Markdown for a pull request', async () => {
    const { text } = await run('diff', shop.path, other.path, '-o', 'markdown');
    expect(text).toMatch(/^\*\*1 policy changed: 1 path opens\.\*\*/);
    expect(text).toContain('#### Opens (1)\n\n- `shop/web[Deployment] → shop/db[StatefulSet]   tcp 5432`');
  });
});

describe('a rule for IPv6 addresses', () => {
  const db = (status: string) =>
    `apiVersion: v1\nkind: Pod\nmetadata: { name: db, namespace: shop, labels: { app: db } }\nstatus: ${status}\n---\n`;
  const rule = (ingress: string) =>
    policy('db', `{ podSelector: { matchLabels: { app: db } }, ingress: ${ingress} }`);
  const SHUT = rule('[]');
  const SIX = rule('[{ from: [{ ipBlock: { cidr: 2001:db8::/32 } }], ports: [{ port: 5432 }] }]');
  const ranges = ['2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'];
  const ports = { TCP: [[5432, 5432]] };

  test.each([
    ['a pod with only an IPv4 address', '{ podIPs: [{ ip: 10.0.0.1 }] }', []],
    ['a pod with addresses of both families', '{ podIPs: [{ ip: 10.0.0.1 }, { ip: "fd00::1" }] }', ranges],
    ['a pod without an address', '{}', ranges],
  ])('opens %s the same in a diff and in explain --with', async (_, status, opened) => {
    const folder = await manifestFolder({
      'old.yaml': db(status) + SHUT,
      'new.yaml': db(status) + SIX,
      'six.txt': SIX,
    });
    const [old, now, six] = ['old.yaml', 'new.yaml', 'six.txt'].map((name) => join(folder.path, name));
    const diff = await runJson('diff', old ?? '', now ?? '');
    const path = ['10.0.0.9', 'shop/db', '--port', '5432'];
    const explained = await runJson('explain', ...path, '--manifests', old ?? '', '--with', six ?? '');
    const told = opened.length === 0 ? [] : [opened];
    expect(diff.value.opens).toMatchObject(told.map((outside) => ({ from: { outside }, ports })));
    expect(explained.value).toMatchObject({
      effect: { opens: told.map((list) => ({ from: { ranges: list }, ports })) },
    });
    const lines = (await run('matrix', '--manifests', now ?? '', '-o', 'csv')).lines;
    expect(lines.filter((line) => line.startsWith('2001:'))).toHaveLength(told.length);
    await folder.dispose();
  });
});

describe('lint', () => {
  const typo = policy('typo', '{ podSelector: { matchLabels: { app: dbb } } }');

  test('prints each mistake with a fix; fails only with --strict', async () => {
    const file = await shop.write('typo.txt', `# a comment\n\n${typo}`);
    const { code, text } = await run('lint', '--manifests', shop.path, file);
    expect(code).toBe(0);
    expect(text).toMatch(/NetworkPolicy shop\/typo +selects-nothing +\S+typo\.txt:3\n +\S.*\n +\S/);
    expect((await run('lint', '--manifests', shop.path, file, '--strict')).code).toBe(3);
    const clean = await run('lint', '--manifests', shop.path, '--strict');
    expect(clean).toMatchObject({ code: 0, text: 'No mistakes found in 1 policy.' });
  });

  test('prints SARIF at the line of the policy', async () => {
    const file = await shop.write('typo.txt', `---\n${typo}`);
    const { text } = await run('lint', '--manifests', shop.path, file, '-o', 'sarif');
    const sarif = JSON.parse(text) as {
      readonly version: string;
      readonly runs: readonly { readonly results: readonly unknown[]; readonly tool: unknown }[];
    };
    expect(sarif.version).toBe('2.1.0');
    expect(sarif.runs[0]?.results).toContainEqual(
      expect.objectContaining({
        ruleId: 'selects-nothing',
        locations: [
          expect.objectContaining({
            physicalLocation: { artifactLocation: { uri: `file://${file}` }, region: { startLine: 2 } },
          }),
        ],
      }),
    );
  });
});

describe('a policy that the API server would reject', () => {
  const bad = policy('bad', '{ podSelector: { matchLabels: { app: db } }, ingres: [], ingress: [{}] }');
  const says = 'spec.ingres: unknown field; known fields: podSelector, policyTypes, ingress, egress';

  test('is reported by lint once, as an error at its line', async () => {
    const file = await shop.write('bad.txt', `# first\n${bad}`);
    const { code, text } = await run('lint', '--manifests', shop.path, file, '--strict');
    expect(code).toBe(3);
    expect(text).toMatch(/^error +NetworkPolicy shop\/bad +refused +\S+bad\.txt:2\n/);
    expect(text).toContain(`The API server would reject it: ${says}.`);
    const ignored = await run('lint', '--manifests', shop.path, file, '--strict', '--ignore', 'refused');
    expect(ignored.text).not.toContain('refused');
  });

  test('fails every check', async () => {
    const file = await shop.write('bad.txt', bad);
    const expectations = await shop.write(
      'met.txt',
      'expect: [{ allow: { from: shop/api, to: shop/db, port: 5432 } }]',
    );
    const ask = (...more: readonly string[]) =>
      run('check', expectations, '--manifests', shop.path, file, ...more);
    const { code, text } = await ask();
    expect(code).toBe(3);
    expect(text).toContain(`✗ violated     NetworkPolicy shop/bad is accepted   ${file}:1`);
    expect(text).toMatch(/1 met, 1 violated, 0 undecidable$/);
    expect((await ask('-o', 'junit')).text).toContain('tests="2" failures="1"');
    expect(JSON.parse((await ask('-o', 'json')).text)).toMatchObject({
      refused: [{ kind: 'NetworkPolicy', name: 'bad', by: 'the API server', problems: [says] }],
    });
  });

  test('comes first in a diff', async () => {
    const file = await shop.write('bad.txt', bad);
    expect((await run('diff', shop.path, file, '-o', 'markdown')).text).toMatch(
      /\n#### Would be rejected \(1\)\n\n- `the API server would reject NetworkPolicy shop\/bad: spec.ingres: unknown field/,
    );
  });
});

describe('lint', () => {
  test('lists its rules with their sources', async () => {
    const { code, text } = await run('lint', '--rules');
    expect(code).toBe(0);
    expect(text).toMatch(/^error +refused +the API server would reject the policy$/m);
    expect(text).toMatch(/^warning +one-dash .*\n +Kubernetes docs/m);
    expect(JSON.parse((await run('lint', '--rules', '-o', 'json')).text)).toMatchObject({
      rules: expect.arrayContaining([expect.objectContaining({ id: 'no-dns', severity: 'warning' })]),
    });
  });
  test('rejects an unknown lint', async () => {
    const { code, errors } = await run('lint', '--manifests', shop.path, '--ignore', 'nodns');
    expect(code).toBe(2);
    expect(errors).toBe('sluice: Unknown lint "nodns".\n        Did you mean no-dns?\n');
  });
});
