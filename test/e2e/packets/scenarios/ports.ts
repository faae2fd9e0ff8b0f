import { PODS, SERVED } from '../fleet.ts';
import { every, OUTSIDE } from '../paths.ts';
import { OPEN_QUESTIONS } from '../report.ts';
import { inX, inY, type Scenario, scenario } from './scenario.ts';

const toA = every(['x/b', 'y/a'], ['x/a'], [...SERVED, '1/tcp', '65535/tcp']);
const admits = (ports: string, from = '') =>
  inX(`
podSelector: {matchLabels: {app: a}}
ingress: [{${from}ports: [${ports}]}]`);
const out = (ports: string, to = '') =>
  inX(`
podSelector: {matchLabels: {app: a}}
policyTypes: [Egress]
egress: [{${to}ports: [${ports}]}]`);
const fromA = every(['x/a'], PODS, ['80/tcp', '81/tcp', '8080/tcp', '8081/tcp', '5353/tcp', '5353/udp']);
const HTTP = ['80/tcp', '81/tcp', '81/udp', '8080/tcp', '8081/tcp'];

/** Ports by number, range and name (NP-13, NP-14, NP-24, NP-25). */
export const PORTS: readonly Scenario[] = [
  scenario('one port', [admits('{protocol: TCP, port: 8080}')], toA),
  scenario('the protocol is TCP unless named', [admits('{port: 5353}')], toA),
  scenario('a UDP port is no TCP port', [admits('{protocol: UDP, port: 5353}')], toA),
  scenario('a protocol without a port is all its ports', [admits('{protocol: UDP}')], toA),
  scenario(
    'all of one protocol and one port of the other',
    [admits('{protocol: TCP}, {protocol: UDP, port: 53}, {protocol: TCP, port: 80}')],
    toA,
  ),
  scenario('a range', [admits('{port: 81, endPort: 8080}')], toA),
  scenario('a range of one', [admits('{port: 81, endPort: 81}')], toA),
  scenario(
    'a range to the last port',
    [admits('{port: 8080, endPort: 65535}, {protocol: UDP, port: 5353, endPort: 65535}')],
    toA,
  ),
  scenario(
    'ranges that overlap and touch',
    [admits('{port: 79, endPort: 80}, {port: 80, endPort: 81}, {port: 8081, endPort: 9000}, {port: 8082}')],
    toA,
  ),
  scenario(
    'an empty list of ports is all ports',
    [admits('')],
    every(['x/b', 'y/a'], ['x/a'], ['80/tcp', '53/udp']),
    { oneSided: 'all is admitted' },
  ),
  scenario(
    'more ports than an iptables rule holds',
    [admits(Array.from({ length: 24 }, (_, index) => `{port: ${57 + 2 * index}}`).join(', '))],
    toA,
  ),
  scenario(
    'SCTP admits neither TCP nor UDP',
    [admits('{protocol: SCTP, port: 80}, {protocol: SCTP, port: 5353}, {port: 8080}')],
    toA,
  ),
  scenario('all of SCTP admits neither TCP nor UDP', [admits('{protocol: SCTP}')], toA, {
    oneSided: 'SCTP alone is admitted',
  }),
  scenario(
    'peers and ports must both match',
    [
      admits(
        '{port: 80}, {protocol: UDP, port: 53}',
        'from: [{podSelector: {matchLabels: {app: b}}}, {namespaceSelector: {matchLabels: {team: ""}}}], ',
      ),
    ],
    every(PODS, ['x/a'], ['80/tcp', '8080/tcp', '53/udp']),
  ),
  scenario(
    'a name is a different number in each pod',
    [
      inX('podSelector: {}\ningress: [{ports: [{port: http}]}]'),
      inY('podSelector: {}\ningress: [{ports: [{port: http}]}]'),
    ],
    every(['z/a'], ['x/a', 'x/b', 'x/c', 'y/a'], HTTP),
  ),
  scenario(
    'a name that a pod declares twice means both numbers',
    [inY('podSelector: {matchLabels: {app: b}}\ningress: [{ports: [{port: http}]}]')],
    every(['z/a', 'x/a'], ['y/b'], HTTP),
  ),
  scenario(
    'a name that a sidecar declares',
    [inX('podSelector: {matchLabels: {app: d}}\ningress: [{ports: [{port: http}, {port: 8080}]}]')],
    every(['x/a', 'y/a'], ['x/d'], HTTP),
    { undecidable: OPEN_QUESTIONS },
  ),
  scenario(
    'a name of another protocol matches nothing',
    [inX('podSelector: {}\ningress: [{ports: [{port: dns, protocol: TCP}]}]')],
    every(['z/a'], ['x/a', 'x/b'], ['5353/tcp', '5353/udp', '80/tcp']),
  ),
  scenario(
    'a UDP name',
    [inX('podSelector: {}\ningress: [{ports: [{port: dns, protocol: UDP}]}]')],
    every(['z/a'], ['x/a', 'x/b'], ['5353/tcp', '5353/udp', '80/tcp']),
  ),
  scenario('a name that nobody declares stands for nothing', [admits('{port: metrics}, {port: 81}')], toA),
  scenario(
    'a name with numbers and ranges',
    [admits('{port: http}, {port: 80}, {port: 5000, endPort: 6000}, {port: dns, protocol: UDP}')],
    toA,
  ),
  scenario('out to a port', [out('{port: 8080}, {protocol: UDP, port: 5353}')], fromA),
  scenario('out to a range', [out('{port: 81, endPort: 8080}')], fromA),
  scenario('out to a name: the destination’s own number', [out('{port: http}')], fromA, {
    undecidable: OPEN_QUESTIONS,
  }),
  scenario(
    'egress to a name of only some pods',
    [
      out(
        '{port: http}',
        'to: [{namespaceSelector: {matchLabels: {team: blue}}}, {podSelector: {matchLabels: {app: b}}}], ',
      ),
    ],
    fromA,
  ),
  scenario(
    'egress to a UDP name, and to a name of the wrong protocol',
    [out('{port: http, protocol: UDP}, {port: dns, protocol: TCP}')],
    every(['x/a'], PODS, ['81/tcp', '81/udp', '5353/tcp', '5353/udp', '8081/tcp']),
  ),
  scenario(
    'egress to a name: no outside host has it',
    [out('{port: http}, {port: 443}')],
    [
      ...every(['x/a'], [OUTSIDE], ['80/tcp', '443/tcp', '8080/tcp']),
      ...every(['x/a'], ['y/a'], ['80/tcp', '443/tcp']),
    ],
  ),
  {
    title: 'out to a name, by address',
    policies: (cell) => [
      out(
        '{port: http}',
        `to: [{ipBlock: {cidr: ${cell.ip('y/b')}/32}}, {ipBlock: {cidr: ${cell.ip('z/a')}/32}}, {ipBlock: {cidr: ${cell.ip('x/b')}/32}}], `,
      ),
    ],
    paths: fromA,
  },
  scenario(
    'egress to a sidecar’s name',
    [out('{port: http}, {port: 8080}', 'to: [{podSelector: {matchLabels: {app: d}}}], ')],
    every(['x/a'], ['x/d'], HTTP),
    { undecidable: OPEN_QUESTIONS },
  ),
];
