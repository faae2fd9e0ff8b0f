import type { ClusterModel } from '../../../core/cluster/model.ts';
import {
  type Connections,
  isEverything,
  PROTOCOLS,
  rangesText,
} from '../../../core/policy/model/connections.ts';
import { type EndGroup, fullEndText, podsOfGroup } from '../../../core/policy/reach/ends.ts';
import type { OpenPath } from '../../../core/policy/reach/matrix.ts';

/**
 * The rows as `netpol-analyzer list` writes them, sorted: `shop/web[Deployment] => shop/db[StatefulSet] : TCP 5432`.
 * It knows no undecidable ports and no pods of one workload among themselves: such rows are left out.
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

/** It names the direct owner: the ReplicaSet, where a Deployment's pods say which. */
function nameOfEnd(model: ClusterModel, end: EndGroup): string {
  if (end.type === 'addresses') return end.ranges.map((range) => `${asRange(range)}[External]`).join(',');
  if (end.type !== 'workload') return fullEndText(end);
  const { kind, namespace, name } = end;
  const hash = podsOfGroup(model, end)[0]?.labels['pod-template-hash'];
  return kind === 'Deployment' && hash !== undefined
    ? `${namespace}/${name}-${hash}[ReplicaSet]`
    : `${namespace}/${name}[${kind}]`;
}

/** It writes one address as a range, too. */
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
