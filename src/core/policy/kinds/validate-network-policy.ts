import {
  covers,
  type DecodeFault,
  decode,
  type FieldError,
  fieldErrors,
  fieldErrorText,
  type IpRange,
  META_STRUCTS,
  metadataFaults,
  PROTOCOLS,
  parseCidr,
  parseIp,
  portNameFaults,
  type Structs,
  selectorFaults,
} from '../../cluster/cluster.ts';
import { at, listAt, numberAt, rawOf, textAt } from '../../common/common.ts';

const VERSION = 'networking.k8s.io/v1';
const TYPES = ['Ingress', 'Egress'];

/**
 * Why the API server would reject a NetworkPolicy, in its words: `spec.ingress[0].ports[0].port: Invalid value: …`.
 * Empty if it would accept it. As on the server, an object that does not decode is not checked further. `status` was a
 * field from 1.24 to 1.27 and appears in the output of such servers. Compared with a server of version 1.36.
 */
export function validateNetworkPolicy(raw: unknown): readonly string[] {
  const { status: _, ...body } = rawOf(raw);
  const { value, faults } = decode(body, 'NetworkPolicy', NETWORK_POLICY_STRUCTS);
  if (faults.length > 0) return faults.map(decodeText);
  const { apiVersion = VERSION, metadata, spec } = value;
  return [
    ...(apiVersion === VERSION ? [] : [fieldErrors.unsupported('apiVersion', apiVersion, [VERSION])]),
    ...metadataFaults(rawOf(metadata), 'NetworkPolicy'),
    ...networkPolicySpecFaults(spec),
  ].map(fieldErrorText);
}

function decodeText(fault: DecodeFault): string {
  if (fault.type === 'unknown') {
    return `${fault.path}: unknown field; known fields: ${fault.known.join(', ')}`;
  }
  return fieldErrorText(fieldErrors.invalid(fault.path, fault.value, `must be ${wantedText(fault.wanted)}`));
}

/** The server's own decoder uses the names of Go types instead. */
function wantedText(type: string): string {
  if (type.startsWith('[]')) return 'a list';
  switch (type) {
    case 'string':
      return 'a string';
    case 'bool':
      return 'true or false';
    case 'int32':
    case 'int64':
      return 'an integer';
    case 'int-or-string':
      return 'an integer or a name';
    default:
      return 'an object';
  }
}

/** Faults in a decoded policy spec (`ValidateNetworkPolicySpec`). */
export function networkPolicySpecFaults(spec: unknown): readonly FieldError[] {
  return [
    ...selectorFaults(at(spec, 'podSelector'), 'spec.podSelector'),
    ...listAt(spec, 'ingress').flatMap((rule, i) => ruleFaults(rule, 'from', `spec.ingress[${i}]`)),
    ...listAt(spec, 'egress').flatMap((rule, i) => ruleFaults(rule, 'to', `spec.egress[${i}]`)),
    ...typeFaults(listAt(spec, 'policyTypes')),
  ];
}

function typeFaults(types: readonly unknown[]): readonly FieldError[] {
  const field = 'spec.policyTypes';
  if (types.length > 2)
    return [fieldErrors.invalid(field, types, 'may not specify more than two policyTypes')];
  return types.flatMap((type, i) =>
    TYPES.includes(String(type)) ? [] : [fieldErrors.unsupported(`${field}[${i}]`, type, TYPES)],
  );
}

function ruleFaults(rule: unknown, peers: 'from' | 'to', field: string): readonly FieldError[] {
  return [
    ...listAt(rule, 'ports').flatMap((port, i) => portFaults(port, `${field}.ports[${i}]`)),
    ...listAt(rule, peers).flatMap((peer, i) => peerFaults(peer, `${field}.${peers}[${i}]`)),
  ];
}

/** Protocol, number or name, and an ascending range. */
function portFaults(entry: unknown, field: string): readonly FieldError[] {
  const protocol = textAt(entry, 'protocol');
  const port = at(entry, 'port');
  const isKnown = protocol === undefined || PROTOCOLS.some((known) => known === protocol);
  return [
    ...(isKnown ? [] : [fieldErrors.unsupported(`${field}.protocol`, protocol, PROTOCOLS)]),
    ...(typeof port === 'number' ? numberFaults(port, `${field}.port`) : []),
    ...endFaults(port, numberAt(entry, 'endPort'), `${field}.endPort`),
    ...(typeof port === 'string'
      ? portNameFaults(port).map((why) => fieldErrors.invalid(`${field}.port`, port, why))
      : []),
  ];
}

