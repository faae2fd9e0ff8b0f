import { parseCidr } from '../../cluster/ip.ts';
import { parseSelector } from '../../cluster/selector.ts';
import { isRecord, type Raw, rawsOf, textsOf } from '../../json.ts';
import { safeText } from '../../safe-text.ts';
import type { NamespaceMatch, Peer } from '../model/policy.ts';

/** The peers of a rule, any of which may match (ANP-7, ANP-11). */
export function parsePeers(value: unknown, path: string, problems: string[]): readonly Peer[] {
  return rawsOf(value).flatMap((raw) => peersOf(raw, path, problems));
}

function peersOf(raw: Raw, path: string, problems: string[]): readonly Peer[] {
  if (isRecord(raw.namespaces)) return [namespacesPeer(raw.namespaces, path, problems)];
  if (isRecord(raw.pods)) return [podsPeer(raw.pods, path, problems)];
  if (isRecord(raw.nodes)) return [nodesPeer(raw.nodes, path, problems)];
  if (Array.isArray(raw.networks)) return networkPeers(textsOf(raw.networks), path, problems);
  if (Array.isArray(raw.domainNames)) {
    return textsOf(raw.domainNames).map((name) => ({ type: 'domain', pattern: safeText(name) }));
  }
  return [unknown(`${path}: a peer has no field known here`, problems)];
}

/** A plain selector, or `{namespaceSelector}` of before v0.1.5. `sameLabels` was removed and is not read. */
function namespacesOf(value: Raw, problems: string[]): NamespaceMatch | undefined {
  if ('sameLabels' in value || 'notSameLabels' in value) return undefined;
  const wanted = isRecord(value.namespaceSelector) ? value.namespaceSelector : value;
  const { selector, problems: found } = parseSelector(wanted);
  problems.push(...found);
  return found.length > 0 ? undefined : { by: 'labels', selector };
}

function namespacesPeer(value: Raw, path: string, problems: string[]): Peer {
  const namespaces = namespacesOf(value, problems);
  if (namespaces === undefined) return unknown(`${path}: the namespaces cannot be read`, problems);
  return { type: 'pods', namespaces, pods: [], notOnHost: true };
}

function podsPeer(value: Raw, path: string, problems: string[]): Peer {
  const older = isRecord(value.namespaces) ? value.namespaces : undefined;
  const namespaces = namespacesOf(older ?? { namespaceSelector: value.namespaceSelector ?? {} }, problems);
  const { selector, problems: found } = parseSelector(value.podSelector);
  problems.push(...found);
  if (namespaces === undefined || found.length > 0) {
    return unknown(`${path}: the pods cannot be read`, problems);
  }
  return { type: 'pods', namespaces, pods: selector, notOnHost: true };
}

function nodesPeer(value: Raw, path: string, problems: string[]): Peer {
  const { selector, problems: found } = parseSelector(value);
  return found.length > 0
    ? unknown(`${path}: the nodes cannot be read`, problems)
    : { type: 'nodes', selector };
}

/** CIDRs; they match addresses of pods as well (ANP-7). */
function networkPeers(cidrs: readonly string[], path: string, problems: string[]): readonly Peer[] {
  return cidrs.map((cidr): Peer => {
    if (parseCidr(cidr) === undefined) return unknown(`${path}: ${safeText(cidr)} is no CIDR`, problems);
    return { type: 'cidr', cidr: safeText(cidr), except: [], reachesPods: true };
  });
}

function unknown(problem: string, problems: string[]): Peer {
  problems.push(problem);
  return { type: 'unknown', text: 'a peer that is not known here' };
}
