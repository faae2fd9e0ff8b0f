import {
  canonicalIp,
  covers,
  type IpRange,
  keyOf,
  type Pod,
  type Protocol,
  parseCidr,
} from '../../cluster/cluster.ts';
import type { ClusterModel } from '../../live/live.ts';
import type { Engine } from '../decide/decide.ts';
import {
  type End,
  type EndName,
  either,
  holdsPort,
  isNothing,
  NOTHING,
  onePort,
  type PairChange,
  type PolicyChange,
  without,
} from '../model/model.ts';
import { type ClusterDiff, clusterDiff } from './cluster-diff.ts';
import type { PathChange } from './collect.ts';
import { type EndGroup, podsOfGroup } from './end-groups.ts';
import { rangeOfText } from './outside.ts';

type Ports = readonly { readonly port: number; readonly protocol: Protocol }[];

/** The purpose of a change: every source to every destination on every port, or on those of a pod, by its key. */
export type Meant = {
  readonly from: readonly End[];
  readonly to: readonly End[];
  readonly ports: Ports;
  readonly byPod?: ReadonlyMap<string, Ports>;
};

/** The effect of a change on the whole cluster; what opens is split into intended and unintended. */
export type Effect = Omit<ClusterDiff, 'opens'> & {
  readonly opens: readonly PairChange[];
  readonly extra: readonly PathChange[];
};

/**
 * The exact effect of a policy change on the whole cluster and all ports (`clusterDiff`), with the intended pairs
 * listed separately. A pair is open where the engine's `decide` returns allow.
 */
export function whatIf(
  world: Pick<Engine, 'model' | 'dialect' | 'foreign'>,
  change: PolicyChange,
  meant: Meant,
): Effect {
  const { opens, ...rest } = clusterDiff(world, change);
  const ends = { from: meantEnd(meant.from), to: meantEnd(meant.to) };
  const parts = opens.map((path) => parted(world.model, path, ends, meant));
  return {
    ...rest,
    opens: parts.flatMap((part) => part.opens),
    extra: parts.flatMap((part) => part.extra),
  };
}

/** Intended ends: pods by key, and addresses as they were named. */
type MeantEnd = {
  readonly pods: ReadonlySet<string>;
  readonly blocks: readonly { readonly name: string; readonly range: IpRange }[];
};

type MeantEnds = { readonly from: MeantEnd; readonly to: MeantEnd };

/** The intended pairs of a path, and its unintended paths: by source, destination, port. */
function parted(
  model: ClusterModel,
  path: PathChange,
  meant: MeantEnds,
  { ports, byPod }: Pick<Meant, 'ports' | 'byPod'>,
): { readonly opens: readonly PairChange[]; readonly extra: readonly PathChange[] } {
  const from = splitEnd(model, path.from, meant.from);
  const to = splitEnd(model, path.to, meant.to);
  const askedOf = (name: EndName) =>
    (byPod?.get(nameKey(name)) ?? ports).filter(({ port, protocol }) =>
      holdsPort(path.ports, port, protocol),
    );
  const opens = from.meant.flatMap((source) =>
    to.meant
      .filter((destination) => nameKey(source) !== nameKey(destination))
      .flatMap((destination) =>
        askedOf(destination).map(
          ({ port, protocol }): PairChange => ({ from: source, to: destination, port, protocol }),
        ),
      ),
  );
  const extra: PathChange[] = [];
  if (from.other !== undefined) extra.push({ ...path, from: from.other });
  if (from.meantGroup !== undefined && to.other !== undefined) {
    extra.push({ ...path, from: from.meantGroup, to: to.other });
  }
  const { meantGroup: group } = to;
  const alike = Map.groupBy(to.meant, (name) => JSON.stringify(askedOf(name)));
  for (const names of group === undefined ? [] : alike.values()) {
    const [first] = names;
    const asked = first === undefined ? [] : askedOf(first);
    const left = without(
      path.ports,
      asked.map(({ port, protocol }) => onePort(port, protocol)).reduce(either, NOTHING),
    );
    if (from.meantGroup === undefined || group === undefined || isNothing(left)) continue;
    extra.push({ ...path, from: from.meantGroup, to: part(group, names, alike.size), ports: left });
  }
  return { opens, extra };
}

/** The pods of a group that are named, of `parts` with different ports. */
function part(group: EndGroup, names: readonly EndName[], parts: number): EndGroup {
  return parts < 2 || group.type !== 'workload' ? group : { ...group, pods: names.map(({ name }) => name) };
}

type SplitEnd = {
  readonly meant: readonly EndName[];
  readonly meantGroup?: EndGroup;
  readonly other?: EndGroup;
};

function splitEnd(model: ClusterModel, end: EndGroup, sought: MeantEnd): SplitEnd {
  if (end.type !== 'workload') return splitAddress(model, end, sought);
  const pods = podsOfGroup(model, end);
  const [meant, other] = [
    pods.filter((pod) => sought.pods.has(keyOf(pod))),
    pods.filter((pod) => !sought.pods.has(keyOf(pod))),
  ];
  const some = (list: readonly Pod[]): EndGroup =>
    list.length === pods.length ? end : { ...end, pods: list.map(({ name }) => name) };
  return {
    meant: meant.map(({ namespace, name }) => ({ namespace, name })),
    ...(meant.length === 0 ? {} : { meantGroup: some(meant) }),
    ...(other.length === 0 ? {} : { other: some(other) }),
  };
}

/** Intended addresses: of no pod, or those of a node. */
function splitAddress(model: ClusterModel, end: EndGroup, { blocks }: MeantEnd): SplitEnd {
  const addresses =
    end.type === 'addresses'
      ? end.ranges
      : end.type === 'nodes'
        ? end.names.flatMap((name) => model.node(name)?.ips ?? [])
        : [];
  const meant = addresses.flatMap((text): readonly EndName[] => {
    const range = rangeOfText(text);
    const block = range && blocks.find((one) => covers(one.range, range));
    if (range === undefined || block === undefined) return [];
    return [{ name: covers(range, block.range) ? block.name : text }];
  });
  const isOnly = end.type === 'addresses' ? meant.length === end.ranges.length : meant.length > 0;
  return {
    meant,
    ...(meant.length === 0 ? {} : { meantGroup: end }),
    ...(isOnly ? {} : { other: end }),
  };
}

function meantEnd(ends: readonly End[]): MeantEnd {
  return {
    pods: new Set(ends.flatMap((end) => (end.type === 'pod' ? [keyOf(end.pod)] : []))),
    blocks: ends.flatMap((end) => {
      if (end.type === 'pod') return [];
      return (end.blocks ?? [end.ip]).flatMap((name) => {
        const range = parseCidr(name) ?? rangeOfText(name);
        return range === undefined ? [] : [{ name: canonicalIp(name), range }];
      });
    }),
  };
}

function nameKey({ namespace, name }: EndName): string {
  return keyOf(namespace === undefined ? { name } : { namespace, name });
}
