import { every, NODE, OUTSIDE } from '../paths.ts';
import { OPEN_QUESTIONS } from '../report.ts';
import { patch } from '../round.ts';
import { inX, inY, type Scenario, scenario } from './scenario.ts';

const A = 'podSelector: {matchLabels: {app: a}}';
const POINTS = ['80/tcp', '5353/udp'];

/** Nodes, the host network, finished pods, and labels that change (NP-28, NP-29, NP-32, NP-34). */
export const ODD: readonly Scenario[] = [
  scenario(
    'its own node always reaches a pod',
    [inX('podSelector: {}\npolicyTypes: [Ingress, Egress]')],
    every([NODE, OUTSIDE, 'x/b'], ['x/a', 'x/c'], POINTS),
  ),
  scenario(
    'its own node also reaches it through a service',
    [inX('podSelector: {}\ningress: []')],
    every([NODE, 'y/a'], ['x/svc/web'], ['80/tcp', '82/tcp']),
  ),
  scenario(
    'its own node reaches it even if an exception covers it',
    [
      inX(
        `${A}\ningress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [172.31.255.1/32, 198.51.100.0/24]}}]}]`,
      ),
    ],
    every([NODE, OUTSIDE, 'x/b'], ['x/a'], POINTS),
  ),
  scenario(
    'traffic of a host-network pod comes from its node',
    [inX('podSelector: {}\npolicyTypes: [Ingress, Egress]')],
    every(['x/host', 'x/b'], ['x/a', 'y/a'], ['80/tcp']),
  ),
  scenario(
    'no policy selects a pod on the host network',
    [
      inX('podSelector: {matchLabels: {app: host}}\npolicyTypes: [Ingress, Egress]'),
      inX('podSelector: {matchLabels: {app: b}}'),
    ],
    [
      ...every(['x/host'], ['x/a', 'y/a', OUTSIDE], ['80/tcp']),
      ...every(['x/a', 'y/a'], ['x/host'], ['3999/tcp']),
      ...every(['x/a'], ['x/b'], ['80/tcp']),
    ],
  ),
  scenario(
    'selectors do not reach a pod on the host network',
    [
      inX(
        `${A}\npolicyTypes: [Egress]\negress: [{to: [{namespaceSelector: {}}, {podSelector: {matchLabels: {app: host}}}]}]`,
      ),
    ],
    every(['x/a'], ['x/host', 'x/b'], ['3999/tcp']),
  ),
  scenario(
    'an ipBlock of the node reaches a pod on the host network',
    [inX(`${A}\npolicyTypes: [Egress]\negress: [{to: [{ipBlock: {cidr: 172.31.255.0/24}}]}]`)],
    every(['x/a'], ['x/host', NODE, 'x/b'], ['3999/tcp', '3998/tcp']),
  ),
  {
    title: 'a finished pod is nobody: not selected, no peer, no destination',
    policies: () => [
      inX('podSelector: {matchLabels: {app: done}}\npolicyTypes: [Ingress, Egress]'),
      inX(`${A}\ningress: [{from: [{podSelector: {matchLabels: {app: done}}}]}]`),
    ],
    paths: [...every(['x/b', 'y/a'], ['x/a', 'x/c'], ['80/tcp']), ...every(['x/b'], ['x/done'], ['80/tcp'])],
    undecidable: OPEN_QUESTIONS,
  },
  scenario(
    'a new label makes a running pod a peer',
    [inX(`${A}\ningress: [{from: [{podSelector: {matchLabels: {role: guest}}}]}]`)],
    every(['x/b', 'x/c'], ['x/a'], POINTS),
    {
      oneSided: 'nobody has the label yet',
      change: labels('pods', 'x', 'c', { role: 'guest' }, { role: null }),
    },
  ),
  scenario(
    'a new label puts a running pod under a policy',
    [inX('podSelector: {matchLabels: {role: guest}}\npolicyTypes: [Ingress, Egress]')],
    [...every(['x/b', 'y/a'], ['x/c'], POINTS), ...every(['x/c'], ['y/a'], POINTS)],
    {
      oneSided: 'nobody has the label yet',
      change: labels('pods', 'x', 'c', { role: 'guest' }, { role: null }),
    },
  ),
  scenario(
    'a removed label takes a running pod out of the peers',
    [inX(`${A}\ningress: [{from: [{podSelector: {matchExpressions: [{key: tier, operator: Exists}]}}]}]`)],
    every(['x/b', 'x/d', 'x/c'], ['x/a'], ['80/tcp']),
    {
      change: labels('pods', 'x', 'd', { tier: null }, { tier: '' }),
    },
  ),
  scenario(
    'a changed label of a namespace changes the peers',
    [
      inX(
        `${A}\ningress: [{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: In, values: [blue, green]}]}}]}]`,
      ),
    ],
    every(['x/b', 'y/a', 'z/a'], ['x/a'], ['80/tcp']),
    {
      change: labels('namespaces', 'z', undefined, { team: 'green' }, { team: '' }),
    },
  ),
  scenario(
    'a removed label of a namespace changes the peers',
    [
      inX(
        `${A}\negress: [{to: [{namespaceSelector: {matchExpressions: [{key: team, operator: NotIn, values: [blue]}]}}]}]`,
      ),
      inY('podSelector: {}\ningress: [{from: [{namespaceSelector: {matchLabels: {zone: one}}}]}]'),
    ],
    every(['x/a', 'x/b'], ['y/a', 'z/a'], ['80/tcp']),
    {
      change: labels('namespaces', 'y', undefined, { team: null }, { team: 'blue' }),
    },
  ),
];

type LabelChange = Readonly<Record<string, string | null>>;

function labels(
  resource: 'pods' | 'namespaces',
  short: string,
  pod: string | undefined,
  change: LabelChange,
  back: LabelChange,
): Scenario['change'] {
  const set =
    (wanted: LabelChange): NonNullable<Scenario['change']>['make'] =>
    (bench) => {
      const namespace = bench.cell.namespace(short);
      const where = pod === undefined ? { name: namespace } : { namespace, name: pod };
      return patch(bench, resource, where, { metadata: { labels: wanted } });
    };
  return { make: set(change), undo: set(back) };
}
