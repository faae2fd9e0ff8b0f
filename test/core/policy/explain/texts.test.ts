import { expect, test } from 'vitest';
import { dialectOf } from '../../../../src/core/policy/enforcers/enforcers.ts';
import { explainText } from '../../../../src/core/policy/explain/explain-text.ts';
import { parseNetworkPolicy } from '../../../../src/core/policy/kinds/network-policy.ts';
import { namespace, networkPolicy, node, pod } from '../../../helpers/builders.ts';
import { asker } from '../questions.ts';

const web = pod({
  name: 'web-7d9f-x2x',
  labels: { app: 'web' },
  owner: { kind: 'Deployment', namespace: 'shop', name: 'web' },
});
const api = pod({ name: 'api' });
const plain = pod({ name: 'plain', labels: {} });
const mon = pod({ name: 'mon', namespace: 'ops' });
const db = pod({ name: 'db' });
const pods = [web, api, plain, mon, db];

const select = (app: string) => ({ podSelector: { matchLabels: { app } } });
const defaultDeny = networkPolicy({
  name: 'default-deny',
  spec: { podSelector: {}, policyTypes: ['Ingress'] },
});
const onDb = (name: string, ...ingress: readonly unknown[]) =>
  networkPolicy({ name, spec: { ...select('db'), policyTypes: ['Ingress'], ingress } });
const dbOnlyApi = onDb('db-only-api', { from: [select('api')], ports: [{ port: 5432 }] });

const summary = (
  from: typeof web | string,
  policies: readonly ReturnType<typeof networkPolicy>[],
  port = 5432,
) =>
  asker({ pods, policies, namespaces: [namespace({ name: 'ops', labels: { team: 'blue' } })] }).ask(
    from,
    db,
    port,
  ).ingress.summary;

test('an open half says not isolated, or who admits', () => {
  expect(summary(web, [])).toBe('not isolated');
  expect(summary(api, [dbOnlyApi])).toBe('db-only-api admits app=api');
  expect(summary(web, [onDb('open', {})])).toBe('open admits anything');
});

test('a denied half names the nearest miss first', () => {
  expect(summary(web, [defaultDeny])).toBe('default-deny admits nothing');
  expect(summary(web, [defaultDeny, dbOnlyApi])).toBe('db-only-api admits app=api, not app=web');
  expect(summary(plain, [dbOnlyApi])).toBe('db-only-api admits app=api, not plain (no app)');
  expect(summary('203.0.113.9', [dbOnlyApi])).toBe('db-only-api admits app=api, not 203.0.113.9');
  expect(summary(mon, [onDb('from-mon', { from: [select('mon')] })])).toBe(
    'from-mon admits app=mon, not in ops',
  );
  const apiFromWeb = onDb('api-from-web', { from: [select('web')], ports: [{ port: 8080 }] });
  expect(summary(web, [defaultDeny, dbOnlyApi, apiFromWeb])).toBe('api-from-web admits app=web, but on 8080');
  expect(summary(web, [onDb('dns', { from: [select('web')], ports: [{ protocol: 'UDP', port: 53 }] })])).toBe(
    'dns admits app=web, but on udp 53',
  );
});

test('CIL-11: a node in a range that does not match it is told as a node', () => {
  const control = node({ name: 'cp-1', ips: ['172.18.0.2'] });
  const api = networkPolicy({
    name: 'api',
    spec: {
      ...select('web'),
      policyTypes: ['Egress'],
      egress: [{ to: [{ ipBlock: { cidr: '172.18.0.2/32' } }] }],
    },
  });
  const { ask } = asker({ pods, nodes: [control], policies: [api], dialect: dialectOf('cilium') });
  const { nearMisses, cannotOpen } = ask(web, '172.18.0.2', 6443).egress;
  expect(nearMisses[0]?.because).toBe('172.18.0.2 is a node, and cilium matches no node by its address');
  expect(cannotOpen.join()).toContain('A CiliumNetworkPolicy with its entity (kube-apiserver');
  expect(ask(web, '203.0.113.9', 6443).egress.nearMisses[0]?.because).toBe('203.0.113.9 is not in its range');
});

