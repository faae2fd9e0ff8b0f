import { keyOf, type Protocol, parseIp } from '../../cluster/cluster.ts';
import type { Engine, PathDecision } from '../decide/decide.ts';
import { isNodeOf, portStarts } from '../match/match.ts';
import type { End, PortRange, Query } from '../model/model.ts';
import type { Atom } from './atoms.ts';
import type { Member } from './members.ts';

/** One decision: source, destination, and destination ports. */
export type Cell = {
  readonly from: Atom;
  readonly to: Atom;
  readonly ports: PortRange;
  readonly query: Query;
  readonly decision: PathDecision;
};

/** What to decide for every pair of atoms. */
export type CellQuestion = {
  readonly sources: readonly Atom[];
  readonly targets: readonly Atom[];
  readonly protocol: Protocol | 'ICMP';
  readonly viaService: boolean;
  /** The Service that leads to a port of a target, if one was asked for. */
  readonly through?: ((target: End, port: number) => Query['through']) | undefined;
  /** Of the nodes, only the own one of the pod at the other end, or only others. */
  readonly nodes?: 'own' | 'other' | undefined;
};

/**
 * Decides every pair of atoms on every piece of the ports. Skips pairs without a common IP family, unless all are like
 * that, and a pod to itself, unless nothing else is left or it goes through a Service.
 */
export function judgeCells(
  engine: Engine,
  { sources, targets, protocol, viaService, nodes, through }: CellQuestion,
): { readonly cells: readonly Cell[]; readonly noFamily: boolean } {
  const podsOf = createPodsOf();
  const all = sources.flatMap((from) => targets.flatMap((to) => pairsOf(podsOf, from, to, viaService)));
  const pairs = nodes === undefined ? all : all.filter((pair) => isOfNode(pair) === (nodes === 'own'));
  const others = pairs.filter(({ self }) => !self);
  const wanted = viaService || others.length === 0 ? pairs : others;
  const able = wanted.filter(({ source, target }) => canMeet(source, target));
  const judged = able.length > 0 ? able : wanted;
  const cells = judged.flatMap(({ from, to, source, target, self }) => {
    const isWide = to.ports.some(([first, last]) => first < last);
    const starts = isWide ? startsOf(engine, protocol, source, target) : [];
    return to.ports.flatMap((range) =>
      pieces(range, starts).map((ports): Cell => {
        const query: Query = {
          from: source,
          to: target,
          port: ports[0],
          protocol,
          ...(self && viaService ? { viaService } : {}),
        };
        const service = through?.(target, ports[0]);
        const asked = service === undefined ? query : { ...query, through: service };
        return { from, to, ports, query: asked, decision: engine.decide(asked) };
      }),
    );
  });
  return { cells, noFamily: able.length === 0 && wanted.length > 0 };
}

type Pair = {
  readonly from: Atom;
  readonly to: Atom;
  readonly source: End;
  readonly target: End;
  readonly self: boolean;
};

/** The pairs to decide: different members, and a pod with itself if it is in both atoms. */
function pairsOf(podsOf: PodsOf, from: Atom, to: Atom, viaService: boolean): readonly Pair[] {
  const [source, another] = from.ends;
  if (source === undefined) return [];
  const differs = (a: End, b: End) => !isSamePod(a, b);
  const target = to.ends.find((end) => differs(source, end));
  const self = to.ends.find((end) => !differs(source, end));
  const found: Pair[] = [];
  const both = sharedPod(podsOf, from, to);
  const isAlone = both !== undefined && from.members.length === 1 && to.members.length > 1;
  const others = isAlone ? { ...to, members: to.members.filter((member) => member !== both.to) } : to;
  if (target !== undefined) found.push({ from, to: others, source, target, self: false });
  else if (another !== undefined && self !== undefined)
    found.push({ from, to, source: another, target: self, self: false });
  const isOnly = from.members.length === 1 && to.members.length === 1;
  if (both !== undefined && (viaService || isOnly)) {
    const one = { from: { ...from, members: [both.from] }, to: { ...to, members: [both.to] } };
    found.push({ ...one, source: both.source, target: both.target, self: true });
  }
  return found;
}

