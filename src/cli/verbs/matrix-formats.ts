import { PROTOCOLS } from '../../core/cluster/cluster.ts';
import type { ClusterModel } from '../../core/live/live.ts';
import { type Connections, isNothing, portsText, rangesText } from '../../core/policy/model/model.ts';
import { type EndGroup, fullEndText, type OpenPath, podsOfGroup } from '../../core/policy/reach/reach.ts';
import { toJson } from '../shared/shared.ts';

/** `tcp 80 · udp 53`; undecidable ports follow a question mark. */
export function pathPortsText({ open, unsure }: Pick<OpenPath, 'open' | 'unsure'>): string {
  const parts = [portsText(open), isNothing(unsure) ? '' : `? ${portsText(unsure)}`];
  return parts.filter((part) => part !== '').join(' · ');
}

/** An end as JSON: a workload with the number of its pods, ranges of addresses, or nodes. */
export function endJson(model: ClusterModel, end: EndGroup): unknown {
  if (end.type !== 'workload') return beyondJson(end);
  const { kind, namespace, name, pods: only } = end;
  const pods = podsOfGroup(model, end).length;
  return { kind, namespace, name, pods, only };
}

/** An end that isn't a workload as JSON. */
export function beyondJson(end: Exclude<EndGroup, { readonly type: 'workload' }>): object {
  if (end.type === 'addresses') return { outside: end.ranges };
  return end.type === 'nodes' ? { nodes: end.names } : { node: 'own' };
}

/** Ports as JSON, without empty protocols: `{"TCP":[[80,80]]}`. */
export function portsJson(set: Connections): unknown {
  return Object.fromEntries(
    PROTOCOLS.filter((protocol) => set[protocol].length > 0).map((protocol) => [protocol, set[protocol]]),
  );
}

/** The rows as an aligned table. */
export function* tableLines(rows: readonly OpenPath[]): Generator<string> {
  const textFor = remembered(fullEndText);
  const portsFor = remembered(portsText);
  let fromWidth = 4;
  let toWidth = 2;
  for (const { from, to } of rows) {
    fromWidth = Math.max(fromWidth, textFor(from).length);
    toWidth = Math.max(toWidth, textFor(to).length);
  }
  yield `${'FROM'.padEnd(fromWidth)}   ${'TO'.padEnd(toWidth)}   PORTS`;
  for (const { from, to, open, unsure } of rows) {
    const ports = isNothing(unsure) ? portsFor(open) : pathPortsText({ open, unsure });
    yield `${textFor(from).padEnd(fromWidth)}   ${textFor(to).padEnd(toWidth)}   ${ports}`;
  }
}

/** Memoized, because rows share their ends and most of their ports. */
function remembered<T extends object>(write: (value: T) => string): (value: T) => string {
  const texts = new WeakMap<T, string>();
  return (value) => {
    const known = texts.get(value) ?? write(value);
    texts.set(value, known);
    return known;
  };
}

/** One JSON object, with one pair per line. */
export function* jsonLines(
  model: ClusterModel,
  rows: readonly OpenPath[],
  enforcer: string,
): Generator<string> {
  yield `{"enforcer":${toJson(enforcer)},"pairs":[`;
  const endFor = remembered((end: EndGroup) => toJson(endJson(model, end)));
  const portsFor = remembered((set: Connections) => toJson(portsJson(set)));
  for (const [index, { from, to, open, unsure }] of rows.entries()) {
    const comma = index === rows.length - 1 ? '' : ',';
    yield `{"from":${endFor(from)},"to":${endFor(to)},"open":${portsFor(open)},"undecidable":${portsFor(unsure)}}${comma}`;
  }
  yield ']}';
}

/** One line for each pair, protocol and certainty. */
export function* csvLines(rows: readonly OpenPath[]): Generator<string> {
  yield 'from,to,verdict,protocol,ports';
  for (const { from, to, open, unsure } of rows) {
    for (const [verdict, set] of [
      ['allow', open],
      ['undecidable', unsure],
    ] as const) {
      for (const protocol of PROTOCOLS) {
        if (set[protocol].length === 0) continue;
        yield [fullEndText(from), fullEndText(to), verdict, protocol, rangesText(set[protocol])]
          .map(quoteCsv)
          .join(',');
      }
    }
  }
}

/** A Graphviz graph: a cluster for each namespace, an edge for each pair, dashed if undecidable. */
export function* dotLines(rows: readonly OpenPath[]): Generator<string> {
  const namespaces = new Map<string, Set<string>>();
  for (const end of rows.flatMap(({ from, to }) => [from, to])) {
    if (end.type !== 'workload') continue;
    const { namespace } = end;
    namespaces.set(namespace, (namespaces.get(namespace) ?? new Set()).add(fullEndText(end)));
  }
  yield 'digraph sluice {';
  yield '  rankdir=LR;';
  for (const [index, [namespace, nodes]] of [...namespaces].entries()) {
    yield `  subgraph cluster_${index} {`;
    yield `    label=${quoteDot(namespace)};`;
    for (const node of nodes)
      yield `    ${quoteDot(node)} [label=${quoteDot(node.slice(namespace.length + 1))}];`;
    yield '  }';
  }
  for (const row of rows) {
    const style = isNothing(row.open) ? ', style=dashed' : '';
    yield `  ${quoteDot(fullEndText(row.from))} -> ${quoteDot(fullEndText(row.to))} [label=${quoteDot(pathPortsText(row))}${style}];`;
  }
  yield '}';
}

/** RFC 4180. */
function quoteCsv(cell: string): string {
  return /[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function quoteDot(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
