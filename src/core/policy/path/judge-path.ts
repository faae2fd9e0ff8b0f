import type { Pod } from '../../cluster/cluster.ts';
import { SluiceError } from '../../common/common.ts';
import type { ClusterModel } from '../../live/live.ts';
import type { Engine, PathDecision } from '../decide/decide.ts';
import { explain, type HalfSummary, type PathSummary, summarize } from '../explain/explain.ts';
import { UNKNOWN_NODE } from '../match/match.ts';
import type { Decision, Direction, PortRange, Query, Verdict } from '../model/model.ts';
import { type AskedPorts, askedPortsText, noPortNamed, portsNamed } from './asked-ports.ts';
import { type Atom, createAtoms, onlyAtom } from './atoms.ts';
import { type Cell, judgeCells } from './cells.ts';
import { entityEnd } from './entity.ts';
import {
  type Destination,
  dnsEnd,
  type FoundEnd,
  findEnd,
  type Member,
  type Source,
  type Target,
} from './members.ts';
import { missingEnd } from './missing.ts';
import { type PathPart, partsOf, type WholeEnd } from './parts.ts';
import { nameOfPathEnd, type PathEnd } from './path-end.ts';
import { dnsNotes, isLearned, serviceTargets } from './service.ts';

/** The verdict on a path between two ends of any kind. */
export type PathAnswer = {
  readonly from: string;
  readonly to: string;
  /** For the whole path: deny if any part is denied, otherwise undecidable if any part is, otherwise allow. */
  readonly verdict: Verdict;
  /** The pair and port that `verdict` explains. */
  readonly query: Query;
  /** The parts of the path that differ; empty if there is a single verdict. */
  readonly parts: readonly PathPart[];
  /** The number of pairs of pods, nodes and address blocks by their worst verdict. */
  readonly pairs: Readonly<Record<Decision, number>>;
  /** Remarks about the ends, one sentence each. */
  readonly notes: readonly string[];
};

/** Evaluates paths in the current state of one world. */
export type PathJudge = (source: PathEnd, destination: PathEnd, ports: AskedPorts) => PathAnswer;

/** What paths are evaluated in. */
export type Ground = { readonly model: ClusterModel; readonly engine: Engine };

/** The result for a path before it is put into words. */
export type Judgement = Omit<PathAnswer, 'verdict' | 'query'> & {
  /** The verdict on the whole path: that of `worst`, unless `cause` makes it undecidable. */
  readonly verdict: Decision;
  /** The pair and port that are reported. */
  readonly worst: Cell;
  /** Every pair that policies can tell apart, on every piece of the ports. */
  readonly cells: readonly Cell[];
  readonly source: WholeEnd;
  readonly destination: WholeEnd;
  /** Set if only one member of an end is meant and it is unknown which: the reason. */
  readonly oneOf: string | undefined;
  /** Why halves are undecidable, regardless of `worst`. */
  readonly cause: Cause | undefined;
};

/**
 * Evaluates a path between pods, workloads, Services, nodes, addresses, ranges, the world and DNS names, exactly for
 * every member and every port: what policies can't tell apart is decided once. Everything that reports on a path takes
 * its verdict from here, for the observed pair or for the named ends.
 *
 * @throws SluiceError `not-found` with similar names; `usage` for an ambiguous name; `failed` for a Service without
 *   that port
 */
export function judgePath(
  { model, engine }: Ground,
  from: PathEnd,
  to: PathEnd,
  ports: AskedPorts,
): Judgement {
  const { source, destination } = endsOf(model, from, to, ports);
  return judge(engine, source, destination, ports);
}

/** An evaluator that also explains its verdicts; throws as `judgePath` does. */
export function createPathJudge(ground: Ground): PathJudge {
  return (from, to, ports) => answerOf(ground.engine, judgePath(ground, from, to, ports));
}

/** A judgement with its halves explained. */
export function answerOf(engine: Engine, judgement: Judgement): PathAnswer {
  const { from, to, worst, cause, parts, pairs, notes } = judgement;
  const verdict = blurred(explain(engine, worst.decision), cause);
  return { from, to, verdict, query: worst.query, parts, pairs, notes };
}

/** A short summary of a judgement for each half. */
export function summarized({ world }: Engine, { worst, cause }: Judgement): PathSummary {
  return blurred(summarize(world, worst.decision), cause);
}

/** Whether parts of the path have a different verdict than the whole. */
export function isInPart({ verdict, parts }: Pick<Judgement, 'verdict' | 'parts'>): boolean {
  return parts.some((part) => part.verdict !== verdict);
}

