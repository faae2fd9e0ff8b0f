import { isRaw, type Raw, rawOf } from '../../cluster/mapping/raw.ts';
import { invalid, type Report } from './report.ts';
import { checkShape, NETWORK_POLICY } from './shape.ts';
import { checkIpBlock } from './validate-ip-block.ts';
import { checkMetadata } from './validate-names.ts';
import { checkSelector } from './validate-selector.ts';

const VERSION = 'networking.k8s.io/v1';
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];

/**
 * Why the API server would refuse a NetworkPolicy, in its words: `spec.ingress[0].ports[0].port: Invalid value: …`.
 * Empty when it would take it. As there, an object that does not decode is looked at no further. Source:
 * kubernetes/pkg/apis/networking/validation/validation.go, NP-21, NP-23, NP-24; compared with a server of version 1.36.
 */
export function validateNetworkPolicy(raw: unknown): readonly string[] {
  const problems: string[] = [];
  const report: Report = (path, what) => problems.push(`${path}: ${what}`);
  checkShape(raw, NETWORK_POLICY, '', report);
  if (problems.length > 0) return problems;
  const { apiVersion, metadata, spec } = rawOf(raw);
  if (typeof apiVersion === 'string' && apiVersion !== VERSION) {
    report('apiVersion', unsupported(apiVersion, [VERSION]));
  }
  checkMetadata(rawOf(metadata), report);
  checkSpec(rawOf(spec), report);
  return problems;
}

function checkSpec({ podSelector, policyTypes, ingress, egress }: Raw, report: Report): void {
  checkSelector(podSelector, 'spec.podSelector', report);
  checkTypes(listOf(policyTypes), report);
  for (const [index, rule] of listOf(ingress).entries()) {
    checkRule(rawOf(rule), `spec.ingress[${index}]`, 'from', report);
  }
  for (const [index, rule] of listOf(egress).entries()) {
    checkRule(rawOf(rule), `spec.egress[${index}]`, 'to', report);
  }
}

function checkTypes(types: readonly unknown[], report: Report): void {
  if (types.length > 2) {
    report('spec.policyTypes', invalid(types, 'may not specify more than two policyTypes'));
    return;
  }
  for (const [index, type] of types.entries()) {
    if (type === 'Ingress' || type === 'Egress') continue;
    report(`spec.policyTypes[${index}]`, unsupported(type, ['Ingress', 'Egress']));
  }
}

function checkRule(rule: Raw, path: string, field: 'from' | 'to', report: Report): void {
  for (const [index, peer] of listOf(rule[field]).entries()) {
    checkPeer(rawOf(peer), `${path}.${field}[${index}]`, report);
  }
  for (const [index, port] of listOf(rule.ports).entries()) {
    checkPort(rawOf(port), `${path}.ports[${index}]`, report);
  }
}

/** A peer names selectors or an ipBlock: never both, never neither (NP-21, NP-23). */
function checkPeer({ podSelector, namespaceSelector, ipBlock }: Raw, path: string, report: Report): void {
  const hasSelector = isRaw(podSelector) || isRaw(namespaceSelector);
  checkSelector(podSelector, `${path}.podSelector`, report);
  checkSelector(namespaceSelector, `${path}.namespaceSelector`, report);
  if (isRaw(ipBlock)) {
    checkIpBlock(ipBlock, `${path}.ipBlock`, report);
    if (hasSelector) report(path, 'Forbidden: may not specify both ipBlock and another peer');
  } else if (!hasSelector) {
    report(path, 'Required value: must specify a peer');
  }
}

/** Protocol, number or name, and a range that goes up (NP-24). */
function checkPort({ protocol, port, endPort }: Raw, path: string, report: Report): void {
  if (typeof protocol === 'string' && !PROTOCOLS.includes(protocol)) {
    report(`${path}.protocol`, unsupported(protocol, PROTOCOLS));
  }
  if (typeof port === 'string') {
    const why = portNameProblem(port);
    if (why !== undefined) report(`${path}.port`, invalid(port, why));
  } else if (typeof port === 'number' && !isPort(port)) {
    report(`${path}.port`, invalid(port, 'must be between 1 and 65535, inclusive'));
  }
  if (typeof endPort !== 'number') return;
  const at = `${path}.endPort`;
  if (port === undefined || port === null) {
    report(at, invalid(endPort, 'may not be specified when `port` is not specified'));
  } else if (typeof port !== 'number') {
    report(at, invalid(endPort, 'may not be specified when `port` is non-numeric'));
  } else if (!isPort(endPort)) report(at, invalid(endPort, 'must be between 1 and 65535, inclusive'));
  else if (endPort < port) report(at, invalid(endPort, 'must be greater than or equal to `port`'));
}

/** Source: apimachinery pkg/util/validation, IsValidPortName. */
function portNameProblem(name: string): string | undefined {
  if (name.length > 15) return 'must be no more than 15 characters';
  if (!/^[-a-z0-9]+$/.test(name))
    return 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)';
  if (!/[a-z]/.test(name)) return 'must contain at least one letter (a-z)';
  if (name.includes('--')) return 'must not contain consecutive hyphens';
  return /^-|-$/.test(name) ? 'must not begin or end with a hyphen' : undefined;
}

function isPort(value: number): boolean {
  return value >= 1 && value <= 65_535;
}

function unsupported(value: unknown, supported: readonly string[]): string {
  const known = supported.map((text) => JSON.stringify(text)).join(', ');
  return `Unsupported value: ${JSON.stringify(value ?? '')}: supported values: ${known}`;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
