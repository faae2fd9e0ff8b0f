import type { Connections } from '../../../core/policy/model/connections.ts';
import { rangeText } from '../reach/outside.ts';
import type { Party } from '../reach/parties.ts';
import { isEverything, PROTOCOLS, rangesText } from '../reach/port-sets.ts';
import type { MatrixEnd, MatrixRow } from './matrix.ts';

/**
 * The rows as `netpol-analyzer list` writes them, sorted: `shop/web[Deployment] => shop/db[StatefulSet] : TCP 5432`.
 * It knows no undecidable ports and no pods of one workload among themselves: such rows are left out.
 */
export function connlistLines(rows: Iterable<MatrixRow>): readonly string[] {
  const lines = new Set<string>();
  for (const { from, to, open } of rows) {
    const [source, destination] = [nameOfEnd(from), nameOfEnd(to)];
    const ports = connectionsText(open);
    if (ports !== '' && source !== destination) lines.add(`${source} => ${destination} : ${ports}`);
  }
  return [...lines].sort();
}

function nameOfEnd(end: MatrixEnd): string {
  if (end.type === 'pods') return nameOfParty(end.party);
  return end.ranges.map((range) => `${rangeText(range)}[External]`).join(',');
}

/** It names the direct owner: the ReplicaSet, where a Deployment's pods say which. */
function nameOfParty({ kind, namespace, name, pods }: Party): string {
  const hash = pods[0]?.labels['pod-template-hash'];
  return kind === 'Deployment' && hash !== undefined
    ? `${namespace}/${name}-${hash}[ReplicaSet]`
    : `${namespace}/${name}[${kind}]`;
}

function connectionsText(open: Connections): string {
  if (isEverything(open)) return 'All Connections';
  return [...PROTOCOLS]
    .filter((protocol) => open[protocol].length > 0)
    .sort()
    .map((protocol) => `${protocol} ${rangesText(open[protocol])}`)
    .join(',');
}
