import ipaddr from 'ipaddr.js';
import { at, isRecord, listAt, numberAt, textAt } from '../../core/json.ts';
import type { ApiObject } from '../../core/ports.ts';
import { type FieldError, fieldErrors } from '../api/status.ts';
import { selectorFaults } from './selector.ts';

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];
const TYPES = ['Ingress', 'Egress'];

/**
 * A NetworkPolicy with its defaults: protocol TCP, an empty podSelector, `policyTypes` from its sections (NP-6, NP-7,
 * NP-24).
 */
export function defaultNetworkPolicy(policy: ApiObject): ApiObject {
  const spec = isRecord(policy.spec) ? policy.spec : {};
  const egress = listAt(spec, 'egress');
  const types = listAt(spec, 'policyTypes');
  return {
    ...policy,
    spec: {
      podSelector: {},
      ...spec,
      ...(Array.isArray(spec.ingress) ? { ingress: spec.ingress.map(withProtocols) } : {}),
      ...(egress.length > 0 ? { egress: egress.map(withProtocols) } : {}),
      policyTypes: types.length > 0 ? types : egress.length > 0 ? TYPES : ['Ingress'],
    },
  };
}

function withProtocols(rule: unknown): unknown {
  if (!isRecord(rule) || !Array.isArray(rule.ports)) return rule;
  return { ...rule, ports: rule.ports.map((port) => (isRecord(port) ? { protocol: 'TCP', ...port } : port)) };
}

/** What is wrong with a NetworkPolicy's spec (`ValidateNetworkPolicySpec`); empty when nothing is. */
export function networkPolicyFaults(policy: ApiObject): readonly FieldError[] {
  const { spec } = policy;
  const types = listAt(spec, 'policyTypes');
  const rules = (section: 'ingress' | 'egress', peers: 'from' | 'to'): readonly FieldError[] =>
    listAt(spec, section).flatMap((rule, i) => ruleFaults(rule, peers, `spec.${section}[${i}]`));
  return [
    ...selectorFaults(at(spec, 'podSelector'), 'spec.podSelector'),
    ...rules('ingress', 'from'),
    ...rules('egress', 'to'),
    ...(types.length > 2
      ? [fieldErrors.invalid('spec.policyTypes', types, 'may not specify more than two policyTypes')]
      : types.flatMap((type, i) =>
          TYPES.includes(String(type))
            ? []
            : [fieldErrors.unsupported(`spec.policyTypes[${i}]`, type, TYPES)],
        )),
  ];
}

function ruleFaults(rule: unknown, peers: 'from' | 'to', field: string): readonly FieldError[] {
  return [
    ...listAt(rule, 'ports').flatMap((port, i) => portFaults(port, `${field}.ports[${i}]`)),
    ...listAt(rule, peers).flatMap((peer, i) => peerFaults(peer, `${field}.${peers}[${i}]`)),
  ];
}

function portFaults(entry: unknown, field: string): readonly FieldError[] {
  const faults: FieldError[] = [];
  const protocol = textAt(entry, 'protocol');
  const port = at(entry, 'port');
  const end = numberAt(entry, 'endPort');
  if (protocol !== undefined && !PROTOCOLS.includes(protocol)) {
    faults.push(fieldErrors.unsupported(`${field}.protocol`, protocol, PROTOCOLS));
  }
  if (typeof port === 'number') faults.push(...numberFaults(port, `${field}.port`));
  if (typeof port === 'string') {
    faults.push(...portNameFaults(port).map((why) => fieldErrors.invalid(`${field}.port`, port, why)));
  }
  if (end === undefined) return faults;
  if (port === undefined) {
    faults.push(
      fieldErrors.invalid(`${field}.endPort`, end, 'may not be specified when `port` is not specified'),
    );
  } else if (typeof port === 'string') {
    faults.push(
      fieldErrors.invalid(`${field}.endPort`, end, 'may not be specified when `port` is non-numeric'),
    );
  } else if (typeof port === 'number' && end < port) {
    faults.push(fieldErrors.invalid(`${field}.endPort`, port, 'must be greater than or equal to `port`'));
  } else faults.push(...numberFaults(end, `${field}.endPort`));
  return faults;
}

function numberFaults(port: number, field: string): readonly FieldError[] {
  return port >= 1 && port <= 65_535
    ? []
    : [fieldErrors.invalid(field, port, 'must be between 1 and 65535, inclusive')];
}

/** Rules for names of ports (`IsValidPortName`). */
function portNameFaults(name: string): readonly string[] {
  const faults: string[] = [];
  if (name.length > 15) faults.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]+$/.test(name)) {
    faults.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
    return faults;
  }
  if (!/[a-z]/.test(name)) faults.push('must contain at least one letter (a-z)');
  if (name.includes('--')) faults.push('must not contain consecutive hyphens');
  if (name.startsWith('-') || name.endsWith('-')) faults.push('must not begin or end with a hyphen');
  return faults;
}

function peerFaults(peer: unknown, field: string): readonly FieldError[] {
  const block = at(peer, 'ipBlock');
  const faults: FieldError[] = [];
  const selectors = ['podSelector', 'namespaceSelector'].filter((name) => at(peer, name) !== undefined);
  for (const name of selectors) faults.push(...selectorFaults(at(peer, name), `${field}.${name}`));
  if (block !== undefined) faults.push(...blockFaults(block, `${field}.ipBlock`));
  if (block === undefined && selectors.length === 0) {
    faults.push(fieldErrors.required(field, 'must specify a peer'));
  } else if (block !== undefined && selectors.length > 0) {
    faults.push(fieldErrors.forbidden(field, 'may not specify both ipBlock and another peer'));
  }
  return faults;
}

function blockFaults(block: unknown, field: string): readonly FieldError[] {
  const cidr = textAt(block, 'cidr') ?? '';
  if (cidr === '') return [fieldErrors.required(`${field}.cidr`)];
  const whole = parseCidr(cidr);
  if (typeof whole === 'string') return [fieldErrors.invalid(`${field}.cidr`, cidr, whole)];
  return listAt(block, 'except').flatMap((item, i) => {
    const text = String(item);
    const part = parseCidr(text);
    const where = `${field}.except[${i}]`;
    if (typeof part === 'string') return [fieldErrors.invalid(where, text, part)];
    return isStrictSubset(part, whole)
      ? []
      : [fieldErrors.invalid(where, text, 'must be a strict subset of `cidr`')];
  });
}

type Cidr = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** A CIDR in canonical form, or what is wrong with it. */
function parseCidr(text: string): Cidr | string {
  if (!ipaddr.isValidCIDR(text)) return 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
  const [address, bits] = ipaddr.parseCIDR(text);
  const network =
    address.kind() === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(text)
      : ipaddr.IPv6.networkAddressFromCIDR(text);
  if (network.toString() !== address.toString()) return 'must not have bits set beyond the prefix length';
  return [address, bits];
}

function isStrictSubset([inner, innerBits]: Cidr, outer: Cidr): boolean {
  return inner.kind() === outer[0].kind() && innerBits > outer[1] && inner.match(outer);
}
