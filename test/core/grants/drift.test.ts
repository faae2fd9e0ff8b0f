import { describe, expect, test } from 'vitest';
import type { Pod } from '../../../src/core/cluster/objects.ts';
import { surroundingsDrift } from '../../../src/core/grants/drift.ts';
import { surroundingsOf } from '../../../src/core/grants/surroundings.ts';
import { createEngine } from '../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../src/core/policy/enforcers/enforcers.ts';
import { parseNetworkPolicy } from '../../../src/core/policy/kinds/network-policy.ts';
import type { Policy } from '../../../src/core/policy/model/policy.ts';
import type { PairChange } from '../../../src/core/policy/model/verdict.ts';
import { cluster, networkPolicy, pod } from '../../helpers/builders.ts';

const owner = (name: string) => ({ kind: 'Deployment', namespace: 'shop', name });
const web = pod({ name: 'web-1', labels: { app: 'web' }, owner: owner('web') });
const db = pod({ name: 'db-0', labels: { app: 'db' }, owner: owner('db') });
const other = pod({ name: 'other-1', labels: { app: 'other' }, owner: owner('other') });
const admits = (name: string, app: string, more: object = {}) =>
  parseNetworkPolicy({
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, ...more },
    spec: {
      podSelector: { matchLabels: { app: 'db' } },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
              podSelector: { matchLabels: { app } },
            },
          ],
          ports: [{ protocol: 'TCP', port: 5_432 }],
        },
      ],
    },
  });
const deny = networkPolicy({ name: 'deny', spec: { podSelector: {}, policyTypes: ['Ingress'] } });
const grant = admits('sluice-tst2-in', 'web', { labels: { 'sluice.dev/grant': 'tst2' } });
const opened: readonly PairChange[] = [
  {
    from: { namespace: 'shop', name: 'web-1' },
    to: { namespace: 'shop', name: 'db-0' },
    port: 5_432,
    protocol: 'TCP',
  },
];

/** What is told after the cluster went from `web`, `db` and `deny` to what is given, the grant in force. */
function after({
  pods = [web, db, other],
  policies = [deny],
}: {
  pods?: readonly Pod[];
  policies?: readonly Policy[];
}) {
  const dialect = dialectOf('spec');
  const was = createEngine(cluster({ pods: [web, db, other], policies: [deny] }), dialect);
  const is = createEngine(cluster({ pods, policies: [...policies, grant] }), dialect);
  return surroundingsDrift(is, [grant], surroundingsOf(was, [grant]), opened);
}

test('nothing is told while nothing changes, and the pair is open through the grant alone', () => {
  expect(after({})).toEqual({ drift: [], opens: opened });
});

describe('a grant of a block and a range of ports', () => {
  const block = parseNetworkPolicy({
    metadata: {
      name: 'sluice-tst3-in',
      namespace: 'shop',
      uid: 'uid-tst3',
      labels: { 'sluice.dev/grant': 'x' },
    },
    spec: {
      podSelector: { matchLabels: { app: 'db' } },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [{ ipBlock: { cidr: '198.51.100.0/24' } }],
          ports: [{ protocol: 'TCP', port: 80, endPort: 90 }],
        },
      ],
    },
  });
  const openedBlock = Array.from(
    { length: 11 },
    (_, at): PairChange => ({
      from: { name: '198.51.100.0/24' },
      to: { namespace: 'shop', name: 'db-0' },
      port: 80 + at,
      protocol: 'TCP',
    }),
  );
  const opening = (cidr: string, port: number) =>
    networkPolicy({
      name: 'other',
      spec: {
        podSelector: { matchLabels: { app: 'db' } },
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ ipBlock: { cidr } }], ports: [{ port }] }],
      },
    });
  const told = (policies: readonly Policy[], pods: readonly Pod[] = [web, db]) => {
    const was = createEngine(cluster({ pods: [web, db], policies: [deny] }), dialectOf('spec'));
    const is = createEngine(cluster({ pods, policies: [...policies, block] }), dialectOf('spec'));
    return surroundingsDrift(is, [block], surroundingsOf(was, [block]), openedBlock);
  };

  test('is quiet while nothing changes, and nothing new opens', () => {
    const { drift, opens } = told([deny]);
    expect(drift).toEqual([]);
    expect(opens.map(({ from, port }) => `${from.name}:${port}`)).toEqual([
      '198.51.100.0/24:80',
      '198.51.100.0/24:81',
    ]);
  });

  test.each([
    ['in the middle of the range', '198.51.100.0/24', 85],
    ['for the end of the block', '198.51.100.128/25', 85],
    ['for more than the block', '198.51.0.0/16', 90],
  ])('another policy that opens the path %s is told', (_, cidr, port) => {
    expect(told([deny, opening(cidr, port)]).drift).toEqual([
      'NetworkPolicy shop/other also opens the path: it will stay open when the grant ends',
    ]);
  });

  test('another policy beside the block or the range is not', () => {
    expect(told([deny, opening('198.51.101.0/24', 85)]).drift).toEqual([]);
    expect(told([deny, opening('198.51.100.0/24', 91)]).drift).toEqual([]);
  });

  test('a pod that gets an address of the block is told', () => {
    const late = pod({ name: 'late', labels: { app: 'late' }, ips: ['198.51.100.7'] });
    expect(told([deny], [web, db, late]).drift).toEqual([
      'pod shop/late from another workload is now a source of the grant',
    ]);
  });
});

