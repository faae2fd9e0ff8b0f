import {
  type ApiObject,
  type PortSpec,
  PROTOCOLS,
  type Requirement,
  type Selector,
} from '../cluster/cluster.ts';
import type { Direction } from '../policy/model/model.ts';
import { type PolicyRule, policySpec } from './grant-manifests.ts';
import { formatPorts } from './names.ts';
import type { PeerSelection, PlannedHalf } from './plan.ts';

/** A half that needs a policy for good, with the names of its ends. */
export type NeededHalf = Pick<PlannedHalf, 'direction' | 'namespace' | 'subject' | 'peer'> & {
  /** The end that the policy is for, and the one that it admits or lets it reach. */
  readonly subjectName: string;
  readonly peerName: string;
  readonly ports: readonly PortSpec[];
  /** Recorded attempts that were denied; undefined if the path was asked for by name. */
  readonly attempts?: number | undefined;
};

/** One rule of a permanent policy and what it rests on. */
export type PermanentRule = PolicyRule & {
  /** The other end: `web`, or `front/web` of another namespace. */
  readonly name: string;
  readonly attempts?: number;
};

/** A policy for Git: nothing about it ends, and nothing in it says how it came about. */
export type PermanentPolicy = {
  readonly direction: Direction;
  readonly manifest: ApiObject;
  readonly rules: readonly PermanentRule[];
};

/**
 * The policies for halves that need one (GRANT-23): one for all halves of the same pods and direction, with a rule for
 * each other end, as a person would write it. Names say what is admitted.
 *
 * @param ranges whether the enforcer takes `endPort` (NP-24)
 * @param isTaken whether a policy of that name exists in a namespace: a file for Git must not replace it
 */
export function permanentPolicies(
  halves: readonly NeededHalf[],
  ranges: boolean,
  isTaken: (namespace: string, name: string) => boolean,
): readonly PermanentPolicy[] {
  const given = new Set<string>();
  const groups = Map.groupBy(halves, ({ direction, namespace, subject }) =>
    JSON.stringify([direction, namespace, inOrder(subject)]),
  );
  return [...groups.values()].flatMap(([first, ...others]): readonly PermanentPolicy[] => {
    if (first === undefined) return [];
    const { direction, namespace, subject, subjectName } = first;
    const rules = rulesOf([first, ...others]);
    const isFree = (name: string) => !isTaken(namespace, name) && !given.has(`${namespace}/${name}`);
    const name = freeName(subjectName, direction, rules, isFree);
    given.add(`${namespace}/${name}`);
    return [
      {
        direction,
        manifest: {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'NetworkPolicy',
          metadata: { name, namespace },
          spec: policySpec(direction, subject, rules, ranges),
        },
        rules,
      },
    ];
  });
}

/** One rule for each peer, with all ports that any of its halves needs. */
function rulesOf(halves: readonly NeededHalf[]): readonly PermanentRule[] {
  const byPeer = Map.groupBy(halves, ({ peer }) => JSON.stringify(keyOfPeer(peer)));
  return [...byPeer.values()].flatMap((same): readonly PermanentRule[] => {
    const [first] = same;
    if (first === undefined) return [];
    const { peer, namespace, peerName } = first;
    const counts = same.flatMap(({ attempts }) => attempts ?? []);
    return [
      {
        peer,
        ports: union(same.flatMap(({ ports }) => ports)),
        name:
          peer.type === 'pods' && peer.namespace !== namespace ? `${peer.namespace}/${peerName}` : peerName,
        ...(counts.length === 0 ? {} : { attempts: counts.reduce((sum, count) => sum + count, 0) }),
      },
    ];
  });
}

function keyOfPeer(peer: PeerSelection): unknown {
  return peer.type === 'addresses' ? peer : { ...peer, selector: inOrder(peer.selector) };
}

function inOrder(selector: Selector): readonly Requirement[] {
  return selector.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

function union(ports: readonly PortSpec[]): readonly PortSpec[] {
  const unique = new Map(ports.map((spec) => [`${spec.port}/${spec.protocol}`, spec]));
  const rank = ({ protocol }: PortSpec) => PROTOCOLS.indexOf(protocol);
  return [...unique.values()].sort((a, b) => rank(a) - rank(b) || a.port - b.port);
}

/** The longest name: policies may have longer ones, but a label, which many tools make of it, may not. */
const LONGEST = 63;

/** `db-from-web`; with the ports, and then with a number, where policies of that name exist. */
function freeName(
  subject: string,
  direction: Direction,
  rules: readonly PermanentRule[],
  isFree: (name: string) => boolean,
): string {
  const base = `${clean(subject)}-${direction === 'ingress' ? 'from' : 'to'}-${peersIn(rules)}`;
  const ports = clean(formatPorts(union(rules.flatMap((rule) => rule.ports))).replaceAll('/tcp', ''));
  const fitting = (ending: string) =>
    `${base.slice(0, LONGEST - ending.length).replace(/^-+|-+$/g, '')}${ending}`;
  const first = ['', `-${ports}`]
    .filter((ending) => ending.length < LONGEST / 2)
    .map(fitting)
    .find(isFree);
  if (first !== undefined) return first;
  for (let number = 2; ; number += 1) {
    const name = fitting(`-${number}`);
    if (isFree(name)) return name;
  }
}

function peersIn(rules: readonly PermanentRule[]): string {
  const [first = '', second, ...more] = [...new Set(rules.map(({ name }) => clean(name)))];
  if (second === undefined) return first;
  return more.length === 0 ? `${first}-and-${second}` : `${first}-and-${more.length + 1}-more`;
}

/** The part of a name that a DNS label may have: `svc/db` is `db`. */
function clean(text: string): string {
  return text
    .toLowerCase()
    .replace(/\bsvc\//, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}
