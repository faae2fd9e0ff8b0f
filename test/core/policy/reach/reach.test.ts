import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLive, type Protocol } from '../../../../src/core/cluster/objects.ts';
import { createClusterModel } from '../../../../src/core/live/model.ts';
import { createEngine, type Engine } from '../../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../../src/core/policy/enforcers/enforcers.ts';
import { manifestEvents } from '../../../../src/core/policy/kinds/read-manifests.ts';
import type { Dialect, EnforcerName } from '../../../../src/core/policy/match/dialect.ts';
import { holdsPort, isEverything } from '../../../../src/core/policy/model/connections.ts';
import type { ForeignObject } from '../../../../src/core/policy/model/policy.ts';
import type { End, Query } from '../../../../src/core/policy/model/verdict.ts';
import { createReach } from '../../../../src/core/policy/reach/reach.ts';
import { cluster, networkPolicy, pod } from '../../../helpers/builders.ts';
import { runs } from '../../../helpers/runs.ts';
import { verdictOf } from '../../../helpers/verdict-of.ts';
import type { CiliumCase } from '../vectors/cilium.ts';
import { jsonCases, vectorsPresent } from '../vectors/files.ts';

const APPS = ['x', 'y', 'z'];
const PORTS = [1, 79, 80, 81, 90, 91, 8080, 65_535];
const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP'];

const podManifests = ['a', 'b'].flatMap((namespace, high) =>
  APPS.flatMap((app, low) =>
    [0, 1].map((index) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name: `${app}-${index}`, labels: { app, index: `${index}` } },
      spec: {
        hostNetwork: app === 'z' && index === 1,
        nodeName: `node-${index}`,
        containers: [{ name: 'c', ports: [{ name: 'http', containerPort: index === 0 ? 80 : 8080 }] }],
      },
      status: {
        phase: 'Running',
        podIPs: index === 1 && low === 1 ? [] : [{ ip: `10.${high}.${low}.${index}` }],
      },
    })),
  ),
);
const nodes = [0, 1].map((index) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: `node-${index}` },
  status: { addresses: [{ type: 'InternalIP', address: `192.168.0.${index + 1}` }] },
}));

const selector = fc.oneof(
  fc.constant({}),
  fc.constantFrom(...APPS).map((app) => ({ matchLabels: { app } })),
  fc.constant({ matchExpressions: [{ key: 'index', operator: 'NotIn', values: ['0'] }] }),
);
const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: fc.constant({}), podSelector: selector }),
  fc.constantFrom('0.0.0.0/0', '10.0.0.0/16', '203.0.113.0/24').map((cidr) => ({ ipBlock: { cidr } })),
);
const port = fc.oneof(
  fc.constantFrom(80, 'http').map((number) => ({ port: number })),
  fc.constant({ port: 80, endPort: 90 }),
  fc.constant({ protocol: 'UDP' }),
);
const rules = (field: 'from' | 'to') =>
  fc.array(
    fc.record({
      [field]: fc.array(peer, { maxLength: 2 }),
      ports: fc.array(port, { maxLength: 2 }),
    }),
    { maxLength: 2 },
  );
const anyNetworkPolicy = fc.record({
  apiVersion: fc.constant('networking.k8s.io/v1'),
  kind: fc.constant('NetworkPolicy'),
  metadata: fc.record({ namespace: fc.constantFrom('a', 'b'), name: fc.constantFrom('p', 'q', 'r') }),
  spec: fc.record({
    podSelector: selector,
    policyTypes: fc.subarray(['Ingress', 'Egress'], { minLength: 1 }),
    ingress: rules('from'),
    egress: rules('to'),
  }),
});
const adminPolicy = fc.record({
  apiVersion: fc.constant('policy.networking.k8s.io/v1alpha1'),
  kind: fc.constant('AdminNetworkPolicy'),
  metadata: fc.record({ name: fc.constantFrom('m', 'n') }),
  spec: fc.record({
    priority: fc.constantFrom(1, 2),
    subject: fc.constant({ namespaces: {} }),
    ingress: fc.array(
      fc.record({
        action: fc.constantFrom('Allow', 'Deny', 'Pass'),
        from: fc.constant([{ pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: 'x' } } } }]),
        ports: fc.constant([{ portNumber: { protocol: 'TCP', port: 81 } }]),
      }),
      { maxLength: 2 },
    ),
  }),
});
const policies = fc.array(fc.oneof({ weight: 3, arbitrary: anyNetworkPolicy }, adminPolicy), {
  maxLength: 5,
});

