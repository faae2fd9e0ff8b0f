import {
  covers,
  EVERY_ADDRESS,
  type IpRange,
  isLive,
  keyOf,
  type Node,
  type Pod,
  PROTOCOLS,
  parseCidr,
  parseIp,
  rangeOfAddress,
  type Service,
} from '../../core/cluster/cluster.ts';
import { nearestNames } from '../../core/common/common.ts';
import type { ClusterModel } from '../../core/live/live.ts';
import { summarize } from '../../core/policy/explain/explain.ts';
import { isNodeOf, UNKNOWN_NODE } from '../../core/policy/match/match.ts';
import {
  both,
  type Connections,
  type End,
  either,
  holdsPort,
  isNothing,
  NOTHING,
  onePort,
  portsText,
  without,
} from '../../core/policy/model/model.ts';
import { canMeet, kindNamed, nodesNamed, type PathEnd, parsePathEnd } from '../../core/policy/path/path.ts';
import {
  type AddressPiece,
  addressesEnd,
  allBlocks,
  type Block,
  createReach,
  fullEndText,
  hasIpv6,
  piecesWithin,
  type Reach,
} from '../../core/policy/reach/reach.ts';
import type { PolicyWorld } from '../connect/connect.ts';
import type { Expectation } from './check-expectations.ts';

/** One path that differs from the expectation. */
export type CheckFinding = {
  readonly from: string;
  readonly to: string;
  readonly ports: Connections;
  readonly is: 'allow' | 'deny' | 'undecidable';
  readonly why: string;
};

/** The result of an expectation. `violated` wins over `undecidable`. */
export type CheckResult = {
  readonly expectation: Expectation;
  readonly result: 'met' | 'violated' | 'undecidable';
  /** Number of pairs of ends that were evaluated. */
  readonly pairs: number;
  readonly findings: readonly CheckFinding[];
  /** Patterns that match nothing: the expectation then proves nothing, and counts as violated. */
  readonly unmatched: readonly string[];
};

/** Evaluates expectations in a world. `namespace` is the default for ends. */
export function judgeExpectations(
  { model, engine }: Pick<PolicyWorld, 'model' | 'engine'>,
  expectations: readonly Expectation[],
  namespace: string,
): readonly CheckResult[] {
  const world: CheckWorld = {
    model,
    engine,
    reach: createReach(engine),
    namespace,
    explain: explainer(engine),
  };
  return expectations.map((expectation) => judgeOne(world, expectation));
}

type CheckWorld = Pick<PolicyWorld, 'model' | 'engine'> & {
  readonly reach: Reach;
  readonly namespace: string;
  readonly explain: (from: End, to: End, ports: Connections) => string;
};

/** One end to evaluate. */
type Ask = {
  readonly end: End;
  readonly name: string;
  readonly ports: (asked: Connections) => Connections;
  /** The Service that leads to it. */
  readonly service?: Service | undefined;
  /** A node that only counts with the pods that run on it, or only with others. */
  readonly node?: { readonly node: Node | undefined; readonly of: 'own' | 'other' };
};

function judgeOne(world: CheckWorld, expectation: Expectation): CheckResult {
  const { kind, ports } = expectation;
  const sources = podsNamed(world, expectation.from);
  const targets = podsNamed(world, expectation.to);
  const from = sideOf(world, expectation.from, targets, { direction: 'ingress', others: kind === 'only' });
  const to = sideOf(world, expectation.to, sources, { direction: 'egress', others: kind === 'onlyTo' });
  const unmatched = [...(kind === 'only' ? [] : from.unmatched), ...(kind === 'onlyTo' ? [] : to.unmatched)];
  const findings = new Map<string, CheckFinding>();
  let pairs = 0;
  for (const source of from.asks) {
    for (const target of to.asks) {
      if (isSame(source.end, target.end) || !isOnNode(source, target)) continue;
      if (kind === 'only' && isOwnNode(source.end, target.end)) continue;
      if (source.end.type === 'ip' && target.end.type === 'ip') continue;
      if (kind !== 'allow' && isBeyond(source.end, target.end)) continue;
      pairs += 1;
      const wanted = target.ports(ports);
      const flaw = judgeAsMasked(world, kind, source, target, wanted);
      if (flaw === undefined) continue;
      const key = `${source.name} ${target.name} ${flaw.is} ${portsText(flaw.ports)}`;
      if (findings.has(key)) continue;
      const why = isNothing(wanted)
        ? 'the service does not have this port'
        : world.explain(source.end, target.end, flaw.ports);
      findings.set(key, { from: source.name, to: target.name, ...flaw, why });
    }
  }
  const list = [...findings.values()];
  const isViolated = unmatched.length > 0 || list.some(({ is }) => is !== 'undecidable');
  const result = isViolated ? 'violated' : list.length > 0 ? 'undecidable' : 'met';
  return {
    expectation,
    result,
    pairs,
    findings: list,
    unmatched: unmatched.map((text) => hint(world, text)),
  };
}

