import fc from 'fast-check';
import { ENFORCER_ROWS } from './settings.ts';

/** A manifest as people write it. */
export type Doc = { readonly kind: string; readonly metadata: Record<string, unknown> } & Record<
  string,
  unknown
>;

/** A small cluster as manifests, and how its enforcer is set. */
export type RandomWorld = {
  readonly documents: readonly Doc[];
  /** As `--enforcer` takes it. */
  readonly enforcer: string;
  /** Of `cilium-config`. */
  readonly settings: Readonly<Record<string, string>>;
  /** As `--assume` takes them. */
  readonly assumed: readonly string[];
};

const NAMESPACES = ['a', 'b'];
const APPS = ['x', 'y', 'z'];
const NODES = ['n1', 'n2'];
const PORTS = [80, 81, 8080, 53];
const NAMES = ['http', 'dns'];
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];
/** Outside addresses worth asking for: in and out of the ranges below. */
export const ADDRESSES = [
  '203.0.113.9',
  '203.0.113.200',
  '198.51.100.7',
  '2001:db8::7',
  '192.168.0.1',
  '192.168.0.2',
];
const CIDRS = [
  '0.0.0.0/0',
  '10.0.0.0/8',
  '10.0.1.0/24',
  '203.0.113.0/24',
  '203.0.113.128/25',
  '192.168.0.0/16',
  '::/0',
  '2001:db8::/32',
];

const one = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const often = <T>(arbitrary: fc.Arbitrary<T>, weight = 3) =>
  fc.oneof({ arbitrary, weight }, { arbitrary: fc.constant(undefined), weight: 1 });
const seldom = <T>(arbitrary: fc.Arbitrary<T>, weight = 4) =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight }, { arbitrary, weight: 1 });

/** Without the fields that are undefined. */
function solid(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function expressions(keys: readonly string[], values: readonly string[]) {
  return fc.oneof(
    fc.record({
      key: one(...keys),
      operator: one('In', 'NotIn'),
      values: fc.uniqueArray(one(...values), { minLength: 1, maxLength: 2 }),
    }),
    fc.record({ key: one(...keys), operator: one('Exists', 'DoesNotExist') }),
  );
}

const podKeys = ['app', 'tier', 'pod-template-hash'];
const podSelector = fc.oneof(
  fc.constant({}),
  one(...APPS).map((app) => ({ matchLabels: { app } })),
  one('1', '2').map((hash) => ({ matchLabels: { 'pod-template-hash': hash } })),
  one('', 'front').map((tier) => ({ matchLabels: { tier } })),
  expressions(podKeys, [...APPS, '', 'front', '1']).map((item) => ({ matchExpressions: [item] })),
);
const namespaceSelector = fc.oneof(
  fc.constant({}),
  one('red', 'blue').map((team) => ({ matchLabels: { team } })),
  one(...NAMESPACES).map((name) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } })),
  expressions(['team'], ['red', 'blue']).map((item) => ({ matchExpressions: [item] })),
);

const ipBlock = fc
  .tuple(one(...CIDRS), seldom(one('203.0.113.128/25', '10.0.1.0/24', '2001:db8::/48')))
  .map(([cidr, except]) => ({
    cidr,
    ...(except !== undefined && inside(except, cidr) ? { except: [except] } : {}),
  }));

/** Whether the hole may stand in the range; for the texts above only. */
function inside(except: string, cidr: string): boolean {
  const wider: Readonly<Record<string, readonly string[]>> = {
    '203.0.113.128/25': ['0.0.0.0/0', '203.0.113.0/24'],
    '10.0.1.0/24': ['0.0.0.0/0', '10.0.0.0/8'],
    '2001:db8::/48': ['::/0', '2001:db8::/32'],
  };
  return wider[except]?.includes(cidr) ?? false;
}

const npPeer = fc.oneof(
  fc.record({ podSelector }),
  fc.record({ namespaceSelector }),
  fc.record({ namespaceSelector, podSelector }),
  fc.record({ ipBlock }),
);
const npPort = fc
  .record({
    protocol: seldom(one(...PROTOCOLS), 1),
    port: often(fc.oneof(one<number | string>(...PORTS), one<number | string>(...NAMES))),
    endPort: seldom(fc.constant(8080), 1),
  })
  .map(({ protocol, port, endPort }) =>
    solid({ protocol, port, endPort: typeof port === 'number' && port <= 8080 ? endPort : undefined }),
  );