describe('base policies', () => {
  test('one that is deleted is told', () => {
    expect(after({ policies: [] }).drift).toEqual([
      'NetworkPolicy shop/deny was deleted after the grant was planned',
    ]);
  });

  test('one that says something else is told; one made anew as it was is not', () => {
    const spec = { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'] };
    expect(after({ policies: [networkPolicy({ name: 'deny', spec })] }).drift).toEqual([
      'NetworkPolicy shop/deny was changed after the grant was planned',
    ]);
    expect(after({ policies: [{ ...deny, uid: 'another', labels: { team: 'new' } }] }).drift).toEqual([]);
  });

  test('one that selects neither end is none', () => {
    const spec = { podSelector: { matchLabels: { app: 'other' } }, policyTypes: ['Ingress'] };
    expect(after({ policies: [deny, networkPolicy({ name: 'far', spec })] }).drift).toEqual([]);
  });
});

describe('labels', () => {
  test('of a pod that the grant reaches: told, and that it is reached no more', () => {
    const renamed = { ...web, labels: { app: 'web2', team: 'x' } };
    expect(after({ pods: [renamed, db, other] })).toEqual({
      drift: [
        'labels of pod shop/web-1 changed: app web → web2, team none → x; it is no longer a source of the grant',
      ],
      opens: [],
    });
  });

  test('that bring another pod under the grant are told', () => {
    const spoof = { ...other, labels: { app: 'web' } };
    const { drift, opens } = after({ pods: [web, db, spoof] });
    expect(drift).toEqual(['labels of pod shop/other-1 changed: it is now a source of the grant']);
    expect(opens.map(({ from }) => from.name)).toEqual(['web-1', 'other-1']);
  });

  test('of a new pod: of the same workload it takes another one’s place, of another it is told', () => {
    const next = pod({ name: 'web-2', labels: { app: 'web' }, owner: owner('web') });
    expect(after({ pods: [next, db, other] })).toMatchObject({
      drift: [],
      opens: [{ from: { name: 'web-2' } }],
    });
    const stranger = pod({ name: 'job-1', labels: { app: 'web' }, owner: owner('job') });
    expect(after({ pods: [web, db, other, stranger] }).drift).toEqual([
      'pod shop/job-1 from another workload is now a source of the grant',
    ]);
  });
});

describe('other policies', () => {
  test('one that opens the path too is told by name, and the grant opens nothing any more', () => {
    expect(after({ policies: [deny, admits('db-from-web', 'web')] })).toEqual({
      drift: ['NetworkPolicy shop/db-from-web also opens the path: it will stay open when the grant ends'],
      opens: [],
    });
  });

  test('another grant on the same path is told as one, with who made it', () => {
    const second = admits('sluice-tst3-in', 'web', {
      labels: { 'sluice.dev/grant': 'tst3' },
      annotations: { 'sluice.dev/requester': 'bob' },
    });
    expect(after({ policies: [deny, second] }).drift).toEqual([
      'grant tst3 by bob also opens the path: it will stay open when the grant ends',
    ]);
  });

  test('of many that open the path the first are named, and that there are more', () => {
    const many = ['a', 'b', 'c', 'd', 'e'].map((name) => admits(name, 'web'));
    expect(after({ policies: [deny, ...many] }).drift).toEqual([
      ...['a', 'b', 'c'].map(
        (name) => `NetworkPolicy shop/${name} also opens the path: it will stay open when the grant ends`,
      ),
      'more policies also open the path',
    ]);
  });

  test('one that closes the path though the grant allows it is told', () => {
    const spec = { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Egress'] };
    expect(after({ policies: [deny, networkPolicy({ name: 'web-egress', spec })] }).drift).toEqual([
      'NetworkPolicy shop/web-egress keeps the path closed',
    ]);
  });

  test('pairs that the grant did not open tell nothing: they were so before', () => {
    const engine = createEngine(
      cluster({ pods: [web, db], policies: [deny, grant, admits('db-from-web', 'web')] }),
      dialectOf('spec'),
    );
    expect(surroundingsDrift(engine, [grant], surroundingsOf(engine, [grant]), []).drift).toEqual([]);
  });
});
