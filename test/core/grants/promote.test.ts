import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EndRef, keyOf, type Pod, type PortSpec } from '../../../src/core/cluster/objects.ts';
import { type PromotedPath, type Promotion, promote } from '../../../src/core/grants/promote.ts';
import { promotedText } from '../../../src/core/grants/promoted-text.ts';
import { createEngine, type Engine } from '../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../src/core/policy/enforcers/enforcers.ts';
import { parseNetworkPolicy } from '../../../src/core/policy/kinds/network-policy.ts';
import { holdsPort } from '../../../src/core/policy/model/connections.ts';
import type { Policy } from '../../../src/core/policy/model/policy.ts';
import { pathChangeText } from '../../../src/core/policy/reach/collect.ts';
import { podsOfGroup } from '../../../src/core/policy/reach/end-groups.ts';
import { cluster, networkPolicy, pod, service } from '../../helpers/builders.ts';

const owner = (kind: string, name: string, namespace = 'shop') => ({ kind, namespace, name });
const of = (name: string, labels: Pod['labels'] = { app: name }, namespace = 'shop') =>
  pod({ name: `${name}-1`, namespace, labels, owner: owner('Deployment', name, namespace) });
const end = (name: string, namespace = 'shop'): EndRef => ({
  type: 'workload',
  ref: owner('Deployment', name, namespace),
});
const tcp = (port: number): PortSpec => ({ port, protocol: 'TCP' });
const path = (from: EndRef, to: EndRef, ports = [tcp(5432)], attempts?: number): PromotedPath => ({
  source: from,
  destination: to,
  ports,
  ...(attempts === undefined ? {} : { attempts }),
});

const deny = networkPolicy({ name: 'default-deny', spec: { podSelector: {}, policyTypes: ['Ingress'] } });
const shut = networkPolicy({
  name: 'web-shut',
  spec: {
    podSelector: { matchLabels: { app: 'web' } },
    policyTypes: ['Egress'],
    egress: [{ ports: [{ port: 53, protocol: 'UDP' }] }],
  },
});
const PODS = [of('web'), of('api'), of('cart'), of('db'), of('cache')];

function promoted(
  paths: readonly PromotedPath[],
  policies: readonly Policy[] = [deny],
  pods: readonly Pod[] = PODS,
): Promotion {
  const model = cluster({ pods, policies, services: [service()] });
  return promote({ model, engine: createEngine(model, dialectOf('spec')), paths, workloads: [] });
}

test('a policy that is not evaluated is noted, and leaves the path undecidable', () => {
  const model = cluster({ pods: PODS, policies: [deny], services: [service()] });
  const engine = createEngine(model, dialectOf('spec'));
  engine.setForeign([{ kind: 'Calico GlobalNetworkPolicy', name: 'all' }]);
  const made = promote({ model, engine, paths: [path(end('web'), end('db'))], workloads: [] });
  expect(names(made)).toEqual(['shop/db-from-web']);
  expect(made.paths).toMatchObject([{ outcome: 'needed', before: 'undecidable', after: 'undecidable' }]);
  expect(made.warnings).toContain('Calico GlobalNetworkPolicy all is not evaluated');
});

const names = ({ policies }: Promotion) => policies.map(({ manifest }) => keyOf(manifest.metadata));
const text = ({ policies, paths }: Promotion) =>
  promotedText(
    policies.map((policy) => ({ ...policy, managers: [] })),
    paths,
  );

