import { parseSelector, safeLabels } from '../../cluster/cluster.ts';
import { isRecord, type Raw, rawOf, safeText, textOf, timeOf } from '../../common/common.ts';
import {
  type Direction,
  type OmittedField,
  originOf,
  type Peer,
  type PodMatch,
  type Policy,
  type PortMatch,
  type Rule,
} from '../model/model.ts';

/**
 * A NetworkPolicy v1 as stored by the API server, or a draft: `policyTypes` defaults to `[Ingress]`, plus `Egress` if
 * there is an egress rule (NP-7). Never throws: anything unreadable is listed in `problems` and counts as a rule that
 * may match anything, so that no verdict is guessed.
 */
export function parseNetworkPolicy(raw: unknown): Policy {
  const object = rawOf(raw);
  const metadata = rawOf(object.metadata);
  const namespace = safeText(textOf(metadata.namespace) ?? 'default');
  const problems: string[] = [];
  const spec = specOf(object, problems);
  const subject = subjectOf(spec, namespace, problems);
  const readable = problems.length === 0;
  const types = readable ? policyTypesOf(spec) : { ingress: true, egress: true };
  const rules = readable
    ? {
        ingress: rulesOf(spec, 'ingress', namespace, problems),
        egress: rulesOf(spec, 'egress', namespace, problems),
      }
    : { ingress: [UNREADABLE], egress: [UNREADABLE] };
  const unlisted = {
    ingress: types.ingress ? [] : rules.ingress,
    egress: types.egress ? [] : rules.egress,
  };
  const omitted = readable ? omittedPolicyTypes(spec) : undefined;
  return {
    kind: 'NetworkPolicy',
    namespace,
    name: safeText(textOf(metadata.name) ?? ''),
    uid: textOf(metadata.uid) ?? '',
    labels: safeLabels(metadata.labels),
    annotations: safeLabels(metadata.annotations),
    tier: 'normal',
    subject,
    isolates: types,
    ingress: types.ingress ? rules.ingress : [],
    egress: types.egress ? rules.egress : [],
    ...(unlisted.ingress.length + unlisted.egress.length === 0 ? {} : { unlisted }),
    ...(omitted === undefined ? {} : { omittedFields: [omitted] }),
    problems,
    ...originOf(metadata),
    created: timeOf(metadata.creationTimestamp),
  };
}

function specOf(object: Raw, problems: string[]): Raw {
  if (object.spec !== undefined && object.spec !== null && !isRecord(object.spec)) {
    problems.push('spec must be an object');
  }
  return rawOf(object.spec);
}

/** The directions it isolates (NP-7 to NP-9). */
function policyTypesOf(spec: Raw): { readonly ingress: boolean; readonly egress: boolean } {
  const types = Array.isArray(spec.policyTypes) ? spec.policyTypes : [];
  if (types.length > 0) return { ingress: types.includes('Ingress'), egress: types.includes('Egress') };
  return { ingress: true, egress: Array.isArray(spec.egress) && spec.egress.length > 0 };
}

function omittedPolicyTypes(spec: Raw): OmittedField | undefined {
  if (Array.isArray(spec.policyTypes) && spec.policyTypes.length > 0) return undefined;
  const isEmpty = (value: unknown) => Array.isArray(value) && value.length === 0;
  return {
    field: 'policyTypes',
    emptySections: (['ingress', 'egress'] as const).filter((direction) => isEmpty(spec[direction])),
  };
}

/** Absent or `{}` means every pod of the namespace (NP-5, NP-6). */
function subjectOf(spec: Raw, namespace: string, problems: string[]): PodMatch {
  const { selector, problems: found } = parseSelector(spec.podSelector);
  problems.push(...found.map((text) => `spec.podSelector: ${text}`));
  return { namespaces: { by: 'name', name: namespace }, pods: found.length === 0 ? selector : [] };
}

