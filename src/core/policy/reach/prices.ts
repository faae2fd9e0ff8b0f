import { PROTOCOLS, refKey } from '../../cluster/cluster.ts';
import { plural } from '../../common/common.ts';
import type { ClusterModel } from '../../live/live.ts';
import type { WorldParts } from '../match/match.ts';
import { type EditPrice, type End, holdsPort, type Policy, type Query } from '../model/model.ts';
import { clusterDiff } from './cluster-diff.ts';
import { type PathChange, pathChangeText } from './collect.ts';
import { type EndGroup, workloadKey } from './end-groups.ts';
import { rangeOfText } from './outside.ts';
import { surveyOf } from './survey.ts';

/**
 * What each of some policies opens on the whole cluster if it replaces its namesake (`clusterDiff`). `asked` is the path
 * that it is for: the phrase names the widest path that opens besides. All share one survey of the cluster; survey and
 * each price are a step, as either takes long on a large cluster.
 */
export function* pricesOf(
  world: WorldParts,
  edited: readonly Policy[],
  asked: Query,
): Generator<undefined, readonly EditPrice[]> {
  surveyOf(world, edited);
  const prices: EditPrice[] = [];
  for (const policy of edited) {
    yield;
    const { opens, blurs } = clusterDiff(world, { add: [policy], remove: [] });
    prices.push(priceOf(world.model, [...opens, ...blurs.filter(({ was }) => was === 'deny')], asked));
  }
  return prices;
}

function priceOf(model: ClusterModel, paths: readonly PathChange[], asked: Query): EditPrice {
  const ports = paths.reduce((sum, path) => sum + portCount(path), 0);
  return { opens: paths.length, ports, text: textOf(model, paths, asked) };
}

function textOf(model: ClusterModel, paths: readonly PathChange[], asked: Query): string {
  if (paths.length === 0) return 'opens nothing alone, the other half denies too';
  const head = `opens ${plural(paths.length, 'path')}`;
  const widest = paths
    .filter((path) => !isAsked(model, path, asked))
    .toSorted((a, b) => width(b) - width(a) || portCount(b) - portCount(a))[0];
  if (widest === undefined) return head;
  return `${head}${paths.length === 1 ? ': ' : ', among them '}${pathChangeText(widest)}`;
}

/** Whether a path is between the workloads or addresses that were asked for, on that port alone. */
function isAsked(model: ClusterModel, path: PathChange, { from, to, port, protocol }: Query): boolean {
  const isPort = protocol !== 'ICMP' && portCount(path) === 1 && holdsPort(path.ports, port, protocol);
  return isPort && isOf(model, path.from, from) && isOf(model, path.to, to);
}

function isOf(model: ClusterModel, group: EndGroup, end: End): boolean {
  if (end.type === 'pod') {
    if (group.type === 'workload') return workloadKey(end.pod) === refKey(group);
    return group.type === 'nodes' && group.names.length === 1 && group.names[0] === end.pod.node;
  }
  switch (group.type) {
    case 'nodes':
      return group.names.length === 1 && group.names[0] === model.nodeAt(end.ip)?.name;
    case 'addresses':
      return end.blocks !== undefined || (group.ranges.length === 1 && group.ranges[0] === end.ip);
    default:
      return false;
  }
}

/** Addresses outside by their number, before nodes and workloads. */
function width({ from, to }: PathChange): number {
  return Math.max(...[from, to].map(widthOf));
}

function widthOf(end: EndGroup): number {
  if (end.type === 'nodes') return end.names.length;
  if (end.type !== 'addresses') return 1;
  return end.ranges
    .flatMap((text) => rangeOfText(text) ?? [])
    .reduce((sum, { first, last }) => sum + Number(last - first) + 1, 0);
}

function portCount({ ports }: Pick<PathChange, 'ports'>): number {
  return PROTOCOLS.flatMap((protocol) => ports[protocol]).reduce(
    (sum, [first, last]) => sum + last - first + 1,
    0,
  );
}
