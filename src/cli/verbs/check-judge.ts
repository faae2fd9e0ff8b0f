import {
  covers,
  EVERY_ADDRESS,
  type IpRange,
  isLive,
  keyOf,
  type Pod,
  PROTOCOLS,
  parseCidr,
  parseIp,
  type Service,
} from '../../core/cluster/cluster.ts';
import { nearestNames } from '../../core/common/common.ts';
import type { ClusterModel } from '../../core/live/live.ts';
import { summarize } from '../../core/policy/explain/explain.ts';
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
import { canMeet, parseEnd } from '../../core/policy/path/path.ts';
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
  rangeOfAddress,
} from '../../core/policy/reach/reach.ts';
import type { PolicyWorld } from '../connect/connect.ts';
import type { Expectation } from './check-expectations.ts';

/** One path that is not as expected. */
export type CheckFinding = {
  readonly from: string;
  readonly to: string;
  readonly ports: Connections;
  readonly is: 'allow' | 'deny' | 'undecidable';
  readonly why: string;
};

/** What became of an expectation. `violated` wins over `undecidable`. */
export type CheckResult = {
  readonly expectation: Expectation;
  readonly result: 'met' | 'violated' | 'undecidable';
  /** Pairs of ends that were judged. */
  readonly pairs: number;
  readonly findings: readonly CheckFinding[];
  /** Patterns that match nothing: then it proves nothing, and counts as violated. */
  readonly unmatched: readonly string[];
};

/** Judges expectations in a world. `namespace` is where ends without one are. */
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

/** One end to ask: where several pods are alike, one of them. */
type Ask = { readonly end: End; readonly name: string; readonly ports: (asked: Connections) => Connections };

