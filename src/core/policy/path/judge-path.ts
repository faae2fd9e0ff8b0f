import { SluiceError } from '../../common/common.ts';
import type { ClusterModel } from '../../live/live.ts';
import type { Engine, PathDecision } from '../decide/decide.ts';
import { explain, type HalfSummary, type PathSummary, summarize } from '../explain/explain.ts';
import type { Decision, Direction, PortRange, Query, Verdict } from '../model/model.ts';
import { type AskedPorts, askedPortsText } from './asked-ports.ts';
import { createAtoms } from './atoms.ts';
import { type Cell, judgeCells } from './cells.ts';
import { type Destination, dnsEnd, findEnd, type Member, type Source, type Target } from './members.ts';
import { missingEnd } from './missing.ts';
import { type PathPart, partsOf } from './parts.ts';
import { nameOfPathEnd, type PathEnd } from './path-end.ts';
import { dnsNotes, isLearned, serviceTargets } from './service.ts';

/** The verdict of a path between two ends of any kind. */
export type PathAnswer = {
  readonly from: string;
  readonly to: string;
  /** Of the whole path: deny when any part of it is denied, then undecidable, then allow. */
  readonly verdict: Verdict;
  /** The pair and port that `verdict` explains. */
  readonly query: Query;
  /** The parts of the path that differ; empty when there is one verdict. */
  readonly parts: readonly PathPart[];
  /** Pairs of pods, nodes and blocks of addresses by their worst verdict. */
  readonly pairs: Readonly<Record<Decision, number>>;
  /** What else is to be known of the ends, a sentence each. */
  readonly notes: readonly string[];
};

/** Judges paths in one world, as it is when asked. */
export type PathJudge = (source: PathEnd, destination: PathEnd, ports: AskedPorts) => PathAnswer;

/** Where paths are judged. */
type Ground = { readonly model: ClusterModel; readonly engine: Engine };

/**
 * A judge of paths between pods, workloads, Services, nodes, addresses, ranges, the world and DNS names, exact for
 * every member and every port: what policies can't tell apart is judged once.
 *
 * @throws SluiceError (the judge) `not-found` with the nearest names; `usage` for a name with several meanings;
 *   `failed` for a Service without that port
 */
export function createPathJudge(ground: Ground): PathJudge {
  return (from, to, ports) => {
    const { engine } = ground;
    const { worst, cause, parts, pairs, notes, ...ends } = judgePath(ground, from, to, ports);
    const verdict = blurred(explain(engine, worst.decision), cause);
    return { ...ends, verdict, query: worst.query, parts, pairs, notes };
  };
}

/** The verdict of a path between two ends in a few words; throws as a judge does. */
export function summarizePath(ground: Ground, from: PathEnd, to: PathEnd, ports: AskedPorts): PathSummary {
  const { worst, cause } = judgePath(ground, from, to, ports);
  return blurred(summarize(ground.engine.world, worst.decision), cause);
}

/** A path judged: `worst` is the pair that is told of, `cause` why its halves are undecidable all the same. */
type JudgedPath = Omit<PathAnswer, 'verdict' | 'query'> & {
  readonly worst: Cell;
  readonly cause: Cause | undefined;
};

function judgePath({ model, engine }: Ground, from: PathEnd, to: PathEnd, ports: AskedPorts): JudgedPath {
  const { source, destination } = endsOf(model, from, to, ports);
  return judge(engine, source, destination, ports);
}

type Ends = { readonly source: Source; readonly destination: Destination };

function endsOf(model: ClusterModel, from: PathEnd, to: PathEnd, ports: AskedPorts): Ends {
  const found = findEnd(model, from, 'source');
  if (from.type === 'loopback' || to.type === 'loopback') return loopbackEnds(model, from, to, ports);
  const source = found.type === 'service' ? serviceSource(model, found) : membersOf(found);
  const target = findEnd(model, to, 'destination');
  const destination =
    target.type === 'service' ? serviceEnd(model, target, ports) : targetsOf(membersOf(target), ports);
  return { source: masqueraded(model, source, target, destination), destination };
}