test('peers are said as short as they can be', () => {
  const blue = { namespaceSelector: { matchLabels: { team: 'blue' } } };
  const admits = (...from: readonly unknown[]) => summary(web, [onDb('p', { from })]);
  expect(admits(blue)).toBe('p admits all pods in namespaces team=blue, not in shop');
  expect(admits({ ...blue, ...select('mon') })).toBe('p admits app=mon in namespaces team=blue, not app=web');
  expect(admits({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ops' } } })).toBe(
    'p admits all pods in ops, not in shop',
  );
  expect(admits({ ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.8/29'] } })).toBe(
    'p admits 203.0.113.0/24 except 203.0.113.8/29, not web',
  );
  expect(admits(select('a'), select('b'), select('c'))).toBe(
    'p admits app=a or app=b or 1 more, not app=web',
  );
});

test('deciders and near misses carry policy, rule and words', () => {
  const { ask } = asker({ pods, policies: [defaultDeny, dbOnlyApi] });
  expect(ask(api, db, 5432).ingress.deciders).toEqual([
    {
      kind: 'NetworkPolicy',
      namespace: 'shop',
      name: 'db-only-api',
      direction: 'ingress',
      ruleIndex: 0,
      action: 'allow',
      tier: 'normal',
      text: 'rule 1 admits pods app=api · tcp 5432',
    },
  ]);
  const { deciders, nearMisses } = ask(web, db, 5432).ingress;
  expect(deciders.map(({ name, action, text }) => [name, action, text])).toEqual([
    ['db-only-api', 'isolate', 'its rule admits other traffic'],
    ['default-deny', 'isolate', 'admits nothing'],
  ]);
  expect(nearMisses).toEqual([
    {
      kind: 'NetworkPolicy',
      namespace: 'shop',
      name: 'db-only-api',
      direction: 'ingress',
      ruleIndex: 0,
      why: 'peer',
      text: 'admits app=api, not app=web',
      admits: 'pods app=api · tcp 5432',
      because: 'web has app=web',
      edit: {
        type: 'add-peer',
        part: 0,
        direction: 'ingress',
        index: 0,
        peer: {
          type: 'pods',
          namespaces: { by: 'name', name: 'shop' },
          pods: [{ key: 'app', operator: 'In', values: ['web'] }],
        },
        text: 'add app=web to rule 1',
        patch: [
          {
            op: 'add',
            path: '/spec/ingress/0/from/-',
            value: { podSelector: { matchLabels: { app: 'web' } } },
          },
        ],
      },
    },
  ]);
});

test('the explanation names each policy, its nearest rules, and the smallest edit', () => {
  const { ask } = asker({ pods, policies: [defaultDeny, dbOnlyApi] });
  expect(explainText(ask(web, db, 5432), { from: 'web', to: 'db' })).toEqual([
    'egress of web      ✓ allow       not isolated: no policy selects web for egress',
    'ingress of db      ✗ deny        isolated by db-only-api, default-deny',
    '  NetworkPolicy shop/db-only-api',
    '    rule 1 admits pods app=api · tcp 5432',
    '      misses by peer: web has app=web',
    '      edit: add app=web to rule 1',
    '  NetworkPolicy shop/default-deny',
    '    admits nothing',
    'assuming           policies as Kubernetes defines them, every kind enforced',
  ]);
  expect(explainText(ask(api, db, 5432), { from: 'api', to: 'db' }).slice(1, 4)).toEqual([
    'ingress of db      ✓ allow       admitted by db-only-api',
    '  NetworkPolicy shop/db-only-api',
    '    rule 1 admits pods app=api · tcp 5432',
  ]);
});

test('an edit that two rules of a policy share is said once', () => {
  const two = onDb(
    'two',
    { from: [select('api')], ports: [{ port: 1 }] },
    { from: [select('plain')], ports: [{ port: 2 }] },
  );
  const lines = explainText(asker({ pods, policies: [two] }).ask(web, db, 5432), { from: 'web', to: 'db' });
  expect(lines.filter((line) => line.includes('edit:'))).toEqual([
    '      edit: add a rule for app=web on tcp 5432',
  ]);
});

test('who manages a policy stands beside it, by the best mark that there is', () => {
  const metadata = (more: object) => ({ name: 'p', namespace: 'shop', ...more });
  const titleOf = (more: object) => {
    const spec = { podSelector: {}, policyTypes: ['Ingress'] };
    const policy = parseNetworkPolicy({ kind: 'NetworkPolicy', metadata: metadata(more), spec });
    return explainText(asker({ pods, policies: [policy] }).ask(web, db), { from: 'web', to: 'db' })[2];
  };
  const fields = (manager: string, time: string, more = {}) => ({
    manager,
    time,
    fieldsV1: { 'f:spec': {} },
    ...more,
  });
  const helm = { annotations: { 'meta.helm.sh/release-name': 'shop' } };
  const owner = {
    ownerReferences: [
      { kind: 'Tenant', name: 'a' },
      { kind: 'App', name: 'b', controller: true },
    ],
  };
  const written = {
    managedFields: [
      fields('kyverno', '2026-01-02T00:00:00Z'),
      fields('terraform', '2026-03-04T00:00:00Z'),
      fields('status-writer', '2026-05-06T00:00:00Z', { subresource: 'status' }),
    ],
  };
  expect(titleOf({ ...helm, ...owner, ...written })).toBe(
    '  NetworkPolicy shop/p · managed by Helm release shop',
  );
  expect(titleOf({ ...owner, ...written })).toBe('  NetworkPolicy shop/p · owned by App b');
  expect(titleOf(written)).toBe('  NetworkPolicy shop/p · last written by terraform');
  const byHand = { managedFields: [fields('kubectl-client-side-apply', '2026-01-02T00:00:00Z')] };
  expect(titleOf(byHand)).toBe('  NetworkPolicy shop/p');
});

test('no line is wider than 80 columns, but for a word that is', () => {
  const long = onDb('a-policy-with-a-rather-long-name-that-somebody-chose', {
    from: [select('an-application-with-a-long-name'), select('another-application-with-a-long-name')],
  });
  const lines = explainText(asker({ pods, policies: [long, defaultDeny] }).ask(web, db), {
    from: 'a-source-with-a-long-name',
    to: 'a-destination-with-a-long-name',
  });
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines.join('\n')).toContain('a-policy-with-a-rather-long-name-that-somebody-chose');
});
