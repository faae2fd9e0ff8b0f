/** A NetworkPolicy, and where the API server finds fault with it: the paths of its fields; empty where it takes it. */
export type JudgedPolicy = {
  readonly name: string;
  readonly object: Readonly<Record<string, unknown>>;
  readonly faults: readonly string[];
};

const meta = { name: 'p' };
const policy = (spec: unknown, metadata: unknown = meta, more: object = {}) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata,
  spec,
  ...more,
});
const rule = (item: unknown) => policy({ podSelector: {}, ingress: [item] });
const port = (item: unknown) => rule({ ports: [item] });
const peer = (item: unknown) => rule({ from: [item] });
const select = (podSelector: unknown) => policy({ podSelector });
const express = (item: unknown) => select({ matchExpressions: [item] });

const PORT = 'spec.ingress[0].ports[0]';
const PEER = 'spec.ingress[0].from[0]';
const SELECTOR = 'spec.podSelector';
const EXPRESSION = `${SELECTOR}.matchExpressions[0]`;

type Row = readonly [name: string, object: JudgedPolicy['object'], ...faults: readonly string[]];

const PORTS: readonly Row[] = [
  ['port 0', port({ port: 0 }), `${PORT}.port`],
  ['port 65536', port({ port: 65_536 }), `${PORT}.port`],
  ['port -1', port({ port: -1 }), `${PORT}.port`],
  ['a number as text', port({ port: '80' }), `${PORT}.port`],
  ['an empty port name', port({ port: '' }), `${PORT}.port`],
  ['a port name too long', port({ port: 'this-name-is-too-long' }), `${PORT}.port`],
  ['a port name in capitals', port({ port: 'HTTP' }), `${PORT}.port`],
  ['a port name with two hyphens', port({ port: 'a--b' }), `${PORT}.port`],
  ['a port name that begins with one', port({ port: '-a' }), `${PORT}.port`],
  ['a port name with an underscore', port({ port: 'a_b' }), `${PORT}.port`],
  ['half a port', port({ port: 1.5 }), `${PORT}.port`],
  ['a port that is true', port({ port: true }), `${PORT}.port`],
  ['a port beyond 32 bits', port({ port: 99_999_999_999 }), `${PORT}.port`],
  ['a protocol in small letters', port({ protocol: 'tcp', port: 80 }), `${PORT}.protocol`],
  ['ICMP', port({ protocol: 'ICMP' }), `${PORT}.protocol`],
  ['an empty protocol', port({ protocol: '', port: 80 }), `${PORT}.protocol`],
  ['a protocol by number', port({ protocol: 6, port: 80 }), `${PORT}.protocol`],
  ['endPort below port', port({ port: 80, endPort: 79 }), `${PORT}.endPort`],
  ['endPort alone', port({ endPort: 90 }), `${PORT}.endPort`],
  ['endPort of a name', port({ port: 'http', endPort: 90 }), `${PORT}.endPort`],
  ['endPort 70000', port({ port: 80, endPort: 70_000 }), `${PORT}.endPort`],
  ['endPort beyond 32 bits', port({ port: 80, endPort: 99_999_999_999 }), `${PORT}.endPort`],
  ['endPort as text', port({ port: 80, endPort: '90' }), `${PORT}.endPort`],
  ['endPort 0', port({ port: 80, endPort: 0 }), `${PORT}.endPort`],
  ['endPort equal to port', port({ port: 80, endPort: 80 })],
  ['both ends wrong', port({ port: 70_000, endPort: 80 }), `${PORT}.port`, `${PORT}.endPort`],
  ['a port of null', port(null)],
  ['a port that is a number alone', rule({ ports: [80] }), `${PORT}`],
  ['ports as a map', rule({ ports: {} }), 'spec.ingress[0].ports'],
  ['a misspelt field of a port', port({ prot: 'TCP', port: 1 }), `${PORT}.prot`],
];