type Flaw = Pick<CheckFinding, 'ports' | 'is'>;

/**
 * A pair, and the same from a node, where a Service may put its address in place of the client's: what differs then is
 * undecidable (ENF-30).
 */
function judgeAsMasked(
  { model, reach }: CheckWorld,
  kind: Expectation['kind'],
  source: Ask,
  target: Ask,
  wanted: Connections,
): Flaw | undefined {
  const flaw = judgePair(reach, kind, source, target, wanted);
  const { end } = source;
  const isOutside = end.type === 'ip' && end.node === undefined && model.nodeAt(end.ip) === undefined;
  if (!isOutside || target.service?.externalTrafficPolicy !== 'Cluster' || isNothing(wanted)) return flaw;
  const known = Array.from(model.nodes()).flatMap(({ ips }) => ips.map((ip): End => ({ type: 'ip', ip })));
  const nodes: readonly End[] = known.length > 0 ? known : [{ type: 'ip', ip: '', node: UNKNOWN_NODE }];
  const isSame = (end: End) => judgePair(reach, kind, { ...source, end }, target, wanted)?.is === flaw?.is;
  return nodes.filter((node) => canMeet(node, target.end)).every(isSame)
    ? flaw
    : { ports: wanted, is: 'undecidable' };
}

function judgePair(
  reach: Reach,
  kind: Expectation['kind'],
  { end: from }: Ask,
  { end: to }: Ask,
  wanted: Connections,
): Flaw | undefined {
  const { open, unsure } = reach(from, to);
  if (kind === 'allow' && isNothing(wanted)) return { ports: wanted, is: 'deny' };
  const bad = kind === 'allow' ? without(without(wanted, open), unsure) : both(wanted, open);
  if (!isNothing(bad)) return { ports: bad, is: kind === 'allow' ? 'deny' : 'allow' };
  const doubtful = both(wanted, unsure);
  return isNothing(doubtful) ? undefined : { ports: doubtful, is: 'undecidable' };
}

type SideAsks = { readonly asks: readonly Ask[]; readonly unmatched: readonly string[] };

/** The ends of one side; with `others`, every end that the patterns do not match. */
function sideOf(
  { model, engine, namespace }: CheckWorld,
  patterns: readonly string[],
  opposite: readonly Pod[],
  { direction, others }: { readonly direction: 'ingress' | 'egress'; readonly others: boolean },
): SideAsks {
  const found = patterns.map((pattern) => ({ pattern, ends: endsOfPattern(model, pattern, namespace) }));
  const pods = found.flatMap(({ ends }) => ends.pods);
  const ranges: readonly IpRange[] = found.flatMap(({ ends }) => ends.addresses);
  const bare = found.filter(({ ends }) => ends.pods.length + ends.addresses.length === 0);
  const asNodes = bare.map(({ pattern }) => ({ pattern, asks: nodeAsks(model, pattern, opposite) }));
  const nodes = asNodes.flatMap(({ asks }) => asks);
  const unmatched = asNodes.filter(({ asks }) => asks.length === 0).map(({ pattern }) => pattern);
  const isOutsideAsked = others || ranges.length > 0;
  const pieces = isOutsideAsked
    ? piecesOutside(model, allBlocks(engine, direction), rangesOfPatterns(patterns))
    : [];
  const outside = pieces
    .filter((piece) => isWithin(piece, ranges) !== others)
    .map(
      (piece): Ask => ({
        end: { type: 'ip', ip: piece.side.text },
        name: fullEndText(addressesEnd([piece], covers(piece, EVERY_ADDRESS[piece.family]))),
        ports: (asked) => asked,
      }),
    );
  if (!others) return { asks: [...pods.map(askOf), ...nodes, ...outside], unmatched };
  const listed = new Set(pods.map(({ pod }) => pod));
  const rest = [...model.pods()].filter((pod) => isLive(pod) && !listed.has(pod));
  return { asks: [...rest.map((pod) => askOf({ pod, ports: (asked) => asked })), ...outside], unmatched };
}

