import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EndRef, Node, Pod } from '../../../src/core/cluster/objects.ts';
import type { GrantRequest } from '../../../src/core/grants/grant.ts';
import { withReason } from '../../../src/core/grants/grant-manifests.ts';
import { NOTE } from '../../../src/core/grants/names.ts';
import { type GrantPlan, toConfirm } from '../../../src/core/grants/plan.ts';
import { createEngine } from '../../../src/core/policy/decide/engine.ts';
import { withCiliumConfig } from '../../../src/core/policy/enforcers/cilium.ts';
import { dialectOf } from '../../../src/core/policy/enforcers/enforcers.ts';
import { parseNetworkPolicy } from '../../../src/core/policy/kinds/network-policy.ts';
import type { EnforcerName } from '../../../src/core/policy/match/dialect.ts';
import type { ForeignObject, Policy } from '../../../src/core/policy/model/policy.ts';
import { pathChangeText } from '../../../src/core/policy/reach/collect.ts';
import { podsOfGroup } from '../../../src/core/policy/reach/end-groups.ts';
import { cluster, networkPolicy, node, pod, service } from '../../helpers/builders.ts';
import { good, planIn } from '../../helpers/plan-in.ts';
import { verdictOf } from '../../helpers/verdict-of.ts';

const owner = (kind: string, name: string) => ({ kind, namespace: 'shop', name });
const web1 = pod({
  name: 'web-1',
  labels: { app: 'web', 'pod-template-hash': 'x' },
  owner: owner('Deployment', 'web'),
});
const web2 = pod({
  name: 'web-2',
  labels: { app: 'web', 'pod-template-hash': 'x' },
  owner: owner('Deployment', 'web'),
});
const api = pod({ name: 'api-1', labels: { app: 'api' }, owner: owner('Deployment', 'api') });
const db = pod({ name: 'db-0', labels: { app: 'db' }, owner: owner('StatefulSet', 'db') });
const six = pod({ ...db, ips: ['2001:db9::1'] });

const dbOnlyApi = networkPolicy({
  name: 'db-only-api',
  spec: {
    podSelector: { matchLabels: { app: 'db' } },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api' } } }], ports: [{ port: 5432 }] }],
  },
});
const webEgress = networkPolicy({
  name: 'web-egress',
  spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Egress'], egress: [] },
});

type Input = {
  foreign?: readonly ForeignObject[];
  pods?: readonly Pod[];
  nodes?: readonly Node[];
  policies: readonly Policy[];
  request?: Partial<GrantRequest>;
  enforcer?: EnforcerName;
  /** Of `cilium-config`. */
  settings?: Readonly<Record<string, string>>;
};

function plan({
  pods = [web1, web2, api, db],
  nodes = [],
  policies,
  request,
  enforcer = 'spec',
  settings = {},
  foreign = [],
}: Input): GrantPlan {
  const model = cluster({ pods, nodes, policies, services: [service()] });
  const dialect = withCiliumConfig(dialectOf(enforcer), settings);
  return planIn(model, request, dialect, foreign);
}

describe('several ports', () => {
  const range = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ port: 5_400 + at, protocol: 'TCP' as const }));
  const dns = { port: 53, protocol: 'UDP' as const };

  test('a range is one decision and one item, beside single ports', () => {
    const ports = [...range(101), dns];
    const { halves, opens, ports: planned } = good(plan({ policies: [dbOnlyApi], request: { ports } }));
    expect(planned).toEqual(ports);
    expect(opens).toHaveLength(204);
    expect(halves[0]?.policy.spec).toMatchObject({
      ingress: [{ ports: [{ protocol: 'TCP', port: 5_400, endPort: 5_500 }, dns] }],
    });
    expect(halves[0]?.policy.metadata.annotations).toMatchObject({ [NOTE.ports]: '5400-5500/tcp,53/udp' });
  });

  test('where the end of a range may not count, each port is listed, up to a bound', () => {
    const input = { policies: [dbOnlyApi], enforcer: 'antrea' as const };
    const { halves, opens } = good(plan({ ...input, request: { ports: range(128) } }));
    expect(opens).toHaveLength(256);
    expect(halves[0]?.policy.spec).toMatchObject({
      ingress: [{ ports: range(128).map(({ port, protocol }) => ({ port, protocol })) }],
    });
    expect(plan({ ...input, request: { ports: range(129) } })).toMatchObject({
      ok: false,
      reason: 'invalid',
      message:
        '5400-5528/tcp is 129 ports, and antrea may ignore the end of a range, so that a policy has to list each.',
      hint: 'Use at most 128 ports.',
    });
    expect(good(plan({ policies: [dbOnlyApi], request: { ports: range(1_024) } })).opens).toHaveLength(2_048);
  });
});