const npRule = (field: 'from' | 'to') =>
  fc
    .record({
      peers: often(fc.array(npPeer, { maxLength: 2 })),
      ports: seldom(fc.array(npPort, { maxLength: 2 }), 1),
    })
    .map(({ peers, ports }) => solid({ [field]: peers, ports }));

const name = (kind: string, index: number) => `${kind.toLowerCase().slice(0, 3)}-${index}`;

const networkPolicy = fc
  .record({
    namespace: one(...NAMESPACES),
    podSelector: often(podSelector),
    policyTypes: often(one(['Ingress'], ['Egress'], ['Ingress', 'Egress'], ['Ingress', 'Egress']), 3),
    ingress: often(fc.array(npRule('from'), { maxLength: 2 }), 2),
    egress: often(fc.array(npRule('to'), { maxLength: 2 }), 1),
  })
  .map(
    ({ namespace, ...spec }) =>
      (index: number): Doc => ({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: name('net', index), namespace },
        spec: solid(spec),
      }),
  );

// Cilium

const endpointSelector = fc.oneof(
  { arbitrary: podSelector, weight: 4 },
  {
    arbitrary: fc.oneof(
      one(...NAMESPACES).map((ns) => ({ matchLabels: { 'k8s:io.kubernetes.pod.namespace': ns } })),
      one(...NAMESPACES).map((ns) => ({ matchLabels: { 'io.kubernetes.pod.namespace': ns } })),
      one('red', 'blue').map((team) => ({
        matchLabels: { 'k8s:io.cilium.k8s.namespace.labels.team': team },
      })),
      one('default', 'admin').map((sa) => ({ matchLabels: { 'io.cilium.k8s.policy.serviceaccount': sa } })),
      one('k8s', 'any', 'container').map((source) => ({ matchLabels: { [`${source}:app`]: 'x' } })),
      expressions(['k8s:io.kubernetes.pod.namespace'], NAMESPACES).map((item) => ({
        matchExpressions: [item],
      })),
    ),
    weight: 2,
  },
);
const peerSelector = fc.oneof(
  { arbitrary: endpointSelector, weight: 6 },
  {
    arbitrary: one('host', 'remote-node', 'world', 'kube-apiserver').map((entity) => ({
      matchLabels: { [`reserved:${entity}`]: '' },
    })),
    weight: 1,
  },
);
const entity = one('all', 'world', 'cluster', 'host', 'remote-node', 'kube-apiserver', 'none', 'init');
const ciliumCidr = one(...CIDRS);
const k8sService = fc.record({
  k8sService: fc
    .record({ serviceName: one('s1', 's2', 'gone'), namespace: seldom(one(...NAMESPACES), 1) })
    .map(solid),
});
const ciliumPeers = (direction: 'from' | 'to', action: 'allow' | 'deny') =>
  fc.oneof(
    { arbitrary: fc.constant({}), weight: 2 },
    {
      arbitrary: fc
        .array(peerSelector, { maxLength: 2 })
        .map((list) => ({ [`${direction}Endpoints`]: list })),
      weight: 5,
    },
    {
      arbitrary: fc.array(entity, { maxLength: 2 }).map((list) => ({ [`${direction}Entities`]: list })),
      weight: 3,
    },
    {
      arbitrary: fc
        .array(ciliumCidr, { minLength: 1, maxLength: 2 })
        .map((list) => ({ [`${direction}CIDR`]: list })),
      weight: 2,
    },
    { arbitrary: ipBlock.map((item) => ({ [`${direction}CIDRSet`]: [item] })), weight: 1 },
    ...(direction === 'to'
      ? [
          {
            arbitrary: fc.array(k8sService, { maxLength: 2 }).map((list) => ({ toServices: list })),
            weight: 1,
          },
          ...(action === 'allow'
            ? [
                {
                  arbitrary: one([], [{ matchName: 'a.example' }]).map((list) => ({ toFQDNs: list })),
                  weight: 1,
                },
              ]
            : []),
        ]
      : []),
  );
const ciliumPort = fc
  .record({
    port: one('80', '81', '8080', '53', '0', ...NAMES),
    protocol: often(one('TCP', 'UDP', 'SCTP', 'ANY'), 2),
    endPort: seldom(fc.constant(8080)),
  })
  .map(solid);