/** Nodes and entities by the names that `explain` takes, where no pod is called so. */
function nodeAsks(model: ClusterModel, pattern: string, opposite: readonly Pod[]): readonly Ask[] {
  const end = endNamed(pattern);
  const { ends = [], nodes } = (end && nodesNamed(model, end, opposite)) ?? {};
  return ends.map(({ end: one, node }) => ({
    end: one,
    name: pattern,
    ports: (asked) => asked,
    ...(nodes === undefined ? {} : { node: { node, of: nodes } }),
  }));
}

/** A pattern as an end of `explain`; undefined for one that is none. */
function endNamed(pattern: string): PathEnd | undefined {
  try {
    return parsePathEnd(pattern, 'default');
  } catch {
    return undefined;
  }
}

function podsNamed({ model, namespace }: CheckWorld, patterns: readonly string[]): readonly Pod[] {
  return patterns.flatMap((pattern) => endsOfPattern(model, pattern, namespace).pods.map(({ pod }) => pod));
}

/** Whether a node that is seen from the other end is so: the own one of its pod, or another. */
function isOnNode(a: Ask, b: Ask): boolean {
  const isRight = ({ node }: Ask, { end }: Ask) =>
    node === undefined ||
    isNodeOf(node.node, end.type === 'pod' ? end.pod : undefined) === (node.of === 'own');
  return isRight(a, b) && isRight(b, a);
}

function askOf({ pod, ports, service }: PatternEnds['pods'][number]): Ask {
  const { kind, namespace, name } = pod.owner ?? { ...pod, kind: 'Pod' };
  return { end: { type: 'pod', pod }, name: `${namespace}/${name}[${kind}]`, ports, service };
}

function isSame(a: End, b: End): boolean {
  return a.type === 'pod' && b.type === 'pod' && a.pod === b.pod;
}

/** Whether one end is an address of a family that the other, a pod, does not have: such a path can't exist. */
function isBeyond(from: End, to: End): boolean {
  return (from.type === 'ip' || to.type === 'ip') && !canMeet(from, to);
}

/** Whether a source is on the host network of the destination's own node, which no policy can block (NP-28). */
function isOwnNode(from: End, to: End): boolean {
  if (from.type !== 'pod' || to.type !== 'pod') return false;
  return from.pod.hostNetwork && from.pod.node !== undefined && from.pod.node === to.pod.node;
}

/** Explains the verdict for the first of these ports, from the summaries of both halves. */
function explainer(engine: PolicyWorld['engine']): CheckWorld['explain'] {
  return (from, to, ports) => {
    const protocol = PROTOCOLS.find((name) => ports[name].length > 0) ?? 'TCP';
    const port = ports[protocol][0]?.[0] ?? 1;
    const { verdict, egress, ingress } = summarize(engine.world, engine.decide({ from, to, port, protocol }));
    const halves = [
      ['egress', egress],
      ['ingress', ingress],
    ] as const;
    const decisive = halves.filter(([, half]) => half.verdict === verdict);
    const told = decisive.length > 0 ? decisive : halves;
    return told.map(([name, half]) => `${name}: ${half.summary}`).join('; ');
  };
}

function hint({ model, namespace }: CheckWorld, pattern: string): string {
  const names = [...model.pods()].flatMap((pod) => [keyOf(pod), ...(pod.owner ? [keyOf(pod.owner)] : [])]);
  const parts = pattern.split('/');
  const wanted = parts.length === 1 ? `${namespace}/${pattern}` : `${parts[0]}/${parts.at(-1)}`;
  const near = nearestNames(wanted, names);
  return `nothing matches ${pattern}${near.length === 0 ? '' : ` (nearest: ${near.join(', ')})`}`;
}

/** The ends that a pattern currently matches. `ports` maps requested ports to the ports of the pod. */
export type PatternEnds = {
  readonly pods: readonly {
    readonly pod: Pod;
    readonly ports: (asked: Connections) => Connections;
    readonly service?: Service;
  }[];
  readonly addresses: readonly IpRange[];
};

const EVERY_FAMILY = [EVERY_ADDRESS[4], EVERY_ADDRESS[6]];

/** `explain` has the other two words for the same. */
const OUTSIDE: readonly string[] = ['outside', 'world', 'internet'];

/** The ends that a pattern matches, possibly none; see `check.schema.json`. */
export function endsOfPattern(model: ClusterModel, pattern: string, defaultNamespace: string): PatternEnds {
  if (OUTSIDE.includes(pattern.toLowerCase())) return { pods: [], addresses: EVERY_FAMILY };
  const range = rangeOf(pattern);
  if (range !== undefined) return endsOfRange(model, pattern, range);
  const { namespace, kind, name } = partsOf(pattern, defaultNamespace);
  if (kind === 'Service') {
    const services = [...model.services()].filter((item) => namespace(item.namespace) && name(item.name));
    return { pods: services.flatMap((service) => backendsOf(model, service)), addresses: [] };
  }
  const pods = [...model.pods()].filter(
    (pod) => isLive(pod) && namespace(pod.namespace) && fits(pod, kind, name),
  );
  return { pods: pods.map((pod) => ({ pod, ports: (asked) => asked })), addresses: [] };
}