const block = (cidr: unknown, ...except: readonly unknown[]) => peer({ ipBlock: { cidr, except } });
const PEERS: readonly Row[] = [
  ['an empty peer', peer({}), PEER],
  ['a peer of null', peer(null), PEER],
  ['a peer that is a number', peer(1), PEER],
  ['peers as a map', rule({ from: {} }), 'spec.ingress[0].from'],
  ['an ipBlock of null', peer({ ipBlock: null }), PEER],
  ['an ipBlock beside a podSelector', peer({ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }), PEER],
  ['an ipBlock beside a namespaceSelector', peer({ ipBlock: { cidr: '::/0' }, namespaceSelector: {} }), PEER],
  ['an ipBlock without a cidr', peer({ ipBlock: {} }), `${PEER}.ipBlock.cidr`],
  ['a cidr without a mask', block('10.0.0.0'), `${PEER}.ipBlock.cidr`],
  ['a mask of 33', block('10.0.0.0/33'), `${PEER}.ipBlock.cidr`],
  ['a cidr with bits of a host', block('10.0.0.1/8'), `${PEER}.ipBlock.cidr`],
  ['a cidr with a zero in front', block('010.0.0.0/8'), `${PEER}.ipBlock.cidr`],
  ['a mask with a zero in front', block('10.0.0.0/08'), `${PEER}.ipBlock.cidr`],
  ['a cidr of IPv4 written as IPv6', block('::ffff:10.0.0.0/104'), `${PEER}.ipBlock.cidr`],
  ['a cidr with a blank', block(' 10.0.0.0/8'), `${PEER}.ipBlock.cidr`],
  ['a short cidr', block('10/8'), `${PEER}.ipBlock.cidr`],
  ['a cidr with a zone', block('fe80::1%eth0/64'), `${PEER}.ipBlock.cidr`],
  ['a cidr that is a number', block(10), `${PEER}.ipBlock.cidr`],
  ['a cidr of IPv6', block('2001:db8::/32')],
  ['an except outside', block('10.0.0.0/8', '11.0.0.0/16'), `${PEER}.ipBlock.except[0]`],
  ['an except that is all', block('10.0.0.0/8', '10.0.0.0/8'), `${PEER}.ipBlock.except[0]`],
  ['an except that is wider', block('10.0.0.0/16', '10.0.0.0/8'), `${PEER}.ipBlock.except[0]`],
  ['an except of another family', block('10.0.0.0/8', '10.1.0.0/16', '::/1'), `${PEER}.ipBlock.except[1]`],
  ['an except that is no cidr', block('10.0.0.0/8', 'x'), `${PEER}.ipBlock.except[0]`],
  ['an empty except', block('10.0.0.0/8', ''), `${PEER}.ipBlock.except[0]`],
  [
    'an except that is a text',
    peer({ ipBlock: { cidr: '10.0.0.0/8', except: '10.1.0.0/16' } }),
    `${PEER}.ipBlock.except`,
  ],
  ['a misspelt field of a peer', peer({ podSelectors: {} }), `${PEER}.podSelectors`],
  ['ipblock in small letters', peer({ ipblock: { cidr: '10.0.0.0/8' } }), `${PEER}.ipblock`],
  ['a namespace in a peer', peer({ podSelector: {}, namespace: 'x' }), `${PEER}.namespace`],
  ['a field too many in an ipBlock', peer({ ipBlock: { cidr: '::/0', ports: [] } }), `${PEER}.ipBlock.ports`],
];

const SELECTORS: readonly Row[] = [
  [
    'an operator that there is not',
    express({ key: 'a', operator: 'Near', values: ['b'] }),
    `${EXPRESSION}.operator`,
  ],
  [
    'an operator in small letters',
    express({ key: 'a', operator: 'in', values: ['b'] }),
    `${EXPRESSION}.operator`,
  ],
  ['no operator', express({ key: 'a', values: ['b'] }), `${EXPRESSION}.operator`],
  ['In without values', express({ key: 'a', operator: 'In' }), `${EXPRESSION}.values`],
  ['In of nothing', express({ key: 'a', operator: 'In', values: [] }), `${EXPRESSION}.values`],
  ['Exists with values', express({ key: 'a', operator: 'Exists', values: ['b'] }), `${EXPRESSION}.values`],
  ['no key', express({ operator: 'Exists' }), `${EXPRESSION}.key`],
  ['a key with a blank', express({ key: 'a b', operator: 'Exists' }), `${EXPRESSION}.key`],
  ['a key of 64', express({ key: 'a'.repeat(64), operator: 'Exists' }), `${EXPRESSION}.key`],
  ['a prefix in capitals', express({ key: 'A.com/x', operator: 'Exists' }), `${EXPRESSION}.key`],
  ['an expression of null', express(null), `${EXPRESSION}.operator`, `${EXPRESSION}.key`],
  ['a value with a mark', express({ key: 'a', operator: 'In', values: ['b!'] }), `${EXPRESSION}.values[0]`],
  ['a value that is a number', express({ key: 'a', operator: 'In', values: [1] }), `${EXPRESSION}.values[0]`],
  ['a value of null', express({ key: 'a', operator: 'In', values: [null] })],
  [
    'a misspelt field of an expression',
    express({ key: 'a', operator: 'Exists', value: [] }),
    `${EXPRESSION}.value`,
  ],
  ['expressions as a map', select({ matchExpressions: {} }), `${SELECTOR}.matchExpressions`],
  ['a key with two slashes', select({ matchLabels: { 'a/b/c': 'x' } }), `${SELECTOR}.matchLabels`],
  ['a key that begins with a slash', select({ matchLabels: { '/c': 'x' } }), `${SELECTOR}.matchLabels`],
  ['a label with a blank', select({ matchLabels: { a: 'b c' } }), `${SELECTOR}.matchLabels`],
  ['a label of 64', select({ matchLabels: { a: 'b'.repeat(64) } }), `${SELECTOR}.matchLabels`],
  ['a label that is a number', select({ matchLabels: { a: 1 } }), `${SELECTOR}.matchLabels.a`],
  ['a label that is true', select({ matchLabels: { a: true } }), `${SELECTOR}.matchLabels.a`],
  ['a label of null', select({ matchLabels: { a: null } })],
  ['an empty label', select({ matchLabels: { a: '' } })],
  ['labels as a list', select({ matchLabels: [] }), `${SELECTOR}.matchLabels`],
  ['labels without matchLabels', select({ app: 'web' }), `${SELECTOR}.app`],
  ['matchLabels misspelt', select({ matchLables: { a: 'b' } }), `${SELECTOR}.matchLables`],
  ['a selector that is a list', select([]), SELECTOR],
  ['a selector that is a text', select('a'), SELECTOR],
  ['a selector of null', select(null)],
];