describe('the policies for a path', () => {
  test('are clean and say by their names what they admit', () => {
    const made = promoted([path(end('web'), end('db'))], [deny, shut]);
    expect(names(made)).toEqual(['shop/db-from-web', 'shop/web-to-db']);
    expect(text(made)).toBe(`apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: db-from-web
  namespace: shop
spec:
  podSelector:
    matchLabels:
      app: db
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
      ports:
        - protocol: TCP
          port: 5432
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web-to-db
  namespace: shop
spec:
  podSelector:
    matchLabels:
      app: web
  policyTypes:
    - Egress
  egress:
    - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: shop
          podSelector:
            matchLabels:
              app: db
      ports:
        - protocol: TCP
          port: 5432
`);
    expect(made.findings).toEqual([]);
    expect(made.paths).toMatchObject([{ outcome: 'needed', before: 'deny', after: 'allow' }]);
    expect(made.effect.opens.map(pathChangeText)).toEqual(['shop/web → shop/db tcp 5432']);
  });

  test('have a rule only for ports that are closed in that half', () => {
    const some = networkPolicy({
      name: 'db-some',
      spec: {
        podSelector: { matchLabels: { app: 'db' } },
        policyTypes: ['Ingress'],
        ingress: [{ ports: [{ port: 5432 }] }],
      },
    });
    const made = promoted([path(end('web'), end('db'), [tcp(5432), tcp(9187)])], [some, shut]);
    expect(made.policies.map(({ rules }) => rules.map(({ ports }) => ports))).toEqual([
      [[tcp(5432), tcp(9187)]],
      [[tcp(9187)]],
    ]);
    expect(made.paths).toMatchObject([{ after: 'allow' }]);
  });

  test('of another namespace name it', () => {
    const made = promoted(
      [path(end('grafana', 'ops'), end('db'))],
      [deny],
      [...PODS, of('grafana', undefined, 'ops')],
    );
    expect(names(made)).toEqual(['shop/db-from-ops-grafana']);
  });

  test('never take the name of a policy that exists', () => {
    const taken = (name: string) =>
      networkPolicy({ name, spec: { podSelector: { matchLabels: { app: 'x' } }, policyTypes: ['Ingress'] } });
    const ask = [path(end('web'), end('db'))];
    expect(names(promoted(ask, [deny, taken('db-from-web')]))).toEqual(['shop/db-from-web-5432']);
    expect(names(promoted(ask, [deny, taken('db-from-web'), taken('db-from-web-5432')]))).toEqual([
      'shop/db-from-web-2',
    ]);
  });

  test('select no label that a release changes', () => {
    const labels = {
      app: 'web',
      'app.kubernetes.io/version': '1.2',
      'rollouts-pod-template-hash': 'x',
      'job-name': 'w',
    };
    const canary = pod({ name: 'canary', labels: { app: 'web', 'app.kubernetes.io/version': '1.3' } });
    const made = promoted([path(end('web'), end('db'))], [deny], [of('web', labels), canary, of('db')]);
    expect(text(made)).not.toMatch(/version|hash|job-name/);
    // The canary can't be told apart by what lasts, so it is said that it gets the path too.
    expect(made.effect.opens.map(pathChangeText).sort()).toEqual([
      'shop/canary → shop/db tcp 5432',
      'shop/web → shop/db tcp 5432',
    ]);
  });

  test('are refused for pods that only a passing label selects', () => {
    const made = promoted(
      [path(end('run'), end('db'))],
      [deny],
      [of('run', { 'job-name': 'run-1' }), of('db')],
    );
    expect(made.paths).toMatchObject([
      {
        outcome: 'refused',
        message: 'The pods of run share no lasting label that a policy could select.',
        hint: 'Add a label that only they have, such as app.',
      },
    ]);
    expect(made.policies).toEqual([]);
  });
});

describe('several paths', () => {
  test('to one destination are one policy, with a rule for each source and its ports', () => {
    const made = promoted([
      path(end('web'), end('db'), [tcp(5432)], 3),
      path(end('api'), end('db'), [tcp(5432)], 1),
      path(end('web'), end('db'), [tcp(9187)], 2),
    ]);
    expect(names(made)).toEqual(['shop/db-from-web-and-api']);
    expect(made.policies[0]?.rules).toMatchObject([
      { name: 'web', ports: [tcp(5432), tcp(9187)], attempts: 5 },
      { name: 'api', ports: [tcp(5432)], attempts: 1 },
    ]);
    expect(text(made)).toMatch(
      /^# rule 1, from web on 5432\/tcp,9187\/tcp: 5 recorded attempts denied\n# rule 2, from api on 5432\/tcp: 1 recorded attempt denied\napiVersion/,
    );
    expect(made.findings).toEqual([]);
  });

  test('to many sources keep a short name', () => {
    const made = promoted(['web', 'api', 'cart'].map((name) => path(end(name), end('db'))));
    expect(names(made)).toEqual(['shop/db-from-web-and-2-more']);
  });

  test('tell of what is open and of what no policy opens', () => {
    const made = promoted(
      [path(end('web'), end('db'), [tcp(5432)], 1), path(end('web'), end('free', 'lab'), [tcp(80)], 2)],
      [deny],
      [...PODS, of('free', undefined, 'lab')],
    );
    expect(made.paths.map(({ outcome, after }) => [outcome, after])).toEqual([
      ['needed', 'allow'],
      ['open', 'allow'],
    ]);
    expect(text(made)).toContain(
      '# No policy for 2 attempts web → free 80/tcp: The path from web to free 80/tcp is open without a grant: no policy is needed. ',
    );
  });
});

test('a path that only a grant opens needs a policy all the same', () => {
  const grant: Policy = {
    ...networkPolicy({
      name: 'sluice-c4mzp2-in',
      spec: {
        podSelector: { matchLabels: { app: 'db' } },
        ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }],
      },
    }),
    labels: { 'sluice.dev/grant': 'c4mzp2' },
  };
  const made = promoted([path(end('web'), end('db'))], [deny, grant]);
  expect(names(made)).toEqual(['shop/db-from-web']);
  expect(made.effect.opens.map(pathChangeText)).toEqual(['shop/web → shop/db tcp 5432']);
  expect(promoted([path(end('web'), end('db'))], [grant]).paths).toMatchObject([{ outcome: 'open' }]);
});