describe('addresses outside', () => {
  const range = (cidr: string): EndRef => ({ type: 'range', cidr });
  const to = (cidr: string) => plan({ policies: [webEgress], request: { destination: range(cidr) } });

  test('a block as the destination is exactly that block, and the plan says how many it opens', () => {
    const { halves, opens, extra, warnings, wide } = good(to('198.51.100.0/24'));
    expect(halves.map(({ direction }) => direction)).toEqual(['egress']);
    expect(halves[0]?.policy.spec).toMatchObject({
      podSelector: { matchLabels: { app: 'web' } },
      egress: [{ to: [{ ipBlock: { cidr: '198.51.100.0/24' } }], ports: [{ port: 5_432, protocol: 'TCP' }] }],
    });
    expect(opens.map((pair) => `${pair.from.name} > ${pair.to.name}`)).toEqual([
      'web-1 > 198.51.100.0/24',
      'web-2 > 198.51.100.0/24',
    ]);
    expect([extra, wide]).toEqual([[], []]);
    expect(warnings).toContain(
      'all of 198.51.100.0/24 is allowed, 256 addresses, no matter what uses them during the window',
    );
  });

  test('a block as the source is admitted to the pods of the destination', () => {
    const { halves, opens } = good(
      plan({ policies: [dbOnlyApi], request: { source: range('2001:db8::/64') }, pods: [six, web1] }),
    );
    expect(halves[0]?.policy.spec).toMatchObject({
      ingress: [{ from: [{ ipBlock: { cidr: '2001:db8::/64' } }] }],
    });
    expect(opens.map((pair) => `${pair.from.name} > ${pair.to.name}`)).toEqual(['2001:db8::/64 > db-0']);
  });

  test('where part of a block is open already, the rest is what opens', () => {
    const half = networkPolicy({
      name: 'web-half',
      spec: {
        podSelector: { matchLabels: { app: 'web' } },
        policyTypes: ['Egress'],
        egress: [{ to: [{ ipBlock: { cidr: '198.51.100.0/25' } }] }],
      },
    });
    const { opens } = good(
      plan({ policies: [half], request: { destination: range('198.51.100.0/24') }, pods: [web1, db] }),
    );
    expect(opens.map((pair) => pair.to.name)).toEqual(['198.51.100.128-198.51.100.255']);
  });

  test('one address is a block of one', () => {
    const { halves, opens } = good(
      plan({ policies: [webEgress], request: { destination: { type: 'ip', ip: '198.51.100.7' } } }),
    );
    expect(halves[0]?.policy.spec).toMatchObject({
      egress: [{ to: [{ ipBlock: { cidr: '198.51.100.7/32' } }] }],
    });
    expect(opens.map((pair) => pair.to.name)).toEqual(['198.51.100.7', '198.51.100.7']);
  });

  test('a wide block has to be confirmed', () => {
    const wide = good(to('172.0.0.0/15'));
    expect(toConfirm(wide)).toEqual([{ what: 'wide', names: ['172.0.0.0/15 (131,072 addresses)'] }]);
    expect(toConfirm(good(to('172.0.0.0/16')))).toEqual([]);
  });

  const other = service({ name: 'away', clusterIPs: ['203.0.113.7'] });
  test.each([
    [
      '64.0.0.0/7',
      '64.0.0.0/7 is wider than /8, the widest block that a grant opens.',
      'Use the part that is needed, such as 64.0.0.0/16.',
    ],
    [
      '0.0.0.0/0',
      '0.0.0.0/0 is wider than /8, the widest block that a grant opens.',
      'Use the part that is needed, such as 0.0.0.0/16.',
    ],
    [
      '2001::/31',
      '2001::/31 is wider than /32, the widest block that a grant opens.',
      'Use the part that is needed, such as 2001::/40.',
    ],
    [
      `${web1.ips[0]?.replace(/\d+$/, '0')}/24`,
      'which have policies of their own: shop/web-1.',
      'Name the pods by their workload, or use a block without them.',
    ],
    [
      '203.0.113.0/24',
      '203.0.113.0/24 holds addresses of Services, which policies do not see: shop/away.',
      'Name the Service, as in svc/NAME, or use a block without its address.',
    ],
    [
      '192.168.0.0/16',
      '192.168.0.0/16 holds addresses of nodes, which not every policy matches by address: node-a.',
      'Use a block without them, or one address of a node.',
    ],
  ])('%s is refused', (cidr, message, hint) => {
    const model = cluster({
      pods: [web1],
      nodes: [node({ name: 'node-a', ips: ['192.168.0.1'] })],
      policies: [webEgress],
      services: [other],
    });
    const refused = planIn(model, { destination: range(cidr) });
    expect(refused).toMatchObject({ ok: false, reason: 'invalid', hint });
    expect(refused.ok ? '' : refused.message).toContain(message);
  });

  test('between addresses alone no policy decides', () => {
    const request = { source: range('198.51.100.0/24'), destination: range('203.0.113.0/24') };
    expect(plan({ policies: [webEgress], request })).toMatchObject({
      ok: false,
      reason: 'invalid',
      message: 'Neither 198.51.100.0/24 nor 203.0.113.0/24 is a pod, so that no policy decides between them.',
    });
  });
});

