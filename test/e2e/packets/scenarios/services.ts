import { every } from '../paths.ts';
import { OPEN_QUESTIONS } from '../report.ts';
import { inX, inY, type Scenario, scenario } from './scenario.ts';

const A = 'podSelector: {matchLabels: {app: a}}';
const toWeb = [
  ...every(['x/b', 'y/a'], ['x/svc/web'], ['80/tcp', '82/tcp']),
  ...every(['x/b'], ['x/a'], ['80/tcp', '8080/tcp', '8081/tcp']),
];
const itself = [
  ...every(['x/a'], ['x/svc/web'], ['80/tcp', '82/tcp']),
  ...every(['x/a'], ['x/svc/dns'], ['53/udp']),
];

/** Policies see the backend and its port; a pod behind its own service is a peer of itself (NP-27, NP-30). */
export const SERVICES: readonly Scenario[] = [
  scenario(
    'ingress through a service is matched at the port of the pod',
    [inX(`${A}\ningress: [{from: [{podSelector: {}}], ports: [{port: 8080}]}]`)],
    toWeb,
  ),
  scenario(
    'the port of the service is not matched',
    [inX(`${A}\ningress: [{ports: [{port: 80}, {port: 82}]}]`)],
    toWeb,
  ),
  scenario(
    'ingress through a service by the name of the port',
    [inX(`${A}\ningress: [{ports: [{port: http}]}]`)],
    toWeb,
  ),
  scenario(
    'egress through a service is matched at the port of the pod',
    [
      inX(
        'podSelector: {matchLabels: {app: b}}\npolicyTypes: [Egress]\negress: [{to: [{podSelector: {matchLabels: {app: a}}}], ports: [{port: 8080}]}, {ports: [{port: 80}]}]',
      ),
    ],
    [...every(['x/b'], ['x/svc/web'], ['80/tcp', '82/tcp']), ...every(['x/b'], ['y/svc/web'], ['8080/tcp'])],
  ),
  scenario(
    'backends with different numbers for one name',
    [inX('podSelector: {}\ningress: [{ports: [{port: http}]}]')],
    [...every(['z/a', 'x/c'], ['x/svc/mixed'], ['80/tcp']), ...every(['z/a'], ['x/svc/web'], ['82/tcp'])],
  ),
  scenario(
    'backends with one open',
    [inX('podSelector: {}\ningress: [{ports: [{port: 8081}]}]')],
    [
      ...every(['z/a', 'x/c'], ['x/svc/mixed'], ['80/tcp']),
      ...every(['z/a'], ['x/svc/web'], ['80/tcp', '82/tcp']),
    ],
    { undecidable: OPEN_QUESTIONS },
  ),
  scenario(
    'a UDP service',
    [
      inX(
        `${A}\ningress: [{from: [{namespaceSelector: {matchLabels: {team: blue}}}], ports: [{port: 5353, protocol: UDP}]}]`,
      ),
    ],
    every(['x/b', 'y/a', 'z/a'], ['x/svc/dns'], ['53/udp']),
  ),
  scenario(
    'a service of another namespace',
    [
      inY(
        `${A}\ningress: [{from: [{namespaceSelector: {matchLabels: {zone: one}}, podSelector: {matchLabels: {tier: back}}}]}]`,
      ),
    ],
    every(['x/a', 'x/b', 'y/b', 'z/a'], ['y/svc/web'], ['8080/tcp']),
  ),
  scenario(
    'a service without backends, and a port that it does not have, are unreachable',
    [inX(`${A}\ningress: []`)],
    [
      ...every(['x/b'], ['x/svc/nobody'], ['80/tcp']),
      ...every(['x/b'], ['x/svc/web'], ['80/tcp', '9999/tcp']),
      ...every(['x/b'], ['x/c'], ['80/tcp']),
    ],
  ),
  scenario(
    'a pod that is not isolated reaches itself through its service',
    [inX('podSelector: {matchLabels: {app: b}}')],
    [...itself, ...every(['x/c'], ['x/b'], ['80/tcp'])],
  ),
  scenario(
    'a pod behind its own service is denied by its own ingress policies',
    [inX(`${A}\ningress: [{from: [{podSelector: {matchLabels: {app: b}}}], ports: [{port: 8080}]}]`)],
    [...itself, ...every(['x/b'], ['x/svc/web'], ['80/tcp'])],
  ),
  scenario(
    'a pod behind its own service is denied by its own egress policies',
    [inX(`${A}\npolicyTypes: [Egress]\negress: [{to: [{podSelector: {matchLabels: {app: b}}}]}]`)],
    [...itself, ...every(['x/a'], ['x/b'], ['80/tcp'])],
  ),
  scenario(
    'a pod behind its own service is admitted as its own peer',
    [
      inX(
        `${A}\npolicyTypes: [Ingress, Egress]\ningress: [{from: [{podSelector: {matchLabels: {app: a}}}], ports: [{port: 8080}, {port: dns, protocol: UDP}]}]\negress: [{to: [{podSelector: {}}]}]`,
      ),
    ],
    itself,
  ),
];
