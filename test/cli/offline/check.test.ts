import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { worldOf } from '../../../src/cli/connect/world.ts';
import { FIELDS, readExpectations } from '../../../src/cli/verbs/check-expectations.ts';
import { judgeExpectations } from '../../../src/cli/verbs/check-judge.ts';
import { dialectOf } from '../../../src/core/policy/enforcers/enforcers.ts';
import { manifestEvents } from '../../../src/core/policy/kinds/read-manifests.ts';
import { readYaml } from '../../../src/core/yaml/read.ts';
import { type ManifestFolder, manifestFolder, SHOP } from '../../helpers/manifest-folder.ts';
import { runVerb } from '../../helpers/verb.ts';

const documents = readYaml(SHOP).map(({ value }) => value);

/** The results of expectations. */
function check(text: string, more: readonly unknown[] = []) {
  const { model, engine } = worldOf(
    { events: manifestEvents([...documents, ...more]), foreign: [] },
    dialectOf('spec'),
  );
  const { expectations, namespace } = readExpectations({ name: 'e.yaml', text });
  return judgeExpectations({ model, engine }, expectations, namespace ?? 'shop');
}

const resultOf = (item: string) => check(`expect: [ ${item} ]`)[0]?.result;

describe('an expectation', () => {
  test.each([
    ['allow: { from: api, to: db, port: 5432 }', 'met'],
    ['allow: { from: deploy/api, to: shop/sts/db, port: 5432/tcp }', 'met'],
    ['allow: { from: deploy/api, to: svc/db, port: 80 }', 'met'],
    ['allow: { from: deploy/api, to: svc/db, port: 81 }', 'violated'],
    ['allow: { from: api, to: db, port: [5432, 5433] }', 'violated'],
    ['allow: { from: api, to: db, port: 5432/udp }', 'violated'],
    ['allow: { from: [api, web], to: db, port: 5432 }', 'violated'],
    ['allow: { from: outside, to: web, port: 8000-8100 }', 'met'],
    ['allow: { from: 203.0.113.0/24, to: db, port: 5432 }', 'violated'],
    ['deny: { from: web, to: db }', 'met'],
    ['deny: { from: "*/w?b", to: "sh*/sts/*", port: 5432 }', 'met'],
    ['deny: { from: "*", to: db, port: 5432 }', 'violated'],
    ['deny: { from: outside, to: db }', 'met'],
    ['deny: { from: world, to: db }', 'met'],
    ['onlyTo: { from: web, to: [api, world] }', 'met'],
    ['deny: { from: api, to: db, port: 5433 }', 'met'],
    ['deny: { from: wbe, to: db }', 'violated'],
    ['only: { from: api, to: db }', 'met'],
    ['only: { from: web, to: db }', 'violated'],
    ['only: { from: gone, to: db, port: 1 }', 'met'],
    ['only: { from: api, to: web }', 'violated'],
    ['onlyTo: { from: web, to: [api, outside] }', 'met'],
    ['onlyTo: { from: web, to: [api] }', 'violated'],
    ['onlyTo: { from: web, to: [api, 0.0.0.0/1] }', 'violated'],
  ])('%s is %s', (item, result) => expect(resultOf(`{ ${item} }`)).toBe(result));

  test.each([
    // The own node always gets in; another one is not among those that db admits.
    ['allow: { from: host, to: db, port: 5432 }', 'met'],
    ['deny: { from: host, to: db, port: 5432 }', 'violated'],
    ['deny: { from: remote-node, to: db, port: 5432 }', 'met'],
    ['deny: { from: node/b, to: db, port: 5432 }', 'met'],
    ['deny: { from: node/zz, to: db, port: 5432 }', 'violated'],
    ['deny: { from: kube-apiserver, to: db, port: 5432 }', 'violated'],
    ['allow: { from: "api[Deployment]", to: "shop/db[StatefulSet]", port: 5432 }', 'met'],
    ['deny: { from: "api[ReplicaSet]", to: db, port: 5432 }', 'violated'],
  ])('of nodes, entities and printed names: %s is %s (ENF-31)', (item, result) => {
    const nodes = ['a', 'b'].map((name, at) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name },
      status: { addresses: [{ type: 'InternalIP', address: `192.168.0.${at + 1}` }] },
    }));
    expect(check(`expect: [ { ${item} } ]`, nodes)[0]?.result).toBe(result);
  });

  test('about clients behind a load balancer is undecidable where a node may hide them (ENF-30)', () => {
    const load = (externalTrafficPolicy: string) => [
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'edge', namespace: 'lb', labels: { app: 'edge' } },
        status: { phase: 'Running', podIPs: [{ ip: '10.9.0.1' }] },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'edge', namespace: 'lb' },
        spec: {
          type: 'LoadBalancer',
          externalTrafficPolicy,
          selector: { app: 'edge' },
          ports: [{ port: 80 }],
        },
      },
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'office', namespace: 'lb' },
        spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '198.51.100.0/24' } }] }] },
      },
    ];
    const result = (policy: string, to: string) =>
      check(`expect: [ { allow: { from: 198.51.100.0/24, to: ${to}, port: 80 } } ]`, load(policy))[0]?.result;
    expect(result('Cluster', 'lb/svc/edge')).toBe('undecidable');
    expect(result('Local', 'lb/svc/edge')).toBe('met');
    expect(result('Cluster', 'lb/edge')).toBe('met');
  });

  test('that matches nothing proves nothing, and names the nearest', () => {
    const [result] = check('expect: [ { deny: { from: wbe, to: db } } ]');
    expect(result?.unmatched).toEqual([expect.stringMatching(/nothing matches wbe \(nearest: .*shop\/web/)]);
  });

  test('reports the wrong ports, and why', () => {
    const [result] = check('expect: [ { allow: { from: web, to: db, port: [5432, 80/udp] } } ]');
    expect(result?.findings).toMatchObject([
      {
        from: 'shop/web[Deployment]',
        to: 'shop/db[StatefulSet]',
        ports: { TCP: [[5432, 5432]], UDP: [[80, 80]], SCTP: [] },
        is: 'deny',
        why: 'ingress: db-only-api admits app=api, not app=web',
      },
    ]);
  });

  test('only ignores host-network pods on the same node', () => {
    const pod = (name: string, spec: object) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'shop', labels: { app: name.replace(/\d/, '') } },
      spec,
      status: { phase: 'Running', podIP: name === 'db2' ? '10.0.0.2' : '192.168.0.1' },
    });
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n1' },
      status: { addresses: [{ type: 'InternalIP', address: '192.168.0.1' }] },
    };
    const world = [node, pod('proxy', { nodeName: 'n1', hostNetwork: true }), pod('db2', { nodeName: 'n1' })];
    expect(check('expect: [ { only: { from: api, to: db2 } } ]', world)[0]).toMatchObject({ result: 'met' });
    expect(check('expect: [ { deny: { from: proxy, to: db2 } } ]', world)[0]).toMatchObject({
      result: 'undecidable',
    });
  });

  test('deny and only ignore addresses of a family that the pod does not have', () => {
    const pod = (ips: readonly string[]) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'old', namespace: 'shop', labels: { app: 'old' } },
      status: { podIPs: ips.map((ip) => ({ ip })) },
    });
    const six = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'old', namespace: 'shop' },
      spec: {
        podSelector: { matchLabels: { app: 'old' } },
        ingress: [{ from: [{ ipBlock: { cidr: '2001:db8::/32' } }] }],
      },
    };
    const asked =
      'expect: [ { deny: { from: "2001:db8::/32", to: old } }, { only: { from: "*", to: old } } ]';
    const results = (ips: readonly string[]) => check(asked, [pod(ips), six]).map(({ result }) => result);
    expect(results(['10.0.0.1'])).toEqual(['met', 'met']);
    expect(results(['10.0.0.1', 'fd00::1'])).toEqual(['violated', 'violated']);
    expect(results([])).toEqual(['violated', 'violated']);
  });

  test('is undecidable if the manifests lack the information', () => {
    const byAddress = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'by-address', namespace: 'shop' },
      spec: {
        podSelector: { matchLabels: { app: 'web' } },
        ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }],
      },
    };
    expect(check('expect: [ { allow: { from: api, to: web, port: 1 } } ]', [byAddress])[0]?.result).toBe(
      'undecidable',
    );
  });
});