function membersOf(found: ReturnType<typeof findEnd>): Source {
  if (found.type !== 'members') throw new Error('only a Service and localhost have no members of their own');
  const { type: _, ...end } = found;
  return end;
}

/** Nothing comes from a Service: its pods are meant. */
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
      `Service ${namespace}/${name} has no live backend.`,
      'Name a pod or a workload.',
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
  return { ...end, notes: [`svc/${name} is an ExternalName: it stands for ${stands}`, ...notes] };
}

/** Members as destinations; a port's name is resolved by each pod, and by nothing else. */
function targetsOf({ members, ...end }: Source, asked: AskedPorts): Destination {
  if (asked.type !== 'named') {
    const ports: readonly PortRange[] = [[asked.from, asked.to]];
    return { ...end, targets: members.map((member): Target => ({ member, ports })) };
  }
  const declaring = members.map((member): Target => ({ member, ports: namedPorts(member, asked) }));
  const targets = declaring.filter(({ ports }) => ports.length > 0);
  if (targets.length === 0) {
    throw new SluiceError(
      'failed',
      `${end.name} declares no port ${asked.name}/${asked.protocol.toLowerCase()}.`,
      'Name the port by its number, as in 5432/tcp.',
    );
  }
  const without = members.length - targets.length;
  const note = `${without} of ${members.length} pods of ${end.name} declare no port ${asked.name}: left out`;
  return { ...end, targets, notes: without === 0 ? end.notes : [...end.notes, note] };
}

function namedPorts(
  member: Member,
  { name, protocol }: AskedPorts & { readonly type: 'named' },
): readonly PortRange[] {
  if (member.type !== 'pod') return [];
  return member.pod.ports
    .filter((item) => item.name === name && item.protocol === protocol)
    .map(({ port }) => [port, port]);
}

/** A client outside that comes through a node may have the node's address (NP-27). */
function masqueraded(
  model: ClusterModel,
  source: Source,
  target: ReturnType<typeof findEnd>,
  { name }: Destination,
): Source {
  const service = target.type === 'service' ? model.service(target.namespace, target.name) : undefined;
  if (service === undefined || !source.members.every(({ type }) => type === 'range')) return source;
  if (service.type === 'ClusterIP' && !service.headless && service.outerIPs === undefined) {
    return {
      ...source,
      notes: [...source.notes, `${name} is a ClusterIP: nothing outside the cluster reaches it as such`],
    };
  }
  if (service.externalTrafficPolicy !== 'Cluster') return source;
  const nodes = Array.from(model.nodes()).flatMap((node) =>
    node.ips.map((ip): Member => ({ type: 'node', node, ip })),
  );
  const oneOf = `${source.name} comes through a node, which may put its own address in place of the client's`;
  return { ...source, members: [...source.members, ...nodes], oneOf };
}

/** Loopback never leaves the pod, so no policy sees it. */
function loopbackEnds(model: ClusterModel, from: PathEnd, to: PathEnd, asked: AskedPorts): Ends {
  const other = from.type === 'loopback' ? to : from;
  const found = findEnd(model, other, 'source');
  const pods = found.type === 'members' ? found.members.filter(({ type }) => type === 'pod') : [];
  if (found.type !== 'members' || pods.length === 0) {
    throw new SluiceError(
      'usage',
      'localhost is the pod itself, so the other end must be a pod.',
      'Name a pod or a workload.',
    );
  }
  const [first] = pods;
  const notes = [...found.notes, 'localhost never leaves the pod: no policy sees it'];
  const source = { name: nameOfPathEnd(from), members: first === undefined ? [] : [first], notes };
  return { source, destination: { ...targetsOf({ ...source, notes: [] }, asked), name: nameOfPathEnd(to) } };
}

