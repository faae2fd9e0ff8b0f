import { PODS } from '../fleet.ts';
import { every, OUTSIDE } from '../paths.ts';
import { inX, inY, type Scenario, scenario } from './scenario.ts';

const A = 'podSelector: {matchLabels: {app: a}}';
const around = [
  ...every(['x/b', 'y/a', OUTSIDE], ['x/a'], ['80/tcp', '5353/udp']),
  ...every(['x/a'], ['x/b', 'y/a', OUTSIDE], ['80/tcp']),
];
const FROM_B = '{from: [{podSelector: {matchLabels: {app: b}}}]}';
const TO_B = '{to: [{podSelector: {matchLabels: {app: b}}}]}';

/** Isolation by direction, defaults of policyTypes, several policies at once (NP-1 to NP-14). */
export const DIRECTIONS: readonly Scenario[] = [
  scenario('without rules and types, ingress is isolated', [inX(A)], around),
  scenario('type Egress without rules isolates egress', [inX(`${A}\npolicyTypes: [Egress]`)], around),
  scenario('both types without rules isolate both', [inX(`${A}\npolicyTypes: [Ingress, Egress]`)], around, {
    oneSided: 'both directions are isolated',
  }),
  scenario('egress rules make it both types', [inX(`${A}\negress: [${TO_B}]`)], around),
  scenario('an empty egress list is no rule: only ingress is isolated', [inX(`${A}\negress: []`)], around),
  scenario(
    'egress rules are ignored with type Ingress',
    [inX(`${A}\npolicyTypes: [Ingress]\ningress: [${FROM_B}]\negress: [${TO_B}]`)],
    around,
  ),
  scenario(
    'ingress rules are ignored with type Egress',
    [inX(`${A}\npolicyTypes: [Egress]\ningress: [${FROM_B}]\negress: [${TO_B}]`)],
    around,
  ),
  scenario(
    'both types with rules',
    [inX(`${A}\npolicyTypes: [Egress, Ingress]\ningress: [${FROM_B}]\negress: [${TO_B}]`)],
    around,
  ),
  scenario(
    'an empty ingress rule admits everything',
    [inX(`${A}\ningress: [{}]`), inX('podSelector: {matchLabels: {app: b}}\ningress: []')],
    [...around, ...every(['y/a'], ['x/b'], ['80/tcp'])],
  ),
  scenario(
    'an empty egress rule allows everything',
    [inX(`${A}\npolicyTypes: [Ingress, Egress]\negress: [{}]`)],
    around,
  ),
  scenario(
    'an empty list of peers means everything',
    [inX(`${A}\ningress: [{from: [], ports: [{port: 80}]}]`)],
    around,
  ),
  scenario(
    'an empty list of destinations means everything',
    [inX(`${A}\npolicyTypes: [Egress]\negress: [{to: [], ports: [{port: 80}]}]`)],
    [...around, ...every(['x/a'], ['x/c', OUTSIDE], ['443/tcp', '53/udp'])],
  ),
  scenario(
    'both halves must admit',
    [
      inX(`${A}\npolicyTypes: [Egress]\negress: [{to: [{namespaceSelector: {matchLabels: {team: blue}}}]}]`),
      inY(
        `podSelector: {}\ningress: [{from: [{namespaceSelector: {matchLabels: {team: red}}}], ports: [{port: 80}]}]`,
      ),
    ],
    [
      ...every(['x/a', 'x/b', 'z/a'], ['y/a', 'y/b'], ['80/tcp', '81/tcp']),
      ...every(['x/a'], ['x/b', 'z/a'], ['80/tcp']),
    ],
  ),
  scenario(
    'policies are additive',
    [
      inX(`${A}\ningress: []`),
      inX(`${A}\ningress: [${FROM_B}]`),
      inX(
        `podSelector: {}\ningress: [{from: [{namespaceSelector: {matchLabels: {team: blue}}}], ports: [{port: 80}]}]`,
      ),
    ],
    every(PODS, ['x/a', 'x/c'], ['80/tcp', '8080/tcp']),
  ),
  scenario(
    'peers of one policy do not combine with ports of another',
    [
      inX(`${A}\ningress: [{from: [{podSelector: {matchLabels: {app: b}}}], ports: [{port: 80}]}]`),
      inX(`${A}\ningress: [{from: [{podSelector: {matchLabels: {app: c}}}], ports: [{port: 8080}]}]`),
    ],
    every(['x/b', 'x/c', 'x/d'], ['x/a'], ['80/tcp', '8080/tcp', '81/tcp']),
  ),
  scenario(
    'peers of one rule do not combine with ports of another',
    [
      inX(`${A}
ingress:
  - {from: [{podSelector: {matchLabels: {app: b}}}, {podSelector: {matchLabels: {app: d}}}], ports: [{port: 80}, {port: 81}]}
  - {from: [{podSelector: {matchLabels: {app: c}}}], ports: [{port: 8080}]}`),
    ],
    every(['x/b', 'x/c', 'x/d'], ['x/a'], ['80/tcp', '8080/tcp', '81/tcp']),
  ),
  scenario(
    'the same policy twice counts once',
    [inX(`${A}\ningress: [${FROM_B}]`), inX(`${A}\ningress: [${FROM_B}]`)],
    around,
  ),
  scenario(
    'ten policies on one pod',
    Array.from({ length: 10 }, (_, index) =>
      inX(
        `${A}\ningress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: ${'abcd'[index % 4]}}}}], ports: [{port: ${8079 + index}}]}]`,
      ),
    ),
    every(PODS, ['x/a'], ['80/tcp', '8079/tcp', '8080/tcp', '8081/tcp', '8082/tcp', '8088/tcp']),
  ),
  scenario(
    'default deny for all, and one path through both halves',
    [
      inX('podSelector: {}\npolicyTypes: [Ingress, Egress]'),
      inX(
        `${A}\npolicyTypes: [Egress]\negress: [{to: [{podSelector: {matchLabels: {app: b}}}], ports: [{port: 8081}]}]`,
      ),
      inX(
        `podSelector: {matchLabels: {app: b}}\ningress: [{from: [{podSelector: {matchLabels: {app: a}}}], ports: [{port: http}]}]`,
      ),
    ],
    every(['x/a', 'x/b', 'x/c', 'y/a'], ['x/a', 'x/b', 'y/a'], ['80/tcp', '8081/tcp']),
  ),
  scenario(
    'a pod isolated for ingress can send, and gets replies',
    [inX('podSelector: {}\ningress: []')],
    every(['x/a', 'x/b', 'y/a'], ['x/c', 'y/a', 'y/b'], ['80/tcp', '53/udp']),
  ),
];
