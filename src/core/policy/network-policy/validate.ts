import { covers, parseCidr } from '../../cluster/ip.ts';
import { isRaw, type Raw, rawOf, textOf } from '../../cluster/raw.ts';
import { checkSelector, invalid, NAME, type Report } from './validate-selector.ts';

const PORT_NAME = /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*$/;
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];

/**
 * Why the API server would refuse a NetworkPolicy, in its words: `spec.ingress[0].ports[0].port: Invalid value: …`.
 * Empty when it would take it. Source: kubernetes/pkg/apis/networking/validation/validation.go,
 * facts/policy.md §1 rules 21, 23, 24.
 */
export function validateNetworkPolicy(raw: unknown): readonly string[] {
  const problems: string[] = [];
  const report: Report = (path, what) => problems.push(`${path}: ${what}`);
  const object = rawOf(raw);
  const metadata = rawOf(object.metadata);
  const name = textOf(metadata.name);
  if (name === undefined) report('metadata.name', 'Required value: name or generateName is required');
  else if (!NAME.test(name) || name.length > 253) {
    report(
      'metadata.name',
      invalid(
        name,
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'",
      ),
    );
  }
  if (object.spec !== undefined && !isRaw(object.spec))
    report('spec', invalid(object.spec, 'must be an object'));
  const spec = rawOf(object.spec);
  checkSelector(spec.podSelector, 'spec.podSelector', report);
  checkTypes(spec.policyTypes, report);
  for (const [direction, peers] of [
    ['ingress', 'from'],
    ['egress', 'to'],
  ] as const) {
    checkRules(spec[direction], `spec.${direction}`, peers, report);
  }
  return problems;
}

function checkTypes(value: unknown, report: Report): void {
  if (value === undefined || value === null) return;
  if (!Array.isArray(value)) {
    report('spec.policyTypes', invalid(value, 'must be a list'));
    return;
  }
  if (value.length > 2)
    report('spec.policyTypes', invalid(value, 'may not specify more than two policyTypes'));
  for (const [index, type] of value.entries()) {
    if (type !== 'Ingress' && type !== 'Egress') {
      report(
        `spec.policyTypes[${index}]`,
        `Unsupported value: ${JSON.stringify(type)}: supported values: "Egress", "Ingress"`,
      );
    }
  }
}

function checkRules(value: unknown, path: string, peersField: 'from' | 'to', report: Report): void {
  if (value === undefined || value === null) return;
  if (!Array.isArray(value)) {
    report(path, invalid(value, 'must be a list'));
    return;
  }
  for (const [index, item] of value.entries()) {
    const at = `${path}[${index}]`;
    if (item !== null && !isRaw(item)) {
      report(at, invalid(item, 'must be an object'));
      continue;
    }
    const rule = rawOf(item);
    checkList(rule, peersField, at, checkPeer, report);
    checkList(rule, 'ports', at, checkPort, report);
  }
}

function checkList(
  rule: Raw,
  field: string,
  path: string,
  check: (item: Raw, path: string, report: Report) => void,
  report: Report,
): void {
  const value = rule[field];
  if (value === undefined || value === null) return;
  if (!Array.isArray(value)) {
    report(`${path}.${field}`, invalid(value, 'must be a list'));
    return;
  }
  for (const [index, item] of value.entries()) check(rawOf(item), `${path}.${field}[${index}]`, report);
}

/** A peer names selectors or an ipBlock, not both, not nothing (facts/policy.md §1 rules 21, 23). */
function checkPeer({ podSelector, namespaceSelector, ipBlock }: Raw, path: string, report: Report): void {
  const selectors = [podSelector, namespaceSelector].filter((value) => value !== undefined && value !== null);
  checkSelector(podSelector, `${path}.podSelector`, report);
  checkSelector(namespaceSelector, `${path}.namespaceSelector`, report);
  if (isRaw(ipBlock)) {
    checkIpBlock(ipBlock, `${path}.ipBlock`, report);
    if (selectors.length > 0) {
      report(path, 'Forbidden: may not specify both ipBlock and another peer');
    }
  } else if (selectors.length === 0) {
    report(path, 'Required value: must specify a peer');
  }
}

function checkIpBlock({ cidr, except }: Raw, path: string, report: Report): void {
  if (textOf(cidr) === undefined) {
    report(`${path}.cidr`, 'Required value');
    return;
  }
  const range = parseCidr(String(cidr));
  if (range === undefined) {
    report(`${path}.cidr`, invalid(cidr, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'));
    return;
  }
  for (const [index, item] of (Array.isArray(except) ? except : []).entries()) {
    const hole = parseCidr(String(item));
    const at = `${path}.except[${index}]`;
    if (hole === undefined) {
      report(at, invalid(item, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'));
    } else if (!covers(range, hole) || (hole.first === range.first && hole.last === range.last)) {
      report(at, invalid(item, 'must be a strict subset of `cidr`'));
    }
  }
}

/** Protocol, number or name, and a range that goes up (facts/policy.md §1 rule 24). */
function checkPort({ protocol, port, endPort }: Raw, path: string, report: Report): void {
  if (protocol !== undefined && protocol !== null && !PROTOCOLS.includes(String(protocol))) {
    report(
      `${path}.protocol`,
      `Unsupported value: ${JSON.stringify(protocol)}: supported values: "SCTP", "TCP", "UDP"`,
    );
  }
  if (port !== undefined && port !== null) checkPortValue(port, `${path}.port`, report);
  if (endPort === undefined || endPort === null) return;
  if (port === undefined || port === null) {
    report(`${path}.endPort`, invalid(endPort, 'may not be specified when `port` is not specified'));
  } else if (typeof port !== 'number') {
    report(`${path}.endPort`, invalid(endPort, 'may not be specified when `port` is non-numeric'));
  } else if (!isPort(endPort)) {
    report(`${path}.endPort`, invalid(endPort, 'must be between 1 and 65535, inclusive'));
  } else if (Number(endPort) < port) {
    report(`${path}.endPort`, invalid(endPort, 'must be greater than or equal to `port`'));
  }
}

function checkPortValue(port: unknown, path: string, report: Report): void {
  if (typeof port === 'string') {
    if (!PORT_NAME.test(port))
      report(path, invalid(port, 'must be a valid port name of at most 15 characters'));
  } else if (!isPort(port)) report(path, invalid(port, 'must be between 1 and 65535, inclusive'));
}

function isPort(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}