/** Every pair of pods, and pods with the outside: what the reach says of a port must be what the engine says. */
function disagreements(
  engine: Engine,
  outside: readonly string[],
  ports: readonly number[],
): readonly string[] {
  const pods = [...engine.model.pods()].filter(isLive).map((pod): End => ({ type: 'pod', pod }));
  const addresses = outside.map((ip): End => ({ type: 'ip', ip }));
  const reach = createReach(engine);
  const found: string[] = [];
  for (const from of [...pods, ...addresses]) {
    for (const to of [...pods, ...addresses]) {
      if (from === to || (from.type === 'ip' && to.type === 'ip')) continue;
      const { open, unsure } = reach(from, to);
      for (const protocol of PROTOCOLS) {
        for (const number of ports) {
          const isIn = (set: typeof open) => holdsPort(set, number, protocol);
          const got = isIn(open) ? 'allow' : isIn(unsure) ? 'undecidable' : 'deny';
          const query: Query = { from, to, port: number, protocol };
          const { verdict } = verdictOf(engine, query);
          if (got !== verdict)
            found.push(`${nameOf(from)} → ${nameOf(to)} ${protocol} ${number}: ${got}, not ${verdict}`);
        }
      }
    }
  }
  return found.slice(0, 3);
}

function nameOf(end: End): string {
  return end.type === 'pod' ? `${end.pod.namespace}/${end.pod.name}` : end.ip;
}

function engineOf(
  documents: readonly unknown[],
  dialect: Dialect,
  foreign: readonly ForeignObject[] = [],
): Engine {
  const model = createClusterModel();
  for (const event of manifestEvents(documents)) model.apply(event);
  const engine = createEngine(model, dialect);
  engine.setForeign(foreign);
  return engine;
}

describe('the reach', () => {
  const enforcers = fc.constantFrom<EnforcerName>('spec', 'cilium', 'calico', 'kube-router', 'none');
  const foreign = fc.option(
    fc.constantFrom<ForeignObject>(
      { kind: 'Calico NetworkPolicy', namespace: 'a', name: 'c' },
      { kind: 'Istio AuthorizationPolicy', namespace: 'b', name: 'i' },
    ),
  );

  test('says of every port what the engine says of it, in worlds of many kinds', () => {
    fc.assert(
      fc.property(policies, enforcers, foreign, (drafts, enforcer, other) => {
        const engine = engineOf(
          [...podManifests, ...nodes, ...drafts],
          dialectOf(enforcer),
          other === null ? [] : [other],
        );
        expect(disagreements(engine, ['203.0.113.9', '8.8.8.8', '192.168.0.1'], PORTS)).toEqual([]);
      }),
      runs(12, 40),
    );
  });

  test.skipIf(!vectorsPresent())("says it in worlds of Cilium's policies", () => {
    const cases = jsonCases<CiliumCase>('cilium').filter((_, index) => index % 4 === 0);
    const found = cases.flatMap(({ name, data: { world, queries } }) => {
      const documents = [
        ...world.namespaces,
        ...world.nodes,
        ...world.pods,
        ...world.services,
        ...world.endpointSlices,
        ...world.policies,
      ];
      const ports = [...new Set(queries.map((query) => query.port))].slice(0, 4);
      return disagreements(engineOf(documents, dialectOf('cilium')), ['203.0.113.9'], ports).map(
        (text) => `${name}: ${text}`,
      );
    });
    expect(cases.length).toBeGreaterThan(50);
    expect(found).toEqual([]);
  });
});

const web = pod({ name: 'web' });
const db = pod({ name: 'db', ports: [{ name: 'pg', port: 5432, protocol: 'TCP' }] });
const between = (...policies: Parameters<typeof networkPolicy>[0][]) => {
  const engine = createEngine(
    cluster({ pods: [web, db], policies: policies.map((fields) => networkPolicy(fields)) }),
    dialectOf('spec'),
  );
  return createReach(engine)({ type: 'pod', pod: web }, { type: 'pod', pod: db });
};

test('without a policy everything is open', () => {
  expect(isEverything(between().open)).toBe(true);
});

test('ports of both halves meet, names and ranges included', () => {
  const { open } = between(
    {
      name: 'in',
      spec: {
        policyTypes: ['Ingress'],
        ingress: [{ ports: [{ port: 'pg' }, { port: 80, endPort: 90 }, { protocol: 'UDP' }] }],
      },
    },
    {
      name: 'out',
      spec: {
        policyTypes: ['Egress'],
        egress: [
          {
            ports: [
              { port: 85, endPort: 6000 },
              { protocol: 'UDP', port: 53 },
            ],
          },
        ],
      },
    },
  );
  expect(open).toEqual({
    TCP: [
      [85, 90],
      [5432, 5432],
    ],
    UDP: [[53, 53]],
    SCTP: [],
  });
  expect(isEverything(open)).toBe(false);
});

test('what is not decided is kept apart', () => {
  const { open, unsure } = between({
    spec: {
      policyTypes: ['Ingress'],
      ingress: [{ from: [{}], ports: [{ port: 80 }] }, { ports: [{ port: 81 }] }],
    },
  });
  expect(open.TCP).toEqual([[81, 81]]);
  expect(unsure.TCP).toEqual([[80, 80]]);
});