function rulesOf(spec: Raw, direction: Direction, namespace: string, problems: string[]): readonly Rule[] {
  const value = spec[direction];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    problems.push(`spec.${direction} must be a list`);
    return [UNREADABLE];
  }
  return value.map((item: unknown, index): Rule => {
    const path = `spec.${direction}[${index}]`;
    if (isRecord(item)) {
      const peers = item[direction === 'ingress' ? 'from' : 'to'];
      return {
        action: 'allow',
        peers: peersOf(peers, namespace, path, problems),
        ports: portsOf(item.ports, path, problems),
      };
    }
    // A rule written as a bare `-` is null in YAML, which the API server reads as `{}`.
    if (item === null) return { action: 'allow', peers: 'any', ports: 'any' };
    problems.push(`${path} must be an object`);
    return UNREADABLE;
  });
}

const UNREADABLE: Rule = { action: 'allow', peers: [{ type: 'unknown', text: 'a rule' }], ports: 'any' };

/** Absent or empty means everyone, including outside the cluster (NP-12). */
function peersOf(value: unknown, namespace: string, path: string, problems: string[]): Rule['peers'] {
  if (value === undefined || value === null) return 'any';
  if (!Array.isArray(value)) {
    problems.push(`${path}: peers must be a list`);
    return UNREADABLE.peers;
  }
  return value.length === 0 ? 'any' : value.map((item: unknown) => peerOf(item, namespace, path, problems));
}

/** One peer item (NP-15 to NP-18, NP-21, NP-23). */
function peerOf(value: unknown, namespace: string, path: string, problems: string[]): Peer {
  const { podSelector, namespaceSelector, ipBlock } = rawOf(value);
  if (isRecord(ipBlock)) return ipBlockOf(ipBlock, path, problems);
  if (!isPresent(podSelector) && !isPresent(namespaceSelector)) {
    problems.push(`${path}: a peer needs a podSelector, namespaceSelector or ipBlock`);
    return { type: 'unknown', text: 'a peer without a field' };
  }
  const pods = parseSelector(podSelector);
  const namespaces = parseSelector(namespaceSelector);
  const found = [...pods.problems, ...namespaces.problems];
  problems.push(...found.map((text) => `${path}: ${text}`));
  if (found.length > 0) return { type: 'unknown', text: 'a selector that cannot be read' };
  return {
    type: 'pods',
    namespaces: isPresent(namespaceSelector)
      ? { by: 'labels', selector: namespaces.selector }
      : { by: 'name', name: namespace },
    pods: pods.selector,
  };
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function ipBlockOf({ cidr, except }: Raw, path: string, problems: string[]): Peer {
  const excepts = Array.isArray(except) ? except : [];
  if (typeof cidr !== 'string' || !excepts.every((item) => typeof item === 'string')) {
    problems.push(`${path}: an ipBlock needs a cidr, and strings in except`);
    return { type: 'unknown', text: 'an ipBlock that cannot be read' };
  }
  return { type: 'cidr', cidr: safeText(cidr), except: excepts.map((item) => safeText(item)) };
}

/** Absent or empty means every port of every protocol (NP-13). */
function portsOf(value: unknown, path: string, problems: string[]): Rule['ports'] {
  if (value === undefined || value === null) return 'any';
  if (!Array.isArray(value)) {
    problems.push(`${path}: ports must be a list`);
    return [];
  }
  if (value.length === 0) return 'any';
  return value.flatMap((item: unknown) => portOf(rawOf(item), path, problems));
}

/** One port item (NP-24, NP-25). */
function portOf(
  { protocol: wanted, port, endPort }: Raw,
  path: string,
  problems: string[],
): readonly PortMatch[] {
  const protocol = wanted === undefined || wanted === null ? 'TCP' : wanted;
  if (protocol !== 'TCP' && protocol !== 'UDP' && protocol !== 'SCTP') {
    problems.push(`${path}: protocol ${JSON.stringify(protocol)} is not TCP, UDP or SCTP`);
    return [];
  }
  if (port === undefined || port === null) return [{ type: 'all', protocol }];
  if (typeof port === 'number') {
    const range = { type: 'range', protocol, from: port } as const;
    return [
      typeof endPort === 'number' ? { ...range, to: endPort, byEndPort: true } : { ...range, to: port },
    ];
  }
  if (typeof port === 'string' && port !== '') return [{ type: 'named', protocol, name: safeText(port) }];
  problems.push(`${path}: port ${JSON.stringify(port)} is neither a number nor a name`);
  return [];
}