function judge(engine: Engine, source: Source, destination: Destination, asked: AskedPorts): JudgedPath {
  const members = destination.targets.map(({ member }) => member);
  const pods = [...source.members, ...members].flatMap((member) =>
    member.type === 'pod' ? [member.pod] : [],
  );
  const atoms = createAtoms(engine, [...new Set(pods)]);
  const question = {
    sources: atoms.of(
      source.members.map((member): Target => ({ member, ports: [] })),
      members,
      source.dns,
    ),
    targets: atoms.of(destination.targets, source.members, destination.dns),
    protocol: asked.protocol,
    viaService: destination.viaService === true,
  };
  const { cells, noFamily } = judgeCells(engine, question);
  const worst = worstOf(cells);
  if (worst === undefined) {
    throw new SluiceError(
      'failed',
      `There is nothing between ${source.name} and ${destination.name} to judge.`,
      'Name other ends.',
    );
  }
  const parts = partsOf(
    engine.world,
    cells,
    { name: source.name, members: source.members },
    { name: destination.name, members },
  );
  const unlearned = destination.dns === undefined || isLearned(engine, cells) ? undefined : destination.dns;
  return {
    from: source.name,
    to: destination.name,
    worst,
    cause: causeFor(cells, worst.decision, source.oneOf ?? destination.oneOf, unlearned),
    parts,
    pairs: countPairs(cells),
    notes: [
      ...new Set([
        ...source.notes,
        ...destination.notes,
        ...(noFamily
          ? [
              `${source.name} and ${destination.name} have no family of addresses in common: nothing gets there, whatever policies say`,
            ]
          : []),
        ...(asked.type === 'icmp' && asked.code !== undefined ? ['no policy tells ICMP codes apart'] : []),
        ...(destination.dns === undefined ? [] : dnsNotes(engine, destination.dns, cells)),
      ]),
    ],
  };
}

const RANK: Readonly<Record<Decision, number>> = { allow: 0, undecidable: 1, deny: 2 };

function worstOf(cells: readonly Cell[]): Cell | undefined {
  let worst: Cell | undefined;
  for (const cell of cells) {
    if (worst === undefined || RANK[cell.decision.verdict] > RANK[worst.decision.verdict]) worst = cell;
  }
  return worst;
}

/** Why halves are undecidable whatever the worst pair's are: some only, by direction. */
type Cause = { readonly text: string; readonly halves: readonly Direction[] };

/** The verdict of the whole; undecidable where only one of several readings holds, and they differ. */
function causeFor(
  cells: readonly Cell[],
  worst: PathDecision,
  oneOf: string | undefined,
  unlearned: string | undefined,
): Cause | undefined {
  if (unlearned !== undefined && worst.verdict === 'allow') {
    const text = `no rule sends lookups of ${unlearned} through Cilium's DNS proxy: its addresses stay unknown`;
    return { text, halves: ['egress'] };
  }
  if (oneOf === undefined || cells.every(({ decision }) => decision.verdict === worst.verdict))
    return undefined;
  const differs = (direction: Direction) =>
    new Set(cells.map(({ decision }) => decision[direction].verdict)).size > 1;
  return { text: oneOf, halves: (['egress', 'ingress'] as const).filter(differs) };
}

/** A verdict, whole or in brief, with what nobody can know of it. */
function blurred<T extends PathSummary>(verdict: T, cause: Cause | undefined): T {
  if (cause === undefined) return verdict;
  const half = (direction: Direction) =>
    cause.halves.includes(direction) ? blurredHalf(verdict[direction], cause.text) : verdict[direction];
  return { ...verdict, verdict: 'undecidable', egress: half('egress'), ingress: half('ingress') };
}

/** What would open a half is not known either. */
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

/** `web → db :5432/tcp`: a path as a heading. */
export function pathTitle({ from, to }: Pick<PathAnswer, 'from' | 'to'>, ports: AskedPorts): string {
  return `${from} → ${to} ${askedPortsText(ports)}`;
}