const toPorts = (action: 'allow' | 'deny') =>
  fc.array(
    fc.oneof(
      { arbitrary: fc.record({ ports: fc.array(ciliumPort, { maxLength: 2 }) }), weight: 8 },
      ...(action === 'allow'
        ? [
            {
              arbitrary: fc.constant({
                ports: [{ port: '80', protocol: 'TCP' }],
                rules: { http: [{ method: 'GET' }] },
              }),
              weight: 1,
            },
          ]
        : []),
    ),
    { maxLength: 2 },
  );
const ciliumRules = (direction: 'from' | 'to', action: 'allow' | 'deny') =>
  fc.array(
    fc
      .tuple(ciliumPeers(direction, action), seldom(toPorts(action), 1))
      .map(([peers, ports]) => ({ ...peers, ...(ports === undefined ? {} : { toPorts: ports }) })),
    { maxLength: 2 },
  );
const ciliumSpec = fc
  .record({
    endpointSelector,
    enableDefaultDeny: seldom(fc.record({ ingress: fc.boolean(), egress: fc.boolean() }), 2),
    ingress: often(ciliumRules('from', 'allow'), 2),
    ingressDeny: seldom(ciliumRules('from', 'deny'), 2),
    egress: often(ciliumRules('to', 'allow'), 1),
    egressDeny: seldom(ciliumRules('to', 'deny'), 3),
  })
  .map(solid);
const ciliumPolicy = fc.tuple(one(true, true, false), one(...NAMESPACES), ciliumSpec, seldom(ciliumSpec)).map(
  ([namespaced, namespace, spec, more]) =>
    (index: number): Doc => ({
      apiVersion: 'cilium.io/v2',
      kind: namespaced ? 'CiliumNetworkPolicy' : 'CiliumClusterwideNetworkPolicy',
      metadata: { name: name('cil', index), ...(namespaced ? { namespace } : {}) },
      ...(more === undefined ? { spec } : { specs: [spec, more] }),
    }),
);

// Admin kinds

const subject = fc.oneof(
  namespaceSelector.map((namespaces) => ({ namespaces })),
  fc.record({ namespaceSelector, podSelector }).map((pods) => ({ pods })),
);
const adminPeer = (direction: 'from' | 'to') =>
  fc.oneof(
    { arbitrary: subject, weight: 4 },
    ...(direction === 'to'
      ? [
          {
            arbitrary: fc
              .uniqueArray(one('0.0.0.0/0', '10.0.1.0/24', '203.0.113.0/24'), { minLength: 1, maxLength: 2 })
              .map((networks) => ({ networks })),
            weight: 2,
          },
          { arbitrary: one({}, { matchLabels: { zone: '1' } }).map((nodes) => ({ nodes })), weight: 1 },
        ]
      : []),
  );
const alphaPort = fc.oneof(
  fc.record({ port: one(...PORTS), protocol: one(...PROTOCOLS) }).map((portNumber) => ({ portNumber })),
  fc.constant({ portRange: { start: 80, end: 90, protocol: 'TCP' } }),
  one(...NAMES).map((namedPort) => ({ namedPort })),
);
const alpha2Port = fc.oneof(
  fc
    .tuple(
      one('tcp', 'udp', 'sctp'),
      one({ number: 80 }, { number: 53 }, { range: { start: 80, end: 8080 } }),
    )
    .map(([protocol, destinationPort]) => ({ [protocol]: { destinationPort } })),
  one('tcp', 'udp').map((protocol) => ({ [protocol]: {} })),
  one(...NAMES).map((destinationNamedPort) => ({ destinationNamedPort })),
);
const adminRules = (direction: 'from' | 'to', version: 1 | 2, actions: readonly string[]) =>
  fc.array(
    fc
      .tuple(
        one(...actions),
        fc.array(adminPeer(direction), { minLength: 1, maxLength: 2 }),
        seldom(fc.array(version === 1 ? alphaPort : alpha2Port, { minLength: 1, maxLength: 2 }), 1),
      )
      .map(([action, peers, ports]) =>
        solid({ action, [direction]: peers, [version === 1 ? 'ports' : 'protocols']: ports }),
      ),
    { maxLength: 2 },
  );
const adminSpec = (version: 1 | 2, actions: readonly string[]) =>
  fc.record({
    subject,
    ingress: adminRules('from', version, actions),
    egress: adminRules('to', version, actions),
  });