const SPECS: readonly Row[] = [
  ['a type in small letters', policy({ policyTypes: ['ingress'] }), 'spec.policyTypes[0]'],
  ['a type of null', policy({ policyTypes: [null] }), 'spec.policyTypes[0]'],
  ['three types', policy({ policyTypes: ['Ingress', 'Egress', 'Ingress'] }), 'spec.policyTypes'],
  ['a type twice', policy({ policyTypes: ['Ingress', 'Ingress'] })],
  ['types as a text', policy({ policyTypes: 'Ingress' }), 'spec.policyTypes'],
  ['no types', policy({ policyTypes: [] })],
  ['rules as a map', policy({ ingress: {} }), 'spec.ingress'],
  ['rules as a text', policy({ ingress: 'x' }), 'spec.ingress'],
  ['a rule that is a number', rule(1), 'spec.ingress[0]'],
  ['a rule of null', rule(null)],
  ['to in ingress', rule({ to: [{ podSelector: {} }] }), 'spec.ingress[0].to'],
  ['from in egress', policy({ egress: [{ from: [{ podSelector: {} }] }] }), 'spec.egress[0].from'],
  ['from misspelt', rule({ form: [] }), 'spec.ingress[0].form'],
  ['ingress misspelt', policy({ podSelector: {}, ingres: [] }), 'spec.ingres'],
  ['podSelector misspelt', policy({ podSelectr: {} }), 'spec.podSelectr'],
  ['a section of another kind', policy({ egressDeny: [] }), 'spec.egressDeny'],
  ['a spec of null', policy(null)],
  ['a spec that is a list', policy([]), 'spec'],
  ['a spec that is a text', policy('x'), 'spec'],
  ['a field beside spec', policy({}, meta, { rules: [] }), 'rules'],
];

const NAMES: readonly Row[] = [
  ['no name', policy({}, {}), 'metadata.name'],
  ['a name in capitals', policy({}, { name: 'Web' }), 'metadata.name'],
  ['a name with an underscore', policy({}, { name: 'a_b' }), 'metadata.name'],
  ['a name of 254', policy({}, { name: 'a'.repeat(254) }), 'metadata.name'],
  ['a name with two dots', policy({}, { name: 'a..b' }), 'metadata.name'],
  ['a name with a dot', policy({}, { name: 'a.b' })],
  ['a name that is a number', policy({}, { name: 5 }), 'metadata.name'],
  ['a namespace in capitals', policy({}, { name: 'p', namespace: 'Default' }), 'metadata.namespace'],
  ['a misspelt field of metadata', policy({}, { name: 'p', label: {} }), 'metadata.label'],
  ['a label with a blank', policy({}, { name: 'p', labels: { a: 'b c' } }), 'metadata.labels'],
  ['a key of a label with a blank', policy({}, { name: 'p', labels: { 'a b': 'c' } }), 'metadata.labels'],
  ['a label that is a number', policy({}, { name: 'p', labels: { a: 1 } }), 'metadata.labels.a'],
  [
    'an annotation that is a number',
    policy({}, { name: 'p', annotations: { a: 1 } }),
    'metadata.annotations.a',
  ],
  [
    'a key of an annotation with a blank',
    policy({}, { name: 'p', annotations: { 'a b': '1' } }),
    'metadata.annotations',
  ],
  ['a version that there is not', policy({}, meta, { apiVersion: 'networking.k8s.io/v2' }), 'apiVersion'],
  [
    'a sound policy',
    policy({
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [{ podSelector: { matchLabels: { a: 'b' } }, namespaceSelector: {} }],
          ports: [{ port: 'http' }, { port: 80, endPort: 90, protocol: 'UDP' }, { protocol: 'SCTP' }],
        },
      ],
      egress: [],
    }),
  ],
];

/** Policies of which a Kubernetes 1.36 API server was asked; `test/e2e/validate.test.ts` asks it again. */
export const JUDGED: readonly JudgedPolicy[] = [PORTS, PEERS, SELECTORS, SPECS, NAMES]
  .flat()
  .map(([name, object, ...faults]) => ({ name, object, faults }));