describe('in any small world', () => {
  const APPS = ['a', 'b', 'c'] as const;
  const PORTS = [tcp(80), tcp(443), { port: 53, protocol: 'UDP' } as const];
  const app = fc.constantFrom(...APPS);
  const peer = fc.oneof(
    app.map((name) => ({ podSelector: { matchLabels: { app: name } } })),
    fc.constant({ namespaceSelector: {} }),
    app.map((name) => ({ namespaceSelector: {}, podSelector: { matchLabels: { app: name } } })),
  );
  const ports = fc.option(
    fc
      .subarray(PORTS, { minLength: 1 })
      .map((some) => some.map(({ port, protocol }) => ({ port, protocol }))),
  );
  const policy = fc
    .record({
      namespace: fc.constantFrom('shop', 'ops'),
      subject: fc.option(app),
      direction: fc.constantFrom('ingress', 'egress'),
      rules: fc.array(fc.record({ peers: fc.array(peer, { minLength: 1, maxLength: 2 }), ports }), {
        maxLength: 2,
      }),
    })
    .map(({ namespace, subject, direction, rules }) => ({
      namespace,
      spec: {
        podSelector: subject === null ? {} : { matchLabels: { app: subject } },
        policyTypes: [direction === 'ingress' ? 'Ingress' : 'Egress'],
        [direction]: rules.map(({ peers, ports: some }) => ({
          [direction === 'ingress' ? 'from' : 'to']: peers,
          ...(some === null ? {} : { ports: some }),
        })),
      },
    }));
  const place = fc.record({ name: app, namespace: fc.constantFrom('shop', 'ops') });
  const asked = fc.record({ from: place, to: place, ports: fc.subarray(PORTS, { minLength: 1 }) });

  type Opened = ReadonlySet<string>;

  function openPairs({ decide, model }: Engine): Opened {
    const pods = [...model.pods()];
    const open = pods.flatMap((from) =>
      pods
        .filter((to) => to !== from)
        .flatMap((to) =>
          PORTS.filter(
            ({ port, protocol }) =>
              decide({ from: { type: 'pod', pod: from }, to: { type: 'pod', pod: to }, port, protocol })
                .verdict === 'allow',
          ).map(({ port, protocol }) => `${keyOf(from)}>${keyOf(to)}:${port}/${protocol}`),
        ),
    );
    return new Set(open);
  }

  test('the asked paths are allowed with the policies, and what newly opens is exactly what is announced', () => {
    let needed = 0;
    fc.assert(
      fc.property(
        fc.array(policy, { minLength: 1, maxLength: 5 }),
        fc.array(asked, { minLength: 1, maxLength: 3 }),
        (specs, wanted) => {
          const pods = ['shop', 'ops'].flatMap((namespace) =>
            APPS.flatMap((name) =>
              [1, 2].map((at) =>
                pod({
                  namespace,
                  name: `${name}-${at}`,
                  labels: { app: name, 'pod-template-hash': `${at}` },
                  owner: owner('Deployment', name, namespace),
                }),
              ),
            ),
          );
          const policies = specs.map(({ namespace, spec }, at) =>
            networkPolicy({ name: `p${at}`, namespace, spec }),
          );
          const model = cluster({ pods, policies });
          const engine = createEngine(model, dialectOf('spec'));
          const before = openPairs(engine);
          const made = promote({
            model,
            engine,
            paths: wanted.map(({ from, to, ports: some }) =>
              path(end(from.name, from.namespace), end(to.name, to.namespace), some),
            ),
            workloads: [],
          });
          for (const { manifest } of made.policies) {
            const object = parseNetworkPolicy(manifest);
            expect(model.policy(object.kind, object.namespace, object.name)).toBeUndefined();
            const event = { type: 'set', kind: 'policies', source: 'promoted', object } as const;
            model.apply(event);
            engine.apply(event);
          }
          const after = openPairs(engine);
          expect(
            made.paths.filter(({ outcome, after: then }) => outcome !== 'refused' && then !== 'allow'),
          ).toEqual([]);
          const announced = made.effect.opens.flatMap(({ from, to, ports: some }) =>
            podsOfGroup(model, from).flatMap((source) =>
              podsOfGroup(model, to)
                .filter((destination) => destination !== source)
                .flatMap((destination) =>
                  PORTS.filter(({ port, protocol }) => holdsPort(some, port, protocol)).map(
                    ({ port, protocol }) => `${keyOf(source)}>${keyOf(destination)}:${port}/${protocol}`,
                  ),
                ),
            ),
          );
          expect([...after].filter((pair) => !before.has(pair)).sort()).toEqual(announced.sort());
          expect([...before].filter((pair) => !after.has(pair))).toEqual([]);
          for (const [index, { from, to, ports: some }] of wanted.entries()) {
            if (made.paths[index]?.outcome === 'refused') continue;
            needed += made.paths[index]?.outcome === 'needed' ? 1 : 0;
            const pairs = [1, 2].flatMap((a) =>
              [1, 2].flatMap((b) =>
                some.map(
                  ({ port, protocol }) =>
                    `${from.namespace}/${from.name}-${a}>${to.namespace}/${to.name}-${b}:${port}/${protocol}`,
                ),
              ),
            );
            const [one, other] = [keyOf(from), keyOf(to)];
            expect(pairs.filter((pair) => one !== other && !after.has(pair))).toEqual([]);
          }
          expect(new Set(names(made)).size).toBe(made.policies.length);
        },
      ),
    );
    expect(needed).toBeGreaterThan(0);
  });
});