const adminPolicy = fc.oneof(
  fc.tuple(fc.integer({ min: 0, max: 3 }), adminSpec(1, ['Allow', 'Deny', 'Pass'])).map(
    ([priority, spec]) =>
      (index: number): Doc => ({
        apiVersion: 'policy.networking.k8s.io/v1alpha1',
        kind: 'AdminNetworkPolicy',
        metadata: { name: name('anp', index) },
        spec: { priority, ...spec },
      }),
  ),
  adminSpec(1, ['Allow', 'Deny']).map(
    (spec) => (): Doc => ({
      apiVersion: 'policy.networking.k8s.io/v1alpha1',
      kind: 'BaselineAdminNetworkPolicy',
      metadata: { name: 'default' },
      spec,
    }),
  ),
  fc
    .tuple(fc.integer({ min: 0, max: 3 }), one('Admin', 'Baseline'), adminSpec(2, ['Accept', 'Deny', 'Pass']))
    .map(
      ([priority, tier, spec]) =>
        (index: number): Doc => ({
          apiVersion: 'policy.networking.k8s.io/v1alpha2',
          kind: 'ClusterNetworkPolicy',
          metadata: { name: name('cnp', index) },
          spec: { tier, priority, ...spec },
        }),
    ),
);

// Pods and the rest

const containerPort = fc
  .record({
    name: seldom(one(...NAMES), 1),
    containerPort: one(...PORTS),
    protocol: seldom(one(...PROTOCOLS), 1),
  })
  .map(solid);
const podFields = fc.record({
  namespace: one(...NAMESPACES),
  labels: fc
    .record({
      app: often(one(...APPS), 5),
      tier: seldom(one('', 'front'), 2),
      'pod-template-hash': seldom(one('1', '2'), 1),
    })
    .map(solid),
  node: one(...NODES),
  hostNetwork: one(false, false, false, false, false, false, true),
  dual: one(false, false, false, true),
  addressed: one(true, true, true, true, true, true, true, false),
  finished: one(false, false, false, false, false, false, false, true),
  serviceAccount: seldom(fc.constant('admin')),
  ports: fc.array(containerPort, { maxLength: 2 }),
  sidecarPorts: seldom(fc.array(containerPort, { minLength: 1, maxLength: 1 }), 2),
});
type PodFields = typeof podFields extends fc.Arbitrary<infer T> ? T : never;

function podDoc(fields: PodFields, index: number): Doc {
  const {
    namespace,
    labels,
    node,
    hostNetwork,
    dual,
    addressed,
    finished,
    serviceAccount,
    ports,
    sidecarPorts,
  } = fields;
  const four = hostNetwork
    ? node === 'n1'
      ? '192.168.0.1'
      : '192.168.0.2'
    : `10.0.${NAMESPACES.indexOf(namespace)}.${index + 1}`;
  const ips = [four, ...(dual && !hostNetwork ? [`2001:db8::a:${index + 1}`] : [])];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `p${index}`, namespace, labels, uid: `u${index}` },
    spec: solid({
      nodeName: node,
      hostNetwork: hostNetwork ? true : undefined,
      serviceAccountName: serviceAccount,
      containers: [{ name: 'main', ports }],
      initContainers:
        sidecarPorts === undefined
          ? undefined
          : [{ name: 'side', restartPolicy: 'Always', ports: sidecarPorts }],
    }),
    status: {
      phase: finished ? 'Succeeded' : 'Running',
      ...(addressed ? { podIPs: ips.map((ip) => ({ ip })) } : {}),
    },
  };
}

const namespaceDocs = fc.tuple(...NAMESPACES.map(() => seldom(one('red', 'blue'), 1))).map((teams) =>
  NAMESPACES.map(
    (ns, index): Doc => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: ns,
        labels: {
          'kubernetes.io/metadata.name': ns,
          ...(teams[index] === undefined ? {} : { team: teams[index] }),
        },
      },
    }),
  ),
);
const nodeDocs = NODES.map(
  (node, index): Doc => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: node, labels: { zone: String(index + 1) } },
    status: { addresses: [{ type: 'InternalIP', address: `192.168.0.${index + 1}` }] },
  }),
);
const serviceDocs = fc
  .tuple(
    one(...NAMESPACES),
    one(...APPS),
    one(...NAMESPACES),
    fc.boolean(),
    one('203.0.113.9', '192.168.0.2'),
    fc.boolean(),
  )
  .map(([ns, app, other, hasSlice, address, apiKnown]): readonly Doc[] => [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's1', namespace: ns },
      spec: { selector: { app }, ports: [{ port: 80 }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's2', namespace: other },
      spec: { ports: [{ port: 80 }] },
    },
    ...(hasSlice ? [slice('s2', other, address)] : []),
    ...(apiKnown ? [slice('kubernetes', 'default', '192.168.0.2')] : []),
  ]);

