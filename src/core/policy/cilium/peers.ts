import { covers, parseCidr } from '../../cluster/cluster.ts';
import { isRecord, type Raw, rawOf, safeText, textOf, wordOf } from '../../common/common.ts';
import type { Direction, Peer, ServiceMatch } from '../model/model.ts';
import { endpointsPeer, readSelector } from './labels.ts';
import { refuse } from './ports.ts';

/** The context of a rule's peers. */
export type PeerContext = {
  readonly namespace: string | undefined;
  readonly action: 'allow' | 'deny';
  readonly hasPorts: boolean;
  /** Whether the agent reports that it accepted the policy (`Valid=True`), whatever is rejected by default. */
  readonly isTaken: boolean;
};

const ENTITIES = [
  'all',
  'world',
  'cluster',
  'host',
  'init',
  'ingress',
  'unmanaged',
  'remote-node',
  'health',
  'none',
  'kube-apiserver',
];

/**
 * The peers of a rule: undefined when it names none, empty when it names an empty list, which selects nothing even next
 * to another one. Empty toServices and toFQDNs count as absent. Two kinds of peers in one rule are rejected (CIL-5,
 * CIL-14).
 */
export function parsePeers(
  rule: Raw,
  direction: Direction,
  context: PeerContext,
): readonly Peer[] | undefined {
  const fields = fieldsOf(direction);
  const known = new Set(fields.map(({ name }) => name));
  const lists = fields.flatMap(({ name, read, emptyIsAbsent }) => {
    const value = rule[name];
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) refuse(`${name} must be a list`);
    if (value.length === 0 && emptyIsAbsent === true) return [];
    return [{ name, empty: value.length === 0, peers: () => read(value, context) }];
  });
  const strange = Object.keys(rule).find((name) => !known.has(name) && !OTHER_FIELDS.includes(name));
  if (strange !== undefined) return [{ type: 'unknown', text: `the unknown field ${safeText(strange)}` }];
  const named = lists.filter(({ empty }) => !empty);
  const [first, second] = named;
  if (first !== undefined && second !== undefined)
    refuse(`combining ${first.name} and ${second.name} is not supported`);
  const peers = first?.peers();
  if (lists.some(({ empty }) => empty)) return [];
  return peers;
}

/** Fields of a rule that are not peers. */
const OTHER_FIELDS = ['toPorts', 'icmps', 'authentication'];

type Field = {
  readonly name: string;
  readonly read: (items: readonly unknown[], context: PeerContext) => readonly Peer[] | undefined;
  readonly emptyIsAbsent?: boolean;
};

function fieldsOf(direction: Direction): readonly Field[] {
  const side = direction === 'ingress' ? 'from' : 'to';
  const both: readonly Field[] = [
    {
      name: `${side}Endpoints`,
      read: (items, { namespace }) => items.map((item) => endpointsPeer(item, namespace)),
    },
    { name: `${side}Entities`, read: (items) => items.map(entityPeer) },
    { name: `${side}CIDR`, read: (items) => items.map((item) => cidrPeer(item, [])) },
    { name: `${side}CIDRSet`, read: (items) => items.map(cidrSetPeer) },
    {
      name: `${side}Groups`,
      read: () => [{ type: 'unknown', text: `${side}Groups, resolved outside the cluster` }],
    },
    {
      name: `${side}Nodes`,
      read: (_items, { isTaken }) =>
        isTaken
          ? [{ type: 'unknown', text: `${side}Nodes, which depends on node labels` }]
          : refuse(`${side}Nodes needs enable-node-selector-labels, which is off by default`),
    },
    { name: `${side}Requires`, read: () => refuse(`${side}Requires was removed`) },
  ];
  const outward: readonly Field[] = [
    { name: 'toServices', read: servicesPeers, emptyIsAbsent: true },
    { name: 'toFQDNs', read: domainPeers, emptyIsAbsent: true },
  ];
  return direction === 'egress' ? [...both, ...outward] : both;
}

/** `cluster-mesh` exists only in newer releases (CIL-10). */
function entityPeer(item: unknown): Peer {
  if (item === 'cluster-mesh')
    return { type: 'unknown', text: 'the entity cluster-mesh, which requires a newer release' };
  if (typeof item !== 'string' || !ENTITIES.includes(item))
    refuse(`entity ${JSON.stringify(item)} is unknown`);
  return { type: 'entity', entity: item };
}

function cidrPeer(item: unknown, except: readonly string[]): Peer {
  const range = typeof item === 'string' ? parseCidr(item) : undefined;
  if (range === undefined || typeof item !== 'string') refuse(`${JSON.stringify(item)} is not a valid CIDR`);
  for (const hole of except) {
    const inner = parseCidr(hole);
    if (inner === undefined || !covers(range, inner)) refuse(`except ${hole} is not in ${item}`);
  }
  return { type: 'cidr', cidr: item, except, identity: 'cilium' };
}

/** A CIDR with exceptions; CIDR groups are separate objects. Exactly one of the three (CRD schema, `oneOf`). */
function cidrSetPeer(item: unknown): Peer {
  const { cidr, except, cidrGroupRef, cidrGroupSelector } = rawOf(item);
  const holes = Array.isArray(except) ? except.map(wordOf) : [];
  const name = textOf(cidrGroupRef);
  const given = [cidr, name, cidrGroupSelector].filter((value) => value !== undefined && value !== null);
  if (given.length !== 1) refuse('exactly one of cidr, cidrGroupRef and cidrGroupSelector is required');
  if (name !== undefined) return { type: 'cidr-group', by: { name: safeText(name) }, except: holes };
  if (isRecord(cidrGroupSelector)) {
    return { type: 'cidr-group', by: { selector: readSelector(cidrGroupSelector) }, except: holes };
  }
  return cidrPeer(cidr, holes);
}

/** Never resolved in a deny: with ports it denies everyone, without ports nothing (CIL-9). */
function servicesPeers(
  items: readonly unknown[],
  { action, hasPorts }: PeerContext,
): readonly Peer[] | undefined {
  if (action === 'deny') return hasPorts ? undefined : [];
  return [{ type: 'services', services: items.flatMap(serviceOf), orAnybody: hasPorts }];
}

function serviceOf(item: unknown): readonly ServiceMatch[] {
  const { k8sService, k8sServiceSelector } = rawOf(item);
  const byName = rawOf(k8sService);
  const bySelector = rawOf(k8sServiceSelector);
  const name = textOf(byName.serviceName);
  const found: ServiceMatch[] = [];
  if (name !== undefined) found.push({ ...namespaceOf(byName), by: { name: safeText(name) } });
  if (k8sServiceSelector !== undefined) {
    found.push({ ...namespaceOf(bySelector), by: { selector: readSelector(bySelector.selector) } });
  }
  return found;
}

function namespaceOf(raw: Raw): { readonly namespace?: string } {
  const namespace = textOf(raw.namespace);
  return namespace === undefined ? {} : { namespace: safeText(namespace) };
}

/** Not in the schema of a deny, and pruned there (CIL-9). */
function domainPeers(items: readonly unknown[], { action }: PeerContext): readonly Peer[] | undefined {
  if (action === 'deny') return undefined;
  return items.map((item): Peer => {
    const { matchName, matchPattern } = rawOf(item);
    return {
      type: 'domain',
      pattern: safeText(textOf(matchName) ?? textOf(matchPattern) ?? '*'),
      identity: 'cilium',
    };
  });
}
