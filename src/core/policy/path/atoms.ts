import { formatIp, type IpRange, type Pod, parseIp } from '../../cluster/cluster.ts';
import type { Engine } from '../decide/decide.ts';
import type { End, Policy, PortRange, Rule } from '../model/model.ts';
import {
  blocksOf as blocksNamedBy,
  piecesWithin,
  podWords,
  type Vocabulary,
  vocabularyOf,
} from '../reach/reach.ts';
import { blocksOf } from './address-text.ts';
import type { Member, Target } from './members.ts';

/** Members of an end that no policy on the path can tell apart, represented by one or two of them. */
export type Atom = {
  readonly members: readonly Member[];
  readonly ports: readonly PortRange[];
  readonly ends: readonly End[];
};

/** Groups the members of both ends into atoms. */
export type Atoms = {
  readonly of: (targets: readonly Target[], others: readonly Member[], dns?: string) => readonly Atom[];
};

/**
 * Groups what the policies on some pods cannot tell apart: by what the policies match on (labels, port names, CIDRs),
 * by IP family, and by node if a node is at the other end (NP-28, NP-33).
 */
export function createAtoms(engine: Engine, pods: readonly Pod[]): Atoms {
  const policies = new Set<Policy>();
  const rules = new Set<Rule>();
  for (const pod of pods) {
    for (const policy of engine.policiesOn(pod)) policies.add(policy);
    for (const rule of engine.rulesOn(pod)) rules.add(rule);
  }
  const words = vocabularyOf(engine.dialect, policies, engine.model);
  const blocks = blocksNamedBy(engine.model, rules);

  function of(targets: readonly Target[], others: readonly Member[], dns?: string): readonly Atom[] {
    const nodes = nodesOf(others);
    const groups = new Map<string, { members: Member[]; ports: readonly PortRange[] }>();
    const outside: Atom[] = [];
    for (const { member, ports } of targets) {
      if (member.type === 'range') {
        for (const piece of piecesWithin(engine.model, [member.range], blocks)) {
          const range: IpRange = { family: piece.family, first: piece.first, last: piece.last };
          const meaning = dns === undefined ? blocksIn(range) : { dns };
          const end: End = { type: 'ip', ip: ipOf(piece), ...meaning };
          outside.push({ members: [{ type: 'range', range }], ports, ends: [end] });
        }
        continue;
      }
      const key = `${keyOf(words, member, nodes)}\n${ports.join(';')}`;
      const group = groups.get(key) ?? { members: [], ports };
      group.members.push(member);
      groups.set(key, group);
    }
    const known = Array.from(
      groups.values(),
      ({ members, ports }): Atom => ({ members, ports, ends: members.slice(0, 2).map(endOf) }),
    );
    return [...known, ...outside];
  }
  return { of };
}

/** The only atom of an end that is one pod or one address; undefined for ends that policies might split. */
export function onlyAtom([only, ...others]: readonly Target[]): Atom | undefined {
  if (only === undefined || others.length > 0) return undefined;
  const { member, ports } = only;
  if (member.type === 'range' && member.range.first !== member.range.last) return undefined;
  return { members: [member], ports, ends: [endOf(member)] };
}

/** The blocks of a piece, unless it is a single address. */
function blocksIn(range: IpRange): { readonly blocks?: readonly string[] } {
  return range.first === range.last ? {} : { blocks: blocksOf(range) };
}

function ipOf({ side }: ReturnType<typeof piecesWithin>[number]): string {
  const [ip] = side.ips;
  return ip === undefined ? '' : formatIp(ip);
}

/** Nodes at the other end, or whose address a member of it shares. */
function nodesOf(members: readonly Member[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const member of members) {
    if (member.type === 'node') names.add(member.node.name);
    if (member.type === 'pod' && member.pod.hostNetwork && member.pod.node !== undefined)
      names.add(member.pod.node);
  }
  return names;
}

function keyOf(
  words: Vocabulary,
  member: Exclude<Member, { type: 'range' }>,
  nodes: ReadonlySet<string>,
): string {
  if (member.type === 'node') return `node ${member.node.name} ${member.ip}`;
  if (member.type === 'reserved') return `reserved ${member.name}`;
  const { pod, ip } = member;
  const families = [...new Set((ip === undefined ? pod.ips : [ip]).map((text) => parseIp(text)?.family))]
    .sort()
    .join();
  const place = pod.node !== undefined && nodes.has(pod.node) ? pod.node : '';
  return `${podWords(words, pod)}\n${pod.phase}\n${families}\n${place}`;
}

/** A member as input for the engine. */
export function endOf(member: Member): End {
  switch (member.type) {
    case 'pod':
      return { type: 'pod', pod: member.pod, ip: member.ip };
    case 'node':
      return member.ip === '' ? { type: 'ip', ip: '', node: member.node } : { type: 'ip', ip: member.ip };
    case 'reserved':
      return { type: 'ip', ip: '', reserved: member.name };
    case 'range':
      return { type: 'ip', ip: formatIp({ family: member.range.family, value: member.range.first }) };
  }
}