function slice(service: string, namespace: string, address: string): Doc {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${service}-1`, namespace, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address] }],
  };
}

/** One policy of the kinds that an enforcer may meet; the number makes its name. */
export const policyDoc = (enforcer: RandomWorld['enforcer']) =>
  fc.oneof(
    { arbitrary: networkPolicy, weight: 3 },
    { arbitrary: adminPolicy, weight: isCilium(enforcer) ? 1 : enforcer === 'spec' ? 3 : 2 },
    { arbitrary: ciliumPolicy, weight: isCilium(enforcer) ? 5 : 1 },
  );

function isCilium(enforcer: RandomWorld['enforcer']): boolean {
  return enforcer.startsWith('cilium');
}

/** Those that decide all they can come more often than those of which little is known. */
export const ENFORCERS = ENFORCER_ROWS.flatMap((name) =>
  Array<string>(name === 'spec' || isCilium(name) ? 5 : 1).fill(name),
);

const ciliumSettings = fc
  .record({
    'enable-policy': one('default', 'default', 'default', 'default', 'always', 'never'),
    'policy-cidr-match-mode': one('', '', 'nodes', 'pods', 'nodes,pods'),
    labels: one('', '', '', 'k8s:app', 'k8s:!tier'),
    'allow-localhost': seldom(one('policy', 'always')),
    'enable-k8s-cluster-network-policy': seldom(one('true', 'false'), 1),
    'enable-k8s-networkpolicy': seldom(fc.constant('false'), 9),
    'enable-cilium-clusterwide-network-policy': seldom(fc.constant('false'), 9),
  })
  .map((fields) => solid(fields) as Record<string, string>);
const knownOf = (key: string) => one(`${key}=true`, `${key}=false`, `${key}=unknown`);
/** Up to three assumptions; what Cilium's settings tell is drawn with them. */
const assumptions = (enforcer: RandomWorld['enforcer']) =>
  fc.uniqueArray(
    fc.oneof(
      knownOf('end-port'),
      knownOf('sctp'),
      ...(isCilium(enforcer)
        ? []
        : [
            knownOf('ipblock-matches-pods'),
            one('enforces=ClusterNetworkPolicy', 'ignores=AdminNetworkPolicy'),
          ]),
    ),
    { minLength: 1, maxLength: 3, selector: (text) => text.split('=')[0] },
  );
/** Seldom, a policy that the engine does not evaluate. */
export const randomForeign = fc
  .record({
    kind: one('Calico NetworkPolicy', 'Istio AuthorizationPolicy', 'OVN-Kubernetes EgressFirewall'),
    namespace: one(...NAMESPACES),
  })
  .map((fields) => ({ ...fields, name: 'foreign' }))
  .chain((object) => one([], [], [], [], [], [], [], [], [], [], [], [], [object]));

/** A world of 4 to 8 pods and 2 to 8 policies of all kinds, under one of the enforcers. */
export const randomWorld: fc.Arbitrary<RandomWorld> = one(...ENFORCERS).chain((enforcer) =>
  fc
    .record({
      namespaces: namespaceDocs,
      services: serviceDocs,
      pods: fc.array(podFields, { minLength: 4, maxLength: 8 }),
      policies: fc.array(policyDoc(enforcer), { minLength: 2, maxLength: 8 }),
      settings: isCilium(enforcer) ? ciliumSettings : fc.constant({}),
      assumed: seldom(assumptions(enforcer), 1),
    })
    .map(({ namespaces, services, pods, policies, settings, assumed = [] }) => ({
      documents: [
        ...namespaces,
        ...nodeDocs,
        ...services,
        ...pods.map(podDoc),
        ...distinct(policies.map((make, index) => make(index))),
      ],
      enforcer,
      settings,
      assumed,
    })),
);

/** One object per kind, namespace and name: the last one. */
function distinct(policies: readonly Doc[]): readonly Doc[] {
  return [
    ...new Map(
      policies.map((doc) => [JSON.stringify([doc.kind, doc.metadata.namespace, doc.metadata.name]), doc]),
    ).values(),
  ];
}

/** Ports worth asking for: around all that the rules above name. */
export const ASKED_PORTS = [53, 79, 80, 81, 85, 8080, 8081] as const;