describe('beside policies that are not evaluated', () => {
  const everywhere = { kind: 'Calico GlobalNetworkPolicy', name: 'default-deny' };
  const elsewhere = { kind: 'Calico NetworkPolicy', namespace: 'ops', name: 'x' };

  test('the plan is that of the others, and names those that may apply', () => {
    const alone = good(plan({ policies: [dbOnlyApi, webEgress] }));
    const beside = good(plan({ policies: [dbOnlyApi, webEgress], foreign: [everywhere, elsewhere] }));
    expect(beside.unjudged).toEqual(['Calico GlobalNetworkPolicy default-deny']);
    expect(beside.before.verdict).toBe('undecidable');
    expect(beside.after).toBe(`as far as evaluated policies tell, ${alone.after}`);
    expect({ ...beside, unjudged: [], before: alone.before, after: alone.after }).toEqual(alone);
  });

  test('what they leave alone needs nothing', () => {
    expect(good(plan({ policies: [dbOnlyApi], foreign: [elsewhere] })).unjudged).toEqual([]);
  });

  test('what a NetworkPolicy cannot change is refused as before', () => {
    const refused = plan({ policies: [], foreign: [everywhere] });
    expect(refused).toMatchObject({ ok: false, reason: 'cannot-open' });
    expect(refused.ok ? '' : refused.message).toContain('Unable to tell whether');
  });
});

test('another reason changes the annotations of a plan, and nothing else', () => {
  const request = { ticket: 'T-1' };
  const before = good(plan({ policies: [dbOnlyApi, webEgress], request }));
  const after = good(plan({ policies: [dbOnlyApi, webEgress], request: { reason: 'other' } }));
  expect(withReason(before, { reason: 'other' })).toEqual(after);
  expect(withReason(after, { reason: 'test', ticket: 'T-1' })).toEqual(before);
});

describe('halves', () => {
  test('only the closed half gets a policy: one for an isolated destination', () => {
    const { halves, opens, isolates, extra } = good(plan({ policies: [dbOnlyApi] }));
    expect(halves.map(({ direction }) => direction)).toEqual(['ingress']);
    expect(halves[0]?.policy.spec).toEqual({
      podSelector: { matchLabels: { app: 'db' } },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
              podSelector: { matchLabels: { app: 'web' } },
            },
          ],
          ports: [{ protocol: 'TCP', port: 5_432 }],
        },
      ],
    });
    expect(opens.map(({ from, to }) => `${from.name}>${to.name}`)).toEqual(['web-1>db-0', 'web-2>db-0']);
    expect(isolates).toEqual([]);
    expect(extra).toEqual([]);
  });

  test('both halves closed: two policies, ingress first, in the namespace of each subject', () => {
    const { halves } = good(plan({ policies: [dbOnlyApi, webEgress] }));
    expect(halves.map(({ direction, namespace }) => [direction, namespace])).toEqual([
      ['ingress', 'shop'],
      ['egress', 'shop'],
    ]);
    expect(new Set(halves.map(({ policy }) => policy.metadata.name)).size).toBe(2);
  });

  test('says what the end of the window does', () => {
    expect(good(plan({ policies: [dbOnlyApi] })).after).toBe(
      'the path closes again: db-only-api admits app=api, not app=web',
    );
  });
});