type Ends = { readonly source: Source; readonly destination: Destination };

function endsOf(model: ClusterModel, from: PathEnd, to: PathEnd, ports: AskedPorts): Ends {
  const start = withEntity(model, findEnd(model, from, 'source'), to, 'destination');
  if (from.type === 'loopback' || to.type === 'loopback') return loopbackEnds(model, from, to, ports);
  const source = start.type === 'service' ? serviceSource(model, start) : membersOf(start);
  const found = withEntity(model, findEnd(model, to, 'destination'), from, 'source');
  const forwarded = forwardedBy(model, found, ports);
  const target = forwarded?.target ?? found;
  const destination =
    target.type === 'service'
      ? serviceEnd(model, target, forwarded?.ports ?? ports)
      : targetsOf(membersOf(target), ports);
  const { name } = forwarded === undefined ? destination : membersOf(found);
  const notes = [...(forwarded?.notes ?? []), ...destination.notes];
  return {
    source: masqueraded(model, source, target, destination),
    destination: { ...destination, name, notes },
  };
}

type KnownEnd = Exclude<FoundEnd, { readonly type: 'entity' }>;

/** An end whose members no longer depend on the other one. */
function withEntity(
  model: ClusterModel,
  found: FoundEnd,
  other: PathEnd,
  role: 'source' | 'destination',
): KnownEnd {
  if (found.type !== 'entity') return found;
  const { entity } = found;
  const isNodes = entity === 'host' || entity === 'remote-node';
  const pods = isNodes ? podsOf(model, findEnd(model, other, role)) : [];
  return { type: 'members', ...entityEnd(model, entity, pods) };
}

function podsOf(model: ClusterModel, found: FoundEnd): readonly Pod[] {
  if (found.type === 'service') {
    const service = model.service(found.namespace, found.name);
    return service === undefined ? [] : model.backends(service);
  }
  if (found.type !== 'members') return [];
  return found.members.flatMap((member) => (member.type === 'pod' ? [member.pod] : []));
}

type Forwarded = {
  readonly target: KnownEnd & { readonly type: 'service' };
  readonly ports: AskedPorts;
  readonly notes: readonly string[];
};

/** The Service to which a node forwards the asked port, its nodePort: the node itself is not the destination (ENF-30). */
function forwardedBy(model: ClusterModel, found: KnownEnd, asked: AskedPorts): Forwarded | undefined {
  if (found.type !== 'members' || asked.type !== 'range' || asked.from !== asked.to) return undefined;
  if (found.members.length === 0 || !found.members.every(({ type }) => type === 'node')) return undefined;
  for (const service of model.services()) {
    const entry = service.ports.find(
      ({ nodePort, protocol }) => nodePort === asked.from && protocol === asked.protocol,
    );
    if (entry === undefined) continue;
    const { namespace, name } = service;
    return {
      target: { type: 'service', namespace, name },
      ports: { ...asked, from: entry.port, to: entry.port },
      notes: [`port ${asked.from} of every node is a nodePort of svc/${name} in ${namespace}`],
    };
  }
  return undefined;
}

function membersOf(found: KnownEnd): Source {
  if (found.type !== 'members') throw new Error('only a Service and localhost have no members');
  const { type: _, ...end } = found;
  return end;
}

