import { summarize } from '../../../core/policy/explain/half.ts';
import type { End } from '../../../core/policy/model/verdict.ts';
import { partiesOf, partyText } from '../reach/parties.ts';
import { isNothing, PROTOCOLS } from '../reach/port-sets.ts';
import { createReach } from '../reach/reach.ts';
import type { MatrixEnd, MatrixRow, MatrixWorld } from './matrix.ts';

/** How many names a sentence has. */
const NAMED = 4;

/** How many undecidable rows are asked why, and how many reasons are told. */
const ASKED = 100;
const REASONS = 5;

/** What a matrix comes to, in sentences: who can talk, what is open to the outside, and why some is undecidable. */
export function summaryOf(world: MatrixWorld, rows: readonly MatrixRow[]): readonly string[] {
  const { model, engine, only } = world;
  const parties = partiesOf(model, createReach(engine)).filter(
    ({ namespace }) => only === undefined || namespace === only,
  );
  const where = only === undefined ? '' : ` in ${only}`;
  if (parties.length === 0) return [`There is no workload${where}.`];
  const workloads = `${parties.length} ${parties.length === 1 ? 'workload' : 'workloads'}${where}`;
  const pairs = rows.filter(({ from, to }) => from.type === 'pods' && to.type === 'pods').length;
  const fromOutside = rows.filter(({ from }) => from.type === 'outside').map(({ to }) => nameOf(to));
  const toOutside = rows.filter(({ to }) => to.type === 'outside').map(({ from }) => nameOf(from));
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

function nameOf(end: MatrixEnd): string {
  return end.type === 'pods' ? partyText(end.party) : 'outside';
}

/** What the question marks stand for. */
function reasonsFor({ engine }: MatrixWorld, rows: readonly MatrixRow[]): readonly string[] {
  const unsure = rows.filter((row) => !isNothing(row.unsure));
  const reasons = new Map<string, number>();
  for (const { from, to, unsure: ports } of unsure.slice(0, ASKED)) {
    const protocol = PROTOCOLS.find((name) => ports[name].length > 0) ?? 'TCP';
    const port = ports[protocol][0]?.[0] ?? 1;
    const [source, destination] = [endOf(from, 0), endOf(to, from === to ? 1 : 0)];
    if (source === undefined || destination === undefined) continue;
    const decision = engine.decide({ from: source, to: destination, port, protocol });
    const { egress, ingress } = summarize(engine.world, decision);
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

function endOf(end: MatrixEnd, index: number): End | undefined {
  if (end.type === 'outside') return end.ranges[0]?.end;
  const pod = end.party.pods[index];
  return pod === undefined ? undefined : { type: 'pod', pod };
}