describe('refusals', () => {
  test('an open path is refused: its end would revoke nothing', () => {
    expect(plan({ policies: [] })).toMatchObject({ ok: false, reason: 'already-open' });
  });

  test('where only some pods are open, it says which, and why no policy opens the others', () => {
    const near = pod({ name: 'db-1', labels: { app: 'db' }, owner: db.owner, node: 'node-a' });
    const far = pod({ name: 'db-2', labels: { app: 'db' }, owner: db.owner, node: 'node-b' });
    const refused = plan({
      pods: [near, far],
      nodes: [node({ name: 'node-a', ips: ['192.168.0.1'] })],
      policies: [dbOnlyApi],
      request: { source: { type: 'ip', ip: '192.168.0.1' } },
      enforcer: 'cilium',
    });
    expect(refused).toMatchObject({
      ok: false,
      reason: 'cannot-open',
      message:
        'The path from 192.168.0.1 to db is already open for shop/db-1 :5432/tcp; it cannot be opened by a NetworkPolicy for shop/db-2 :5432/tcp: 192.168.0.1 is a node: on cilium NetworkPolicies do not match nodes. A CiliumNetworkPolicy with its entity (kube-apiserver, host or remote-node) does.',
      before: { verdict: 'deny' },
    });
  });

  test('an open path is open though no label tells its pods from others', () => {
    const source: EndRef = { type: 'pod', namespace: 'shop', name: 'web-1' };
    expect(plan({ policies: [], request: { source } })).toMatchObject({ reason: 'already-open' });
  });

  test('the address of a Service is the Service', () => {
    const ip = service().clusterIPs[0] ?? '';
    const { destination, opens } = good(
      plan({ policies: [dbOnlyApi], request: { destination: { type: 'ip', ip } } }),
    );
    expect([destination, opens.length]).toEqual(['svc/db', 2]);
  });

  test('a source without pods is refused by name', () => {
    const source: EndRef = { type: 'workload', ref: owner('Deployment', 'wep') };
    expect(plan({ policies: [dbOnlyApi], request: { source } })).toMatchObject({
      ok: false,
      reason: 'no-source',
      message: 'wep has no running pods, so there is no source.',
    });
  });

  test('one pod of a workload can only be granted when a label tells it from the others', () => {
    const source: EndRef = { type: 'pod', namespace: 'shop', name: 'web-1' };
    expect(plan({ policies: [dbOnlyApi], request: { source } })).toMatchObject({
      ok: false,
      reason: 'cannot-open',
      message: 'No label distinguishes web-1 from web-2.',
      hint: 'Grant the whole workload, or run kubectl label pod web-1 -n shop only=web-1 to give it a label of its own.',
    });
    const only = pod({ ...web1, labels: { ...web1.labels, only: 'web-1' } });
    const next = good(plan({ pods: [only, web2, api, db], policies: [dbOnlyApi], request: { source } }));
    expect(next.warnings).toContain(
      'only pod web-1 is meant, by only=web-1, which any pod that gets these labels would share, and a pod that replaces it may lack',
    );
    const marked = pod({ ...web1, labels: { ...web1.labels, canary: 'yes' } });
    const { opens } = good(
      plan({ pods: [marked, web2, api, db], policies: [dbOnlyApi], request: { source } }),
    );
    expect(opens.map(({ from }) => from.name)).toEqual(['web-1']);
  });

  test('a service is granted by its backends and their target port', () => {
    const { ports, opens } = good(
      plan({
        policies: [dbOnlyApi],
        request: { destination: { type: 'service', namespace: 'shop', name: 'db' } },
      }),
    );
    expect(ports).toEqual([{ port: 5_432, protocol: 'TCP' }]);
    expect(opens).toHaveLength(2);
  });
});

