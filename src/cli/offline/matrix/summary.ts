import { formatIp } from '../../../core/cluster/ip.ts';
import type { ClusterModel } from '../../../core/cluster/model.ts';
import { isLive } from '../../../core/cluster/objects.ts';
import { summarize } from '../../../core/policy/explain/half.ts';
import { isNothing, PROTOCOLS } from '../../../core/policy/model/connections.ts';
import type { End, Query } from '../../../core/policy/model/verdict.ts';
import { type EndGroup, fullEndText, podsOfGroup, workloadsOf } from '../../../core/policy/reach/ends.ts';
import type { OpenPath } from '../../../core/policy/reach/matrix.ts';
import { freeAddress, rangeOfText } from '../../../core/policy/reach/outside.ts';
import type { PolicyWorld } from '../world.ts';

type MatrixWorld = Pick<PolicyWorld, 'model' | 'engine' | 'only'>;

/** How many names a sentence has. */
const NAMED = 4;

/** How many undecidable rows are asked why, and how many reasons are told. */
const ASKED = 100;
const REASONS = 5;

/** What a matrix comes to, in sentences: who can talk, what is open to the outside, and why some is undecidable. */
export function summaryOf(world: MatrixWorld, rows: readonly OpenPath[]): readonly string[] {
  const { model, only } = world;
  const pods = only === undefined ? [...model.pods()] : model.podsIn(only);
  const count = workloadsOf(pods.filter(isLive)).all.length;
  const where = only === undefined ? '' : ` in ${only}`;
  if (count === 0) return [`There is no workload${where}.`];
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
  const more = all.length > NAMED ? ` and ${all.length - NAMED} more` : '';
  return `${all.length} (${all.slice(0, NAMED).join(', ')}${more})`;
}

/** What the question marks stand for. */
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
    `${unsure.length} undecidable (?)${told.length === 0 ? '.' : ', as:'}`,
    ...told.map(([text]) => `  ${text}`),
  ];
}

/** Two ends of a row to ask about: never a pod and itself. */
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