function endFaults(port: unknown, end: number | undefined, field: string): readonly FieldError[] {
  if (end === undefined) return [];
  if (typeof port === 'number') {
    return [
      // The server shows the port here, not the end.
      ...(end < port ? [fieldErrors.invalid(field, port, 'must be greater than or equal to `port`')] : []),
      ...numberFaults(end, field),
    ];
  }
  const what = port === undefined ? 'not specified' : 'non-numeric';
  return [fieldErrors.invalid(field, end, `may not be specified when \`port\` is ${what}`)];
}

function numberFaults(port: number, field: string): readonly FieldError[] {
  return port >= 1 && port <= 65_535
    ? []
    : [fieldErrors.invalid(field, port, 'must be between 1 and 65535, inclusive')];
}

/** A peer has selectors or an ipBlock: not both, and not neither. */
function peerFaults(peer: unknown, field: string): readonly FieldError[] {
  const { podSelector, namespaceSelector, ipBlock } = rawOf(peer);
  const hasSelector = podSelector !== undefined || namespaceSelector !== undefined;
  const both = fieldErrors.forbidden(field, 'may not specify both ipBlock and another peer');
  return [
    ...selectorFaults(podSelector, `${field}.podSelector`),
    ...selectorFaults(namespaceSelector, `${field}.namespaceSelector`),
    ...(ipBlock === undefined ? [] : ipBlockFaults(ipBlock, `${field}.ipBlock`)),
    ...(ipBlock === undefined && !hasSelector ? [fieldErrors.required(field, 'must specify a peer')] : []),
    ...(ipBlock !== undefined && hasSelector ? [both] : []),
  ];
}

/** Faults in a range and its exceptions, which must lie strictly inside it (`ValidateIPBlock`). */
function ipBlockFaults(block: unknown, field: string): readonly FieldError[] {
  const cidr = textAt(block, 'cidr') ?? '';
  if (cidr === '') return [fieldErrors.required(`${field}.cidr`)];
  const whole = readCidr(cidr);
  return [
    ...faultsAt(`${field}.cidr`, cidr, whole.why),
    ...listAt(block, 'except').flatMap((item, i) => {
      const part = readCidr(String(item));
      const isOutside =
        whole.range !== undefined && part.range !== undefined && !isStrictSubset(part.range, whole.range);
      return [
        ...faultsAt(`${field}.except[${i}]`, item, part.why),
        ...faultsAt(
          `${field}.except[${i}]`,
          item,
          isOutside ? 'must be a strict subset of `cidr`' : undefined,
        ),
      ];
    }),
  ];
}

function faultsAt(field: string, value: unknown, why: string | undefined): readonly FieldError[] {
  return why === undefined ? [] : [fieldErrors.invalid(field, value, why)];
}

function isStrictSubset(inner: IpRange, outer: IpRange): boolean {
  return covers(outer, inner) && !covers(inner, outer);
}

/**
 * A CIDR, and why it is rejected. Host bits, leading zeros, and IPv4 written as IPv6 are rejected since Kubernetes 1.36
 * (KEP-4858); the ranges of the first two are still compared.
 */
function readCidr(text: string): { readonly range: IpRange | undefined; readonly why: string | undefined } {
  const plain = text.replace(/(^|[.:/])0+(?=\d+\.)|([./])0+(?=\d)/g, '$1$2');
  const [address = '', bits = ''] = plain.split('/');
  const ip = parseIp(address);
  const isMapped = address.includes(':') && ip?.family === 4 && /^\d{1,3}$/.test(bits) && Number(bits) <= 128;
  const range = parseCidr(plain);
  return { range, why: why() };

  function why(): string | undefined {
    if (range === undefined && !isMapped) {
      return 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
    }
    if (plain !== text) return 'must not have leading 0s in IP or prefix length';
    if (isMapped) return 'must not have an IPv4-mapped IPv6 address';
    return ip?.value === range?.first ? undefined : 'must not have bits set beyond the prefix length';
  }
}

/**
 * The fields of a NetworkPolicy v1 and their types. Source: kubernetes staging/src/k8s.io/api/networking/v1/types.go.
 */
export const NETWORK_POLICY_STRUCTS: Structs = {
  ...META_STRUCTS,
  NetworkPolicy: 'apiVersion:string kind:string metadata:ObjectMeta spec:NetworkPolicySpec',
  NetworkPolicySpec:
    'podSelector:LabelSelector policyTypes:[]string ingress:[]NetworkPolicyIngressRule egress:[]NetworkPolicyEgressRule',
  NetworkPolicyIngressRule: 'from:[]NetworkPolicyPeer ports:[]NetworkPolicyPort',
  NetworkPolicyEgressRule: 'to:[]NetworkPolicyPeer ports:[]NetworkPolicyPort',
  NetworkPolicyPort: 'protocol:string port:int-or-string endPort:int32',
  NetworkPolicyPeer: 'podSelector:LabelSelector namespaceSelector:LabelSelector ipBlock:IPBlock',
  IPBlock: 'cidr:string except:[]string',
};