function judgeOne(world: CheckWorld, expectation: Expectation): CheckResult {
  const { kind, ports } = expectation;
  const from = sideOf(world, expectation.from, 'ingress', kind === 'only');
  const to = sideOf(world, expectation.to, 'egress', kind === 'onlyTo');
  const unmatched = [...(kind === 'only' ? [] : from.unmatched), ...(kind === 'onlyTo' ? [] : to.unmatched)];
  const findings = new Map<string, CheckFinding>();
  let pairs = 0;
  for (const source of from.asks) {
    for (const target of to.asks) {
      if (isSame(source.end, target.end)) continue;
      if (kind === 'only' && isOwnNode(source.end, target.end)) continue;
      if (source.end.type === 'ip' && target.end.type === 'ip') continue;
      if (kind !== 'allow' && isBeyond(source.end, target.end)) continue;
      pairs += 1;
      const wanted = target.ports(ports);
      const flaw = judgePair(world.reach, kind, source, target, wanted);
      if (flaw === undefined) continue;
      const key = `${source.name} ${target.name} ${flaw.is} ${portsText(flaw.ports)}`;
      if (findings.has(key)) continue;
      const why = isNothing(wanted)
        ? 'the service has no such port'
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

/** The ends of one side; with `others`, every end that its patterns do not match. */
function sideOf(
  { model, engine, namespace }: CheckWorld,
  patterns: readonly string[],
  direction: 'ingress' | 'egress',
  others: boolean,
): SideAsks {
  const found = patterns.map((pattern) => ({ pattern, ends: endsOfPattern(model, pattern, namespace) }));
  const pods = found.flatMap(({ ends }) => ends.pods);
  const ranges: readonly IpRange[] = found.flatMap(({ ends }) => ends.addresses);
  const unmatched = found
    .filter(({ ends }) => ends.pods.length + ends.addresses.length === 0)
    .map(({ pattern }) => pattern);
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
  if (!others) return { asks: [...pods.map(askOf), ...outside], unmatched };
  const listed = new Set(pods.map(({ pod }) => pod));
  const rest = [...model.pods()].filter((pod) => isLive(pod) && !listed.has(pod));
  return { asks: [...rest.map((pod) => askOf({ pod, ports: (asked) => asked })), ...outside], unmatched };
}

function askOf({ pod, ports }: { readonly pod: Pod; readonly ports: Ask['ports'] }): Ask {
  const { kind, namespace, name } = pod.owner ?? { ...pod, kind: 'Pod' };
  return { end: { type: 'pod', pod }, name: `${namespace}/${name}[${kind}]`, ports };
}

function isSame(a: End, b: End): boolean {
  return a.type === 'pod' && b.type === 'pod' && a.pod === b.pod;
}

/** Whether one end is an address of a family that the other one, a pod, does not have: nothing gets there. */
function isBeyond(from: End, to: End): boolean {
  return (from.type === 'ip' || to.type === 'ip') && !canMeet(from, to);
}

/** Whether a source shares its node's address with the destination's own node, which no policy keeps out (NP-28). */
function isOwnNode(from: End, to: End): boolean {
  if (from.type !== 'pod' || to.type !== 'pod') return false;
  return from.pod.hostNetwork && from.pod.node !== undefined && from.pod.node === to.pod.node;
}

/** Why the first of these ports is as it is, in the words of both halves. */
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

/** What a pattern of an end means now. `ports` of a pod: those that the ports asked for become on it. */
export type PatternEnds = {
  readonly pods: readonly { readonly pod: Pod; readonly ports: (asked: Connections) => Connections }[];
  readonly addresses: readonly IpRange[];
};

const EVERY_FAMILY = [EVERY_ADDRESS[4], EVERY_ADDRESS[6]];

/** The ends that a pattern matches; see `check.schema.json`. Nothing when it matches nothing. */
export function endsOfPattern(model: ClusterModel, pattern: string, defaultNamespace: string): PatternEnds {
  if (pattern === 'outside') return { pods: [], addresses: EVERY_FAMILY };
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

/** The blocks of address patterns, so that the outside is cut at their edges. */
export function rangesOfPatterns(patterns: readonly string[]): readonly IpRange[] {
  return patterns.flatMap((pattern) => rangeOf(pattern) ?? []);
}

/**
 * The addresses outside, each piece wholly in or out of every pattern and every block of a policy; IPv6 where some of
 * them, or the cluster, speaks it.
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

/** Whether a piece of the outside lies in some range. */
export function isWithin(piece: IpRange, ranges: readonly IpRange[]): boolean {
  return ranges.some((range) => covers(range, piece));
}

function rangeOf(pattern: string): IpRange | undefined {
  return parseIp(pattern) === undefined ? parseCidr(pattern) : rangeOfAddress(pattern);
}

/** A single address that a pod has is that pod. */
function endsOfRange(model: ClusterModel, pattern: string, range: IpRange): PatternEnds {
  const pod = range.first === range.last ? model.podAt(pattern.split('/')[0] ?? '') : undefined;
  if (pod === undefined) return { pods: [], addresses: [range] };
  return { pods: [{ pod, ports: (asked) => asked }], addresses: [] };
}

type Parts = {
  readonly namespace: (text: string) => boolean;
  /** Absent: a pod, or the workload of one. */
  readonly kind?: string;
  readonly name: (text: string) => boolean;
};

function partsOf(pattern: string, defaultNamespace: string): Parts {
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

/** A kind by any of kubectl's spellings. */
function kindNamed(word: string): string | undefined {
  try {
    const end = parseEnd(`n/${word}/n`, 'n');
    if (end.type === 'workload') return end.ref.kind;
    return end.type === 'service' ? 'Service' : 'Pod';
  } catch {
    return undefined;
  }
}

function fits(pod: Pod, kind: string | undefined, name: (text: string) => boolean): boolean {
  const { owner } = pod;
  if (kind === 'Pod') return name(pod.name);
  if (kind !== undefined) return owner?.kind === kind && name(owner.name);
  return name(pod.name) || (owner !== undefined && name(owner.name));
}

/** `*` is any text, `?` any character. */
function glob(pattern: string): (text: string) => boolean {
  if (!/[*?]/.test(pattern)) return (text) => text === pattern;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${source}$`);
  return (text) => expression.test(text);
}

/** The backends of a service: a port of the service is its target port there (NP-25, NP-27). */
function backendsOf(model: ClusterModel, service: Service): PatternEnds['pods'] {
  return model.backends(service).map((pod) => ({
    pod,
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
