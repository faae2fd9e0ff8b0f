import { PODS } from '../fleet.ts';
import { every, NODE, OUTSIDE, OUTSIDE_TOO } from '../paths.ts';
import { inX, type Scenario, scenario } from './scenario.ts';

const PORTS = ['80/tcp', '5353/udp'];
// Its UDP server answers from its first address only.
const out = [
  ...every(['x/a'], [OUTSIDE, OUTSIDE_TOO], ['80/tcp', '443/tcp']),
  ...every(['x/a'], [OUTSIDE], ['53/udp']),
  ...every(['x/a'], PODS, PORTS),
];
const outTo = (...blocks: readonly string[]) =>
  inX(`
podSelector: {matchLabels: {app: a}}
policyTypes: [Egress]
egress: [{to: [${blocks.map((block) => `{ipBlock: {${block}}}`).join(', ')}]}]`);
const into = (...blocks: readonly string[]) =>
  inX(`
podSelector: {matchLabels: {app: a}}
ingress: [{from: [${blocks.map((block) => `{ipBlock: {${block}}}`).join(', ')}]}]`);
const intoPaths = every([...PODS, OUTSIDE, OUTSIDE_TOO], ['x/a'], PORTS);

/** Address ranges, for outside hosts, pods and nodes (NP-21, NP-22, NP-27). */
export const ADDRESSES: readonly Scenario[] = [
  scenario(
    'egress to a range with an exception',
    [outTo('cidr: 198.51.100.0/24, except: [198.51.100.128/25]')],
    out,
  ),
  scenario('out to one address', [outTo('cidr: 198.51.100.130/32')], out),
  scenario(
    'an exception may be admitted by another item',
    [outTo('cidr: 198.51.100.0/24, except: [198.51.100.128/25]', 'cidr: 198.51.100.130/32')],
    out,
  ),
  scenario(
    'an exception may be admitted by another policy',
    [
      outTo('cidr: 198.51.100.0/24, except: [198.51.100.128/25, 198.51.100.0/30]'),
      outTo('cidr: 198.51.100.128/26'),
    ],
    out,
  ),
  scenario(
    'egress to everything covers pods, outside hosts and the node',
    [outTo('cidr: 0.0.0.0/0')],
    [...out, ...every(['x/a'], [NODE], ['3999/tcp'])],
    { oneSided: 'everything is admitted' },
  ),
  scenario(
    'egress to everything but the pods',
    [outTo('cidr: 0.0.0.0/0, except: [10.244.0.0/16]')],
    [...out, ...every(['x/a'], [NODE], ['3999/tcp'])],
  ),
  scenario(
    'everything split into two halves is everything',
    [outTo('cidr: 0.0.0.0/1', 'cidr: 128.0.0.0/1, except: [198.51.100.7/32]')],
    [...out, ...every(['x/a'], [NODE], ['3999/tcp'])],
  ),
  scenario('no address of the other family', [outTo('cidr: "::/0"')], out, {
    oneSided: 'no address is of that family',
  }),
  scenario(
    'egress to the node by its address',
    [outTo('cidr: 172.31.255.1/32')],
    [...every(['x/a'], [NODE], ['3999/tcp', '3998/tcp']), ...every(['x/a'], [OUTSIDE, 'x/b'], ['80/tcp'])],
  ),
  scenario(
    'selectors do not reach the node',
    [
      inX(`
podSelector: {matchLabels: {app: a}}
policyTypes: [Egress]
egress: [{to: [{namespaceSelector: {}}]}]`),
    ],
    every(['x/a'], [NODE, 'x/b'], ['3999/tcp']),
  ),
  scenario(
    'ingress from a range with an exception',
    [into('cidr: 198.51.100.0/24, except: [198.51.100.128/25]')],
    intoPaths,
  ),
  scenario('in from everywhere', [into('cidr: 0.0.0.0/0, except: [198.51.100.7/32]')], intoPaths),
  {
    title: 'an ipBlock holds for the address of a pod',
    policies: (cell) => [into(`cidr: ${cell.ip('y/a')}/32`)],
    paths: intoPaths,
  },
  {
    title: 'an exception holds for the address of a pod',
    policies: (cell) => [into(`cidr: 10.244.0.0/16, except: [${cell.ip('y/a')}/32, ${cell.ip('x/b')}/32]`)],
    paths: intoPaths,
  },
  {
    title: 'an ipBlock of a pod and its selector are two ways to the same',
    policies: (cell) => [
      outTo(`cidr: ${cell.ip('z/a')}/32`, `cidr: ${cell.ip('x/c')}/32`),
      inX(
        'podSelector: {matchLabels: {app: c}}\ningress: [{from: [{podSelector: {matchLabels: {app: a}}}], ports: [{port: 80}]}]',
      ),
    ],
    paths: out,
  },
  scenario(
    'an ipBlock of service addresses matches nothing: policies see the backend',
    [outTo('cidr: 10.96.0.0/12')],
    every(['x/a'], ['y/svc/web', 'y/a', OUTSIDE], ['8080/tcp']),
    { oneSided: 'that range holds no backend' },
  ),
  {
    title: 'an ipBlock of a backend opens the way through its service',
    policies: (cell) => [outTo(`cidr: ${cell.ip('y/a')}/32`)],
    paths: [...every(['x/a'], ['y/svc/web'], ['8080/tcp']), ...every(['x/a'], ['y/a', 'y/b'], ['80/tcp'])],
  },
];