/** Whether a pair is a pod and the node that it runs on. */
function isOfNode({ from, to, source, target }: Pair): boolean {
  const [node] = [...from.members, ...to.members].flatMap((member) =>
    member.type === 'node' ? [member.node] : [],
  );
  const pod = source.type === 'pod' ? source.pod : target.type === 'pod' ? target.pod : undefined;
  return isNodeOf(node, pod);
}

type PodMember = Member & { readonly type: 'pod' };
type PodsOf = (atom: Atom) => ReadonlyMap<string, PodMember>;

/** A pod that two atoms have in common. */
function sharedPod(
  podsOf: PodsOf,
  from: Atom,
  to: Atom,
):
  | { readonly from: PodMember; readonly to: PodMember; readonly source: End; readonly target: End }
  | undefined {
  const [few, many] = from.members.length <= to.members.length ? [from, to] : [to, from];
  const known = podsOf(many);
  for (const member of podsOf(few).values()) {
    const other = known.get(keyOf(member.pod));
    if (other === undefined) continue;
    const [source, target] = few === from ? [member, other] : [other, member];
    const end: End = { type: 'pod', pod: source.pod };
    return { from: source, to: target, source: end, target: end };
  }
  return undefined;
}

/** Pods of atoms by key, each collected once. */
function createPodsOf(): PodsOf {
  const known = new Map<Atom, ReadonlyMap<string, PodMember>>();
  return (atom) => {
    const pods = known.get(atom) ?? podsIn(atom);
    known.set(atom, pods);
    return pods;
  };
}

function podsIn({ members }: Atom): ReadonlyMap<string, PodMember> {
  return new Map(
    members.flatMap((member): readonly (readonly [string, PodMember])[] =>
      member.type === 'pod' ? [[keyOf(member.pod), member]] : [],
    ),
  );
}

function isSamePod(a: End, b: End): boolean {
  return (
    a.type === 'pod' && b.type === 'pod' && a.pod.namespace === b.pod.namespace && a.pod.name === b.pod.name
  );
}

/** Whether two ends may have an IP family in common, as far as their addresses are known. */
export function canMeet(a: End, b: End): boolean {
  const [x, y] = [familiesOf(a), familiesOf(b)];
  return x.size === 0 || y.size === 0 || [...x].some((family) => y.has(family));
}

function familiesOf(end: End): ReadonlySet<number> {
  const texts = end.type === 'ip' ? [end.ip] : end.ip === undefined ? end.pod.ips : [end.ip];
  return new Set(texts.flatMap((text) => parseIp(text)?.family ?? []));
}

/** The first port of every piece, or the first type for ICMP. */
function startsOf(engine: Engine, protocol: CellQuestion['protocol'], from: End, to: End): readonly number[] {
  const rules = [from, to].flatMap((end) => (end.type === 'pod' ? engine.rulesOn(end.pod) : []));
  if (protocol !== 'ICMP') {
    return portStarts(engine.world, rules, protocol, to.type === 'pod' ? to.pod : undefined);
  }
  const starts = new Set([0]);
  for (const { ports } of rules) {
    for (const port of ports === 'any' ? [] : ports) {
      if (port.type === 'icmp') starts.add(port.icmpType).add(port.icmpType + 1);
    }
  }
  return [...starts].sort((a, b) => a - b);
}

function pieces([from, to]: PortRange, starts: readonly number[]): readonly PortRange[] {
  const firsts = [from, ...starts.filter((start) => from < start && start <= to)];
  return firsts.map((first, at): PortRange => [first, (firsts[at + 1] ?? to + 1) - 1]);
}
