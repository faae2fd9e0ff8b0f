import fc from 'fast-check';
import { writeYaml } from '../../src/core/yaml/read.ts';

/** Objects of every kind that is read, each sound by itself. */
const SOUND: readonly unknown[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { team: 'blue' } } },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 8080 }] }] },
      },
    },
  },
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'night', namespace: 'shop' },
    spec: { jobTemplate: { spec: { template: { metadata: { labels: { app: 'night' } }, spec: {} } } } },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'db-0', namespace: 'shop', labels: { app: 'db' } },
    spec: { nodeName: 'n1', containers: [{ name: 'c', ports: [{ name: 'pg', containerPort: 5432 }] }] },
    status: { phase: 'Running', podIP: '10.0.0.7', podIPs: [{ ip: '10.0.0.7' }] },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'db', namespace: 'shop' },
    spec: { selector: { app: 'db' }, clusterIP: '10.96.0.1', ports: [{ port: 80, targetPort: 'pg' }] },
  },
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1' },
    status: { addresses: [{ type: 'InternalIP', address: '192.168.0.1' }] },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 's', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'db' } },
    endpoints: [{ addresses: ['10.0.0.7'] }],
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'np', namespace: 'shop' },
    spec: {
      podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['db'] }] },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [
            { podSelector: { matchLabels: { app: 'web' } } },
            { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } },
          ],
          ports: [{ port: 5432, endPort: 5440, protocol: 'TCP' }, { port: 'pg' }],
        },
      ],
      egress: [{ to: [{ namespaceSelector: { matchLabels: { team: 'blue' } } }] }],
    },
  },
  ...['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'].map((kind) => ({
    apiVersion: 'cilium.io/v2',
    kind,
    metadata: { name: 'c' },
    spec: {
      endpointSelector: { matchLabels: { app: 'db' } },
      ingress: [
        {
          fromEndpoints: [{ matchLabels: { app: 'web' } }],
          toPorts: [{ ports: [{ port: '5432', protocol: 'TCP' }], rules: { http: [{ method: 'GET' }] } }],
        },
        { fromEntities: ['cluster'] },
      ],
      egressDeny: [{ toCIDRSet: [{ cidr: '203.0.113.0/24', except: ['203.0.113.9/32'] }] }],
      egress: [
        { toFQDNs: [{ matchName: 'a.example' }] },
        { toServices: [{ k8sService: { serviceName: 'db', namespace: 'shop' } }] },
      ],
    },
  })),
  {
    apiVersion: 'policy.networking.k8s.io/v1alpha1',
    kind: 'AdminNetworkPolicy',
    metadata: { name: 'a' },
    spec: {
      priority: 5,
      subject: { namespaces: { matchLabels: { team: 'blue' } } },
      ingress: [
        {
          action: 'Deny',
          from: [{ pods: { namespaceSelector: {}, podSelector: {} } }],
          ports: [{ portNumber: { protocol: 'TCP', port: 80 } }],
        },
      ],
      egress: [{ action: 'Pass', to: [{ networks: ['10.0.0.0/8'] }] }],
    },
  },
  {
    apiVersion: 'policy.networking.k8s.io/v1alpha2',
    kind: 'ClusterNetworkPolicy',
    metadata: { name: 'b' },
    spec: {
      tier: 'Baseline',
      priority: 5,
      subject: { pods: { namespaceSelector: {}, podSelector: {} } },
      ingress: [
        {
          action: 'Accept',
          from: [{ namespaces: {} }],
          protocols: [{ tcp: { destinationPort: { range: { start: 1, end: 9 } } } }],
        },
      ],
    },
  },
];

/** What nobody expects where it stands. */
const JUNK = fc.constantFrom<unknown>(
  null,
  true,
  0,
  -1,
  1.5,
  1e21,
  '',
  'x',
  '\u001b[31m',
  '__proto__',
  'constructor',
  '10.0.0.0/33',
  '::/0',
  '*'.repeat(300),
  [],
  {},
  [null],
  [[]],
  { a: { b: [] } },
  { matchLabels: { a: null } },
  { constructor: 1, toString: 'x' },
);

type Change = {
  readonly steps: readonly number[];
  readonly how: 'replace' | 'delete' | 'wrap';
  readonly junk: unknown;
};

const CHANGE = fc.record<Change>({
  steps: fc.array(fc.nat(7), { maxLength: 9 }),
  how: fc.constantFrom('replace', 'delete', 'wrap'),
  junk: JUNK,
});

/** Follows steps into a value, and changes what is there. */
function changed(value: unknown, { steps, how, junk }: Change): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || typeof value !== 'object' || value === null)
    return how === 'wrap' ? [value] : junk;
  const keys = Object.keys(value);
  const key = keys[step % Math.max(1, keys.length)];
  if (key === undefined) return junk;
  const entries = Object.entries(value).flatMap(([name, item]): [string, unknown][] => {
    if (name !== key) return [[name, item]];
    if (rest.length === 0 && how === 'delete') return [];
    return [[name, changed(item, { steps: rest, how, junk })]];
  });
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

const OBJECTS = fc
  .array(fc.tuple(fc.constantFrom(...SOUND), fc.array(CHANGE, { maxLength: 3 })), {
    minLength: 1,
    maxLength: 8,
  })
  .map((list) => list.map(([object, changes]) => changes.reduce(changed, object)));

type Splice = { readonly at: number; readonly cut: number; readonly put: string };

const SPLICE = fc.record<Splice>({
  at: fc.nat(2_000),
  cut: fc.nat(12),
  put: fc.oneof(
    fc.constantFrom(
      '',
      ':',
      '\n',
      '  ',
      '\t',
      '- ',
      '---\n',
      '&a ',
      '*a',
      '{{ x }}',
      '"',
      '!!set ',
      '\u0000',
      '\uFEFF',
      '<<: ',
      '?',
      '%',
      '[',
    ),
    fc.string({ maxLength: 5 }),
  ),
});

function spliced(text: string, { at, cut, put }: Splice): string {
  const start = at % (text.length + 1);
  return `${text.slice(0, start)}${put}${text.slice(start + cut)}`;
}

/** Texts of manifests in which something is amiss: fields, or the text itself. */
export const BROKEN_MANIFESTS = fc
  .record({
    objects: OBJECTS,
    format: fc.constantFrom('yaml', 'json', 'list'),
    splices: fc.oneof(
      { weight: 2, arbitrary: fc.constant<Splice[]>([]) },
      fc.array(SPLICE, { maxLength: 4 }),
    ),
  })
  .map(({ objects, format, splices }) => {
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    const whole =
      format === 'yaml'
        ? objects.map((object) => writeYaml(object)).join('---\n')
        : format === 'json'
          ? objects.map((object) => JSON.stringify(object)).join('\n')
          : writeYaml(list);
    return splices.reduce(spliced, whole);
  });