describe('an invalid file of expectations', () => {
  test.each([
    ['expect: 3', 1, 'expect must be a list'],
    ['expect: []', 1, 'expect must not be empty'],
    ['{}', 1, 'expect is missing'],
    ['expect:\n  - deny: { from: a, to: b }\n  - alow: {}\n', 3, 'expect[1].alow is an unknown field'],
    ['expect:\n  - name: x\n', 2, 'expect[0] must have one of allow, deny, only, onlyTo'],
    ['expect:\n  - allow: { from: a, to: b }\n', 2, 'expect[0].allow.port is missing'],
    ['expect:\n  - deny:\n      from: a\n', 2, 'expect[0].deny.to is missing'],
    ['expect:\n  - deny:\n      from: a\n      to: 7\n', 4, 'expect[0].deny.to must be an end'],
    [
      'expect:\n  - deny:\n      from: a\n      to: b\n      port: 70000\n',
      5,
      'must be a port from 1 to 65535',
    ],
    ['expect:\n  - deny: { from: a, to: b\n', 3, ''],
    ['- a\n', 1, 'the file must be an object'],
  ])('%j is reported with line %i', (text, line, what) => {
    const read = () => readExpectations({ name: 'e.yaml', text });
    expect(read).toThrow(`e.yaml, line ${line}: `);
    expect(read).toThrow(what);
  });
});