/** The ranges of address patterns, so that outside addresses are split at their edges. */
export function rangesOfPatterns(patterns: readonly string[]): readonly IpRange[] {
  return patterns.flatMap((pattern) => rangeOf(pattern) ?? []);
}

/**
 * Outside addresses, split so that each piece is entirely inside or outside every pattern and every block of a policy.
 * Includes IPv6 if any of them, or the cluster, uses it.
 */
export function piecesOutside(
  model: ClusterModel,
  blocks: readonly Block[],
  ranges: readonly IpRange[],
): readonly AddressPiece[] {
  const all = [...blocks, ...ranges.map((range) => ({ range, except: [] }))];
  const speaksSix = hasIpv6(model) || all.some(({ range }) => range.family === 6);
  return piecesWithin(model, speaksSix ? EVERY_FAMILY : [EVERY_ADDRESS[4]], all);
}

/** Whether a piece of outside addresses is in one of the ranges. */
export function isWithin(piece: IpRange, ranges: readonly IpRange[]): boolean {
  return ranges.some((range) => covers(range, piece));
}

function rangeOf(pattern: string): IpRange | undefined {
  return parseIp(pattern) === undefined ? parseCidr(pattern) : rangeOfAddress(pattern);
}

/** A single address of a pod stands for that pod. */
function endsOfRange(model: ClusterModel, pattern: string, range: IpRange): PatternEnds {
  const pod = range.first === range.last ? model.podAt(pattern.split('/')[0] ?? '') : undefined;
  if (pod === undefined) return { pods: [], addresses: [range] };
  return { pods: [{ pod, ports: (asked) => asked }], addresses: [] };
}

type Parts = {
  readonly namespace: (text: string) => boolean;
  /** Absent: a pod or its workload. */
  readonly kind?: string;
  readonly name: (text: string) => boolean;
};

/** A workload as `sluice matrix` prints it. */
const PRINTED = /^(?:([^/[\]]+)\/)?([^/[\]]+)\[([A-Za-z][A-Za-z0-9]*)\]$/;

function partsOf(pattern: string, defaultNamespace: string): Parts {
  const [, home = defaultNamespace, owner, printed] = PRINTED.exec(pattern) ?? [];
  if (owner !== undefined && printed !== undefined) {
    return { namespace: glob(home), kind: printed, name: glob(owner) };
  }
  const parts = pattern.split('/');
  const [first = '', second, third] = parts;
  if (third !== undefined) {
    const kind = second === '*' ? undefined : kindNamed(second ?? '');
    return { namespace: glob(first), name: glob(third), kind };
  }
  if (second === undefined) return { namespace: glob(defaultNamespace), name: glob(first) };
  const kind = kindNamed(first);
  return kind === undefined
    ? { namespace: glob(first), name: glob(second) }
    : { namespace: glob(defaultNamespace), kind, name: glob(second) };
}

function fits(pod: Pod, kind: string | undefined, name: (text: string) => boolean): boolean {
  const { owner } = pod;
  if (kind === 'Pod') return name(pod.name);
  if (kind !== undefined) return owner?.kind === kind && name(owner.name);
  return name(pod.name) || (owner !== undefined && name(owner.name));
}

/** `*` matches any text, `?` any character. */
function glob(pattern: string): (text: string) => boolean {
  if (!/[*?]/.test(pattern)) return (text) => text === pattern;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${source}$`);
  return (text) => expression.test(text);
}

/** The backends of a service, where its ports map to target ports (NP-25, NP-27). */
function backendsOf(model: ClusterModel, service: Service): PatternEnds['pods'] {
  return model.backends(service).map((pod) => ({
    pod,
    service,
    ports: (asked) =>
      service.ports
        .filter(({ port, protocol }) => holdsPort(asked, port, protocol))
        .flatMap(({ targetPort, protocol }) => {
          const number =
            typeof targetPort === 'number'
              ? targetPort
              : pod.ports.find((item) => item.name === targetPort && item.protocol === protocol)?.port;
          return number === undefined ? [] : [onePort(number, protocol)];
        })
        .reduce(either, NOTHING),
  }));
}
