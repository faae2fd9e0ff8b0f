import { PODS } from '../fleet.ts';
import { every, OUTSIDE } from '../paths.ts';
import { inX, inY, type Scenario, scenario } from './scenario.ts';

const PORTS = ['80/tcp', '5353/udp'];
const toA = every(PODS, ['x/a'], PORTS);
const toAToo = every([...PODS, OUTSIDE], ['x/a'], PORTS);
const fromA = every(['x/a'], PODS, PORTS);

/** Admits peers to x/a. */
const admits = (...peers: readonly string[]) =>
  inX(`
podSelector: {matchLabels: {app: a}}
ingress: [{from: [${peers.join(', ')}]}]`);
/** Allows x/a to reach peers. */
const lets = (...peers: readonly string[]) =>
  inX(`
podSelector: {matchLabels: {app: a}}
policyTypes: [Egress]
egress: [{to: [${peers.join(', ')}]}]`);
const expression = (text: string) => `matchExpressions: [{${text}}]`;
const anywhere = (text: string) => `{namespaceSelector: {}, podSelector: {${text}}}`;

/** Which pods are selected, as peer and as subject (NP-5, NP-6, NP-15 to NP-20). */
export const SELECTORS: readonly Scenario[] = [
  scenario(
    'a podSelector alone means pods of the policy’s namespace',
    [admits('{podSelector: {matchLabels: {app: b}}}')],
    toA,
  ),
  scenario(
    'an empty podSelector means every pod of the policy’s namespace',
    [admits('{podSelector: {}}')],
    toA,
  ),
  scenario(
    'a namespaceSelector alone means all pods of those namespaces',
    [admits('{namespaceSelector: {matchLabels: {team: blue}}}')],
    toA,
  ),
  scenario(
    'an empty namespaceSelector means all pods, but no outside address',
    [admits('{namespaceSelector: {}}')],
    toAToo,
  ),
  scenario(
    'both selectors in one item must match',
    [admits('{namespaceSelector: {matchLabels: {team: blue}}, podSelector: {matchLabels: {app: a}}}')],
    toA,
  ),
  scenario(
    'one of two items is enough',
    [admits('{namespaceSelector: {matchLabels: {team: blue}}}', '{podSelector: {matchLabels: {app: b}}}')],
    toA,
  ),
  scenario('pods of all namespaces by label', [admits(anywhere('matchLabels: {app: a}'))], toA),
  scenario(
    'an absent podSelector next to a namespaceSelector means all its pods',
    [admits('{namespaceSelector: {matchExpressions: [{key: team, operator: Exists}]}}')],
    toAToo,
  ),
  scenario(
    'In matches each of its values',
    [admits(anywhere(expression('key: tier, operator: In, values: [front, mid]')))],
    toA,
  ),
  scenario(
    'In with an empty value needs the key',
    [admits(anywhere(expression('key: tier, operator: In, values: ["", back]')))],
    toA,
  ),
  scenario(
    'NotIn matches if the key is absent',
    [admits(anywhere(expression('key: tier, operator: NotIn, values: [front, back]')))],
    toA,
  ),
  scenario(
    'NotIn with an empty value',
    [admits(anywhere(expression('key: tier, operator: NotIn, values: [""]')))],
    toA,
  ),
  scenario(
    'Exists matches an empty value',
    [admits(anywhere(expression('key: tier, operator: Exists')))],
    toA,
  ),
  scenario('DoesNotExist', [admits(anywhere(expression('key: tier, operator: DoesNotExist')))], toA),
  scenario(
    'an empty value under matchLabels needs the key',
    [admits(anywhere('matchLabels: {tier: ""}'))],
    toA,
  ),
  scenario(
    'labels and expressions must all match',
    [
      admits(
        anywhere(
          'matchLabels: {app: a}, matchExpressions: [{key: tier, operator: NotIn, values: [mid]}, {key: group, operator: DoesNotExist}]',
        ),
      ),
    ],
    toA,
  ),
  scenario(
    'NotIn on namespaces',
    [admits('{namespaceSelector: {matchExpressions: [{key: team, operator: NotIn, values: [blue]}]}}')],
    toA,
  ),
  scenario(
    'NotIn on a key that only one namespace has',
    [admits('{namespaceSelector: {matchExpressions: [{key: zone, operator: NotIn, values: [one]}]}}')],
    toAToo,
  ),
  scenario(
    'DoesNotExist on namespaces',
    [admits('{namespaceSelector: {matchExpressions: [{key: zone, operator: DoesNotExist}]}}')],
    toA,
  ),
  scenario('an empty value on namespaces', [admits('{namespaceSelector: {matchLabels: {team: ""}}}')], toA),
  {
    title: 'a namespace by its name',
    policies: (cell) => [
      admits(`{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ${cell.namespace('y')}}}}`),
      admits(
        `{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [${cell.namespace('z')}, nowhere]}]}}`,
      ),
    ],
    paths: toA,
  },
  scenario(
    'keys that look like operators',
    [
      admits(
        anywhere(
          'matchExpressions: [{key: not, operator: DoesNotExist}, {key: has, operator: NotIn, values: [in]}, {key: all, operator: DoesNotExist}, {key: app, operator: In, values: [b, in, not]}]',
        ),
      ),
    ],
    toA,
  ),
  scenario(
    'the podSelector of a policy supports NotIn with the key absent',
    [
      inX(`
podSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [front, back]}]}
ingress: []`),
    ],
    every(PODS, ['x/a', 'x/b', 'x/c', 'x/d'], ['80/tcp']),
  ),
  scenario(
    'the podSelector of a policy supports DoesNotExist',
    [
      inX(`
podSelector: {matchExpressions: [{key: tier, operator: DoesNotExist}]}
policyTypes: [Ingress, Egress]`),
    ],
    every(['x/c', 'x/d', 'y/a'], PODS, ['80/tcp']),
  ),
  scenario(
    'an empty podSelector isolates the whole namespace and no other',
    [inX('podSelector: {}')],
    every(PODS, PODS, ['80/tcp']),
  ),
  scenario(
    'an omitted podSelector isolates the whole namespace',
    [inX('ingress: [{from: [{podSelector: {matchLabels: {app: b}}}]}]')],
    every(PODS, ['x/c', 'x/d', 'y/a'], ['80/tcp']),
  ),
  scenario(
    'a policy that selects no pods isolates no pods',
    [inX('podSelector: {matchLabels: {app: nobody}}')],
    every(['x/b', 'y/a'], ['x/a', 'x/c'], ['80/tcp']),
    { oneSided: 'nobody is isolated' },
  ),
  scenario(
    'a policy selects pods of its own namespace only',
    [
      inY(`
podSelector: {matchLabels: {app: a}}
ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: b}}}]}]`),
    ],
    every(PODS, ['x/a', 'y/a', 'z/a'], ['80/tcp']),
  ),
  scenario(
    'egress to pods of the policy’s namespace',
    [lets('{podSelector: {matchExpressions: [{key: app, operator: In, values: [b, c]}]}}')],
    fromA,
  ),
  scenario(
    'egress to the pods of some namespaces',
    [lets('{namespaceSelector: {matchExpressions: [{key: team, operator: NotIn, values: [red]}]}}')],
    fromA,
  ),
  scenario(
    'egress to what both selectors match',
    [
      lets(
        '{namespaceSelector: {matchLabels: {team: blue}}, podSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [front]}]}}',
      ),
    ],
    fromA,
  ),
  scenario(
    'egress to what either of two items matches',
    [lets('{namespaceSelector: {matchLabels: {team: ""}}}', '{podSelector: {matchLabels: {tier: ""}}}')],
    fromA,
  ),
  scenario(
    'egress to all pods, but no outside address',
    [lets('{namespaceSelector: {}}')],
    [...fromA, ...every(['x/a'], [OUTSIDE], ['80/tcp', '443/tcp'])],
  ),
  scenario(
    'labels that the enforcer adds to pods',
    [admits(anywhere(expression('key: projectcalico.org/namespace, operator: Exists')))],
    toAToo,
    { oneSided: 'Calico gives it to all pods, others to none; outside nobody has it' },
  ),
  scenario(
    'labels of a namespace as the enforcer passes them to its pods',
    [admits(anywhere('matchLabels: {pcns.team: blue, pcsa.projectcalico.org/name: default}'))],
    toA,
    { oneSided: 'under Calico some pods have them, under others none' },
  ),
  {
    title: 'names of namespaces as the enforcer labels them',
    policies: (cell) => [
      admits(anywhere(`matchLabels: {projectcalico.org/namespace: ${cell.namespace('y')}}`)),
      admits(`{namespaceSelector: {matchLabels: {projectcalico.org/name: ${cell.namespace('z')}}}}`),
    ],
    paths: toA,
    oneSided: 'under Calico some pods have them, under others none',
  },
];
