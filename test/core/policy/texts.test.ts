import { expect, test } from 'vitest';
import { explainText } from '../../../src/core/policy/explain.ts';
import { namespace, networkPolicy, pod } from '../../helpers/builders.ts';
import { asker } from './questions.ts';

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

test('peers are said as short as they can be', () => {
  const blue = { namespaceSelector: { matchLabels: { team: 'blue' } } };
  const admits = (...from: readonly unknown[]) => summary(web, [onDb('p', { from })]);
  expect(admits(blue)).toBe('p admits all pods of namespaces team=blue, not in shop');
  expect(admits({ ...blue, ...select('mon') })).toBe('p admits app=mon in namespaces team=blue, not app=web');
  expect(admits({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ops' } } })).toBe(
    'p admits all pods of ops, not in shop',
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
    ['db-only-api', 'isolate', 'its rule admits others'],
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
      },
    },
  ]);
});

test('the explanation reads like the screen', () => {
  const { ask } = asker({ pods, policies: [defaultDeny, dbOnlyApi] });
  expect(explainText(ask(web, db, 5432), { from: 'web', to: 'db' })).toEqual([
    'egress of web      ✓ allow      not isolated: no policy selects web for egress',
    'ingress of db      ✗ deny       isolated by db-only-api, default-deny',
    '  db-only-api   rule 1  admits  pods app=api · tcp 5432  ← misses by peer: web has app=web',
    '  default-deny          admits  nothing',
    'assuming           policies as the Kubernetes text has them, every kind enforced',
  ]);
  expect(explainText(ask(api, db, 5432), { from: 'api', to: 'db' }).slice(1, 3)).toEqual([
    'ingress of db      ✓ allow      admitted by db-only-api',
    '  db-only-api  rule 1  admits  pods app=api · tcp 5432',
  ]);
});