describe('sluice check', () => {
  let folder: ManifestFolder;
  beforeAll(async () => {
    folder = await manifestFolder({
      'shop/all.yaml': SHOP,
      'good.yaml': 'namespace: shop\nexpect:\n  - only: { from: api, to: db }\n',
      'bad.yaml':
        'namespace: shop\nexpect:\n  - { name: "a < b & \\"c\\"", deny: { from: api, to: db } }\n  - only: { from: api, to: db }\n',
    });
  });
  afterAll(() => folder.dispose());

  const run = (...args: readonly string[]) =>
    runVerb(['check', ...args, '--manifests', `${folder.path}/shop`], { KUBECONFIG: '/no/kubeconfig' });

  test('exits 0 when everything is met, 3 when something is violated', async () => {
    const good = await run(`${folder.path}/good.yaml`);
    expect(good.code).toBe(0);
    expect(good.text).toContain('1 met, 0 violated, 0 undecidable');
    const bad = await run(`${folder.path}/bad.yaml`);
    expect(bad.code).toBe(3);
    expect(bad.text).toContain('shop/api[Deployment] → shop/db[StatefulSet] tcp 5432 is open');
  });

  test('writes escaped JUnit XML', async () => {
    const { text, code } = await run(`${folder.path}/bad.yaml`, '-o', 'junit');
    expect(code).toBe(3);
    expect(text).toContain('<testsuites name="sluice check" tests="2" failures="1" errors="0">');
    expect(text).toContain('<testcase name="a &lt; b &amp; &quot;c&quot;" classname="deny"');
    expect(text).toMatch(/<failure message="shop\/api\[Deployment\] → /);
  });

  test('writes JSON', async () => {
    const { text } = await run(`${folder.path}/bad.yaml`, '-o', 'json');
    expect(JSON.parse(text)).toMatchObject({
      expectations: [
        { line: 3, result: 'violated', findings: [{ is: 'allow', ports: { TCP: [[5432, 5432]] } }] },
        { line: 4, result: 'met', findings: [] },
      ],
    });
  });

  test('prints a schema with exactly the fields that it reads', async () => {
    const { text, code } = await run('--schema');
    const schema = JSON.parse(text) as {
      readonly properties: object;
      readonly $defs: Readonly<Record<'expectation' | 'path', { readonly properties: object }>>;
    };
    expect(code).toBe(0);
    expect(Object.keys(schema.properties)).toEqual(FIELDS.file);
    expect(Object.keys(schema.$defs.expectation.properties)).toEqual(FIELDS.expectation);
    expect(Object.keys(schema.$defs.path.properties)).toEqual(FIELDS.path);
  });
});
