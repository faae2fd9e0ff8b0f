import { formatIp, isLive, PROTOCOLS } from '../../core/cluster/cluster.ts';
import { several } from '../../core/common/common.ts';
import type { ClusterModel } from '../../core/live/live.ts';
import { summarize } from '../../core/policy/explain/explain.ts';
import {
  type Connections,
  type End,
  isEverything,
  isNothing,
  type Query,
  rangesText,
} from '../../core/policy/model/model.ts';
import {
  clusterMatrix,
  type EndGroup,
  freeAddress,
  fullEndText,
  type OpenPath,
  podsOfGroup,
  rangeOfText,
  workloadsOf,
} from '../../core/policy/reach/reach.ts';
import { type PolicyWorld, type WorldOptions, withWorld } from '../connect/connect.ts';
import { EXIT, type VerbContext, writeLines } from '../shared/shared.ts';
import { csvLines, dotLines, jsonLines, tableLines } from './matrix-formats.ts';

export const MATRIX_FORMATS = ['table', 'json', 'csv', 'dot', 'connlist'] as const;

export type MatrixVerbOptions = WorldOptions & { readonly output: (typeof MATRIX_FORMATS)[number] };

/** `sluice matrix`: all pairs that can talk, by workload and port ranges. */
export async function matrix(context: VerbContext, asked: MatrixVerbOptions): Promise<number> {
  return withWorld(context, asked, (world) => {
    const { model, engine, only } = world;
    const rows = clusterMatrix(engine, {
      everyRange: asked.output === 'connlist',
      ...(only === undefined ? {} : { about: ({ namespace }) => namespace === only }),
    });
    switch (asked.output) {
      case 'table':
        writeLines(context.output, tableLines(rows));
        writeLines(context.output, ['', ...summaryOf(world, rows)]);
        break;
      case 'json':
        writeLines(context.output, jsonLines(model, rows, engine.dialect.enforcer));
        break;
      case 'csv':
        writeLines(context.output, csvLines(rows));
        break;
      case 'dot':
        writeLines(context.output, dotLines(rows));
        break;
      case 'connlist':
        writeLines(context.output, connlistLines(model, rows));
        break;
    }
    return EXIT.done;
  });
}

type MatrixWorld = Pick<PolicyWorld, 'model' | 'engine' | 'only'>;

/** The most names in a sentence. */
const NAMED = 4;

/** How many undecidable rows are examined for reasons, and how many reasons are printed. */
const ASKED = 100;
const REASONS = 5;

/** A summary in sentences: how many pairs can talk, what is open to the outside, and why some are undecidable. */
function summaryOf(world: MatrixWorld, rows: readonly OpenPath[]): readonly string[] {
  const { model, only } = world;
  const pods = only === undefined ? [...model.pods()] : model.podsIn(only);
  const count = workloadsOf(pods.filter(isLive)).all.length;
  const where = only === undefined ? '' : ` in ${only}`;
  if (count === 0) return [`No workloads found${where}.`];
  const workloads = `${count} ${count === 1 ? 'workload' : 'workloads'}${where}`;
  const pairs = rows.filter(({ from, to }) => from.type === 'workload' && to.type === 'workload').length;
  const fromOutside = rows.filter(({ from }) => from.type === 'addresses').map(({ to }) => fullEndText(to));
  const toOutside = rows.filter(({ to }) => to.type === 'addresses').map(({ from }) => fullEndText(from));
  return [
    `${workloads}: ${pairs} ${pairs === 1 ? 'pair' : 'pairs'} can talk, ${counted(fromOutside)} can be reached from outside, ${counted(toOutside)} can reach outside.`,
    ...reasonsFor(world, rows),
  ];
}

function counted(names: readonly string[]): string {
  const all = [...new Set(names)];
  if (all.length === 0) return 'none';
  return `${all.length} (${several(all, NAMED)})`;
}