/** Connections never come from a Service, only from its pods. */
function serviceSource(
  model: ClusterModel,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Source {
  const service = model.service(namespace, name);
  if (service === undefined) throw missingEnd(model, 'Service', { namespace, name, kind: 'Service' });
  const members = model.backends(service).map((pod): Member => ({ type: 'pod', pod }));
  if (members.length === 0) {
    throw new SluiceError(
      'refused',
      `Service ${namespace}/${name} has no running pods.`,
      'Use a pod or a workload.',
    );
  }
  return {
    name: `svc/${name}`,
    members,
    notes: [`connections come from the pods behind svc/${name}, not from its address`],
  };
}

function serviceEnd(
  model: ClusterModel,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  ports: AskedPorts,
): Destination {
  const service = model.service(namespace, name);
  if (service === undefined) throw missingEnd(model, 'Service', { namespace, name, kind: 'Service' });
  if (service.type !== 'ExternalName') return serviceTargets(model, service, ports);
  const stands = service.externalName ?? '';
  const { notes, ...end } = targetsOf(membersOf(dnsEnd(model, stands)), ports);
  return { ...end, notes: [`svc/${name} is an ExternalName for ${stands}`, ...notes] };
}

/** Members as destinations; only pods resolve port names, each for itself. */
function targetsOf({ members, ...end }: Source, asked: AskedPorts): Destination {
  if (asked.type !== 'named') {
    const ports: readonly PortRange[] = [[asked.from, asked.to]];
    return { ...end, targets: members.map((member): Target => ({ member, ports })) };
  }
  const declaring = members.map((member): Target => ({ member, ports: namedPorts(member, asked) }));
  const targets = declaring.filter(({ ports }) => ports.length > 0);
  if (targets.length === 0) throw noPortNamed(end.name, asked);
  const without = members.length - targets.length;
  const note = `${without} of ${members.length} pods of ${end.name} declare no port ${asked.name}: skipped`;
  return { ...end, targets, notes: without === 0 ? end.notes : [...end.notes, note] };
}

function namedPorts(member: Member, asked: AskedPorts & { readonly type: 'named' }): readonly PortRange[] {
  return member.type === 'pod' ? portsNamed(member.pod, asked).map((port) => [port, port]) : [];
}

/** External clients that come through a node may have the node's address (ENF-30). */
function masqueraded(model: ClusterModel, source: Source, target: FoundEnd, { name }: Destination): Source {
  const service = target.type === 'service' ? model.service(target.namespace, target.name) : undefined;
  if (service === undefined || !source.members.every(({ type }) => type === 'range')) return source;
  if (service.type === 'ClusterIP' && !service.headless && service.outerIPs === undefined) {
    return {
      ...source,
      notes: [...source.notes, `${name} is a ClusterIP: it is not reachable from outside the cluster`],
    };
  }
  if (service.externalTrafficPolicy !== 'Cluster') return source;
  const known = Array.from(model.nodes()).flatMap((node) =>
    node.ips.map((ip): Member => ({ type: 'node', node, ip })),
  );
  const nodes = known.length > 0 ? known : [{ type: 'node', node: UNKNOWN_NODE, ip: '' } as const];
  const oneOf = `${source.name} comes through a node, which may replace the client's address with its own`;
  return { ...source, members: [...source.members, ...nodes], oneOf };
}

/** Loopback traffic never leaves the pod, so policies do not apply. */
function loopbackEnds(model: ClusterModel, from: PathEnd, to: PathEnd, asked: AskedPorts): Ends {
  const other = from.type === 'loopback' ? to : from;
  const found = findEnd(model, other, 'source');
  const pods = found.type === 'members' ? found.members.filter(({ type }) => type === 'pod') : [];
  if (found.type !== 'members' || pods.length === 0) {
    throw new SluiceError(
      'usage',
      'localhost is the pod itself, so the other end must be a pod.',
      'Use a pod or a workload.',
    );
  }
  const [first] = pods;
  const notes = [...found.notes, 'localhost traffic never leaves the pod: policies do not apply'];
  const source = { name: nameOfPathEnd(from), members: first === undefined ? [] : [first], notes };
  return { source, destination: { ...targetsOf({ ...source, notes: [] }, asked), name: nameOfPathEnd(to) } };
}

function judge(engine: Engine, source: Source, destination: Destination, asked: AskedPorts): Judgement {
  const members = destination.targets.map(({ member }) => member);
  const question = {
    ...atomsOf(engine, source, destination),
    protocol: asked.protocol,
    viaService: destination.viaService === true,
    nodes: source.nodes ?? destination.nodes,
    through: destination.through,
  };
  const { cells, noFamily } = judgeCells(engine, question);
  const worst = worstOf(cells);
  if (worst === undefined) {
    throw new SluiceError(
      'failed',
      `There is no path to evaluate between ${source.name} and ${destination.name}.`,
      'Choose other ends.',
    );
  }
  const whole = {
    source: { name: source.name, members: source.members },
    destination: { name: destination.name, members },
  };
  const unlearned = destination.dns === undefined || isLearned(engine, cells) ? undefined : destination.dns;
  const oneOf = source.oneOf ?? destination.oneOf;
  const cause = causeFor(cells, worst.decision, oneOf, unlearned);
  return {
    from: source.name,
    to: destination.name,
    verdict: cause === undefined ? worst.decision.verdict : 'undecidable',
    worst,
    cells,
    ...whole,
    oneOf,
    cause,
    parts: partsOf(engine.world, cells, whole.source, whole.destination),
    pairs: countPairs(cells),
    notes: [
      ...new Set([
        ...source.notes,
        ...destination.notes,
        ...(noFamily
          ? [
              `${source.name} and ${destination.name} have no IP family in common: no traffic can pass, whatever policies say`,
            ]
          : []),
        ...(asked.type === 'icmp' && asked.code !== undefined
          ? ['policies do not distinguish ICMP codes']
          : []),
        ...(destination.dns === undefined ? [] : dnsNotes(engine, destination.dns, cells)),
      ]),
    ],
  };
}

const RANK: Readonly<Record<Decision, number>> = { allow: 0, undecidable: 1, deny: 2 };

/** The members of both ends, grouped by what policies can't tell apart; a single pair needs no grouping. */
function atomsOf(
  engine: Engine,
  source: Source,
  { targets, dns }: Destination,
): { readonly sources: readonly Atom[]; readonly targets: readonly Atom[] } {
  const sources = source.members.map((member): Target => ({ member, ports: [] }));
  const [from, to] = [onlyAtom(sources), onlyAtom(targets)];
  if (from !== undefined && to !== undefined && source.dns === undefined && dns === undefined)
    return { sources: [from], targets: [to] };
  const members = targets.map(({ member }) => member);
  const pods = [...source.members, ...members].flatMap((member) =>
    member.type === 'pod' ? [member.pod] : [],
  );
  const atoms = createAtoms(engine, [...new Set(pods)]);
  return {
    sources: atoms.of(sources, members, source.dns),
    targets: atoms.of(targets, source.members, dns),
  };
}

/** The path to report out of several between the same ends. */
export function worstPath(judgements: readonly Judgement[]): Judgement | undefined {
  return judgements.toSorted((a, b) => RANK[b.verdict] - RANK[a.verdict])[0];
}

function worstOf(cells: readonly Cell[]): Cell | undefined {
  let worst: Cell | undefined;
  for (const cell of cells) {
    if (worst === undefined || RANK[cell.decision.verdict] > RANK[worst.decision.verdict]) worst = cell;
  }
  return worst;
}

/** Why halves are undecidable regardless of the worst pair, and which. */
type Cause = { readonly text: string; readonly halves: readonly Direction[] };

/**
 * Why the whole path is undecidable: only one member of an end is meant and their verdicts differ, or Cilium can't know
 * the addresses of a name.
 */
function causeFor(
  cells: readonly Cell[],
  worst: PathDecision,
  oneOf: string | undefined,
  unlearned: string | undefined,
): Cause | undefined {
  if (unlearned !== undefined && worst.verdict === 'allow') {
    const text = `no rule sends lookups of ${unlearned} through Cilium's DNS proxy: its addresses are unknown`;
    return { text, halves: ['egress'] };
  }
  if (oneOf === undefined || cells.every(({ decision }) => decision.verdict === worst.verdict))
    return undefined;
  const differs = (direction: Direction) =>
    new Set(cells.map(({ decision }) => decision[direction].verdict)).size > 1;
  return { text: oneOf, halves: (['egress', 'ingress'] as const).filter(differs) };
}

/** A verdict, full or summarized, with undecidable halves. */
function blurred<T extends PathSummary>(verdict: T, cause: Cause | undefined): T {
  if (cause === undefined) return verdict;
  const half = (direction: Direction) =>
    cause.halves.includes(direction) ? blurredHalf(verdict[direction], cause.text) : verdict[direction];
  return { ...verdict, verdict: 'undecidable', egress: half('egress'), ingress: half('ingress') };
}

/** If a half is undecidable, it is also unknown what would open it. */
function blurredHalf<T extends HalfSummary>(half: T, summary: string): T {
  const untold = 'nearMisses' in half ? { nearMisses: [], cannotOpen: [] } : {};
  return { ...half, ...untold, verdict: 'undecidable', summary };
}

function countPairs(cells: readonly Cell[]): Record<Decision, number> {
  const pairs: Record<Decision, number> = { allow: 0, deny: 0, undecidable: 0 };
  for (const [from, row] of Map.groupBy(cells, (cell) => cell.from)) {
    for (const [to, list] of Map.groupBy(row, (cell) => cell.to)) {
      const worst = worstOf(list);
      if (worst !== undefined) pairs[worst.decision.verdict] += from.members.length * to.members.length;
    }
  }
  return pairs;
}

/** A path as a heading: `web → db :5432/tcp`. */
export function pathTitle({ from, to }: Pick<PathAnswer, 'from' | 'to'>, ports: AskedPorts): string {
  return `${from} → ${to} ${askedPortsText(ports)}`;
}