describe('side effects', () => {
  test('pods that share the labels without being picked are shown as extra pairs', () => {
    const job = pod({ name: 'web-migrate', labels: { app: 'web' }, owner: owner('Job', 'web-migrate') });
    const { extra } = good(plan({ pods: [web1, job, api, db], policies: [dbOnlyApi] }));
    expect(extra.map(pathChangeText)).toEqual(['shop/web-migrate → shop/db tcp 5432']);
  });

  test('a half that is closed for some pods only would isolate the others: they are named', () => {
    const one = pod({ ...web1, labels: { ...web1.labels, tier: 'front' } });
    const half = networkPolicy({
      name: 'front-egress',
      spec: { podSelector: { matchLabels: { tier: 'front' } }, policyTypes: ['Egress'] },
    });
    const { isolates } = good(plan({ pods: [one, web2, api, db], policies: [half] }));
    expect(isolates).toEqual([{ pod: { namespace: 'shop', name: 'web-2' }, direction: 'egress' }]);
  });

  test('a part that is open already is told', () => {
    const one = pod({ ...web1, labels: { ...web1.labels, tier: 'front' } });
    const front = networkPolicy({
      name: 'db-front',
      spec: {
        podSelector: { matchLabels: { app: 'db' } },
        ingress: [{ from: [{ podSelector: { matchLabels: { tier: 'front' } } }] }],
      },
    });
    const { warnings, opens } = good(plan({ pods: [one, web2, api, db], policies: [front] }));
    expect(warnings).toContain('the path is already open for shop/web-1 → db :5432/tcp');
    expect(opens.map(({ from }) => from.name)).toEqual(['web-2']);
  });

  test('a statefulset pod name selects nothing on Cilium, so it is not used there', () => {
    const label = { 'statefulset.kubernetes.io/pod-name': 'db-0' };
    const db0 = pod({ ...db, labels: { app: 'db', ...label } });
    const db1 = pod({
      name: 'db-1',
      labels: { app: 'db', 'statefulset.kubernetes.io/pod-name': 'db-1' },
      owner: db.owner,
    });
    const destination: EndRef = { type: 'pod', namespace: 'shop', name: 'db-0' };
    const input = { pods: [web1, db0, db1], policies: [dbOnlyApi], request: { destination } };
    const { halves, warnings } = good(plan(input));
    expect(halves[0]?.policy.spec).toMatchObject({ podSelector: { matchLabels: label } });
    expect(warnings).toContain(
      'only pod db-0 is meant, by statefulset.kubernetes.io/pod-name=db-0, which the pod that replaces it gets too',
    );
    expect(plan({ ...input, enforcer: 'cilium' as const })).toMatchObject({
      ok: false,
      reason: 'cannot-open',
    });
  });
});

test('where Cilium is told which labels count, a grant selects by those alone', () => {
  const db0 = pod({ ...db, labels: { app: 'db', name: 'db' } });
  const input = { pods: [web1, db0], policies: [dbOnlyApi], enforcer: 'cilium' as const };
  expect(good(plan(input)).halves[0]?.policy.spec).toMatchObject({
    podSelector: { matchLabels: { app: 'db' } },
  });
  const policies = [
    networkPolicy({
      name: 'named',
      spec: { podSelector: { matchLabels: { name: 'db' } }, policyTypes: ['Ingress'] },
    }),
  ];
  const web = pod({ ...web1, labels: { ...web1.labels, name: 'web' } });
  const listed = { ...input, pods: [web, db0], policies, settings: { labels: 'k8s:name' } };
  expect(good(plan(listed)).halves[0]?.policy.spec).toMatchObject({
    podSelector: { matchLabels: { name: 'db' } },
    ingress: [{ from: [{ podSelector: { matchLabels: { name: 'web' } } }] }],
  });
});

test('whatever is isolated, a plan opens exactly what it says and isolates nobody in silence', () => {
  const policies = fc.subarray([
    dbOnlyApi,
    webEgress,
    networkPolicy({ name: 'default-deny', spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] } }),
    networkPolicy({
      name: 'api-out',
      spec: { podSelector: { matchLabels: { app: 'api' } }, policyTypes: ['Egress'] },
    }),
  ]);
  const pods = [web1, web2, api, db];
  fc.assert(
    fc.property(policies, fc.constantFrom('api', 'web'), (inForce, from) => {
      const source: EndRef = { type: 'workload', ref: owner('Deployment', from) };
      const planned = plan({ pods, policies: inForce, request: { source } });
      if (!planned.ok) return;
      const model = cluster({ pods, policies: inForce });
      const before = createEngine(model, dialectOf('spec'));
      const drafts = planned.halves.map(({ policy }) => parseNetworkPolicy(policy));
      const after = createEngine(cluster({ pods, policies: [...inForce, ...drafts] }), dialectOf('spec'));
      const opened: string[] = [];
      for (const a of pods) {
        for (const b of pods) {
          if (a === b) continue;
          const query = {
            from: { type: 'pod', pod: a },
            to: { type: 'pod', pod: b },
            port: 5_432,
            protocol: 'TCP',
          } as const;
          const was = verdictOf(before, query).verdict;
          const is = verdictOf(after, query).verdict;
          if (was === 'deny' && is === 'allow') opened.push(`${a.name}>${b.name}`);
          expect(was === 'allow' && is === 'deny').toBe(false);
        }
      }
      const told = planned.opens.map((pair) => `${pair.from.name}>${pair.to.name}`);
      const besides = planned.extra.flatMap(({ from: a, to: b }) =>
        podsOfGroup(model, a).flatMap((x) => podsOfGroup(model, b).map((y) => `${x.name}>${y.name}`)),
      );
      expect([...told, ...besides].sort()).toEqual(opened.sort());
    }),
  );
});