/** The reasons behind the question marks. */
function reasonsFor({ model, engine }: MatrixWorld, rows: readonly OpenPath[]): readonly string[] {
  const unsure = rows.filter((row) => !isNothing(row.unsure));
  const reasons = new Map<string, number>();
  for (const row of unsure.slice(0, ASKED)) {
    const pair = pairOf(model, row);
    if (pair === undefined) continue;
    const protocol = PROTOCOLS.find((name) => row.unsure[name].length > 0) ?? 'TCP';
    const port = row.unsure[protocol][0]?.[0] ?? 1;
    const { egress, ingress } = summarize(engine.world, engine.decide({ ...pair, port, protocol }));
    for (const { verdict, l7, summary } of [egress, ingress]) {
      if (verdict === 'undecidable' || l7 !== undefined)
        reasons.set(summary, (reasons.get(summary) ?? 0) + 1);
    }
  }
  if (unsure.length === 0) return [];
  const told = [...reasons].sort(([, a], [, b]) => b - a).slice(0, REASONS);
  return [
    `${unsure.length} undecidable (?)${told.length === 0 ? '.' : ', because:'}`,
    ...told.map(([text]) => `  ${text}`),
  ];
}

/** A sample pair of ends from a row, never a pod and itself. */
function pairOf(model: ClusterModel, row: OpenPath): Pick<Query, 'from' | 'to'> | undefined {
  const targets = endsOf(model, row.to);
  for (const from of endsOf(model, row.from)) {
    const to = targets.find((end) => from.type !== 'pod' || end.type !== 'pod' || from.pod !== end.pod);
    if (to !== undefined) return { from, to };
  }
  return undefined;
}

function endsOf(model: ClusterModel, end: EndGroup): readonly End[] {
  if (end.type !== 'addresses') return podsOfGroup(model, end).map((pod) => ({ type: 'pod', pod }));
  const range = rangeOfText(end.ranges[0] ?? '');
  const ip = range === undefined ? undefined : freeAddress(model, range);
  return ip === undefined ? [] : [{ type: 'ip', ip: formatIp(ip) }];
}

/**
 * The rows in the format of `netpol-analyzer list`, sorted: `shop/web[Deployment] => shop/db[StatefulSet] : TCP 5432`.
 * The format has no undecidable ports and no paths within one workload, so those rows are left out.
 */
export function connlistLines(model: ClusterModel, rows: Iterable<OpenPath>): readonly string[] {
  const lines = new Set<string>();
  for (const { from, to, open } of rows) {
    const [source, destination] = [nameOfEnd(model, from), nameOfEnd(model, to)];
    const ports = connectionsText(open);
    if (ports !== '' && source !== destination) lines.add(`${source} => ${destination} : ${ports}`);
  }
  return [...lines].sort();
}

/** The format names the direct owner: the ReplicaSet, if a Deployment's pods have its hash. */
function nameOfEnd(model: ClusterModel, end: EndGroup): string {
  if (end.type === 'addresses') return end.ranges.map((range) => `${asRange(range)}[External]`).join(',');
  if (end.type !== 'workload') return fullEndText(end);
  const { kind, namespace, name } = end;
  const [pod] = podsOfGroup(model, end);
  const hash = pod?.standIn === true ? undefined : pod?.labels['pod-template-hash'];
  return kind === 'Deployment' && hash !== undefined
    ? `${namespace}/${name}-${hash}[ReplicaSet]`
    : `${namespace}/${name}[${kind}]`;
}

/** The format writes even a single address as a range. */
function asRange(range: string): string {
  return range.includes('-') ? range : `${range}-${range}`;
}

function connectionsText(open: Connections): string {
  if (isEverything(open)) return 'All Connections';
  return [...PROTOCOLS]
    .filter((protocol) => open[protocol].length > 0)
    .sort()
    .map((protocol) => `${protocol} ${rangesText(open[protocol])}`)
    .join(',');
}
