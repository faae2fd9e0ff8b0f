import { parseEnd } from '../../../core/cluster/ends/parse-end.ts';
import { covers, EVERY_ADDRESS, type IpRange, parseCidr, parseIp } from '../../../core/cluster/ip.ts';
import type { ClusterModel } from '../../../core/cluster/model.ts';
import { isLive, type Pod, type Service } from '../../../core/cluster/objects.ts';
import {
  type Connections,
  either,
  holdsPort,
  NOTHING,
  onePort,
} from '../../../core/policy/model/connections.ts';
import {
  type AddressPiece,
  type Block,
  hasIpv6,
  piecesWithin,
  rangeOfAddress,
} from '../../../core/policy/reach/outside.ts';

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
    return { namespace: glob(first), name: glob(third), ...(kind === undefined ? {} : { kind }) };
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
