import type { Connections } from '../../../core/policy/model/connections.ts';
import { toJson } from '../../output/json.ts';
import { rangeTexts } from '../reach/outside.ts';
import { partyText } from '../reach/parties.ts';
import { isNothing, type PathPorts, PROTOCOLS, portsText, rangesText } from '../reach/port-sets.ts';
import type { MatrixEnd, MatrixRow } from './matrix.ts';

/** An end in words: `shop/web[Deployment]`, `outside`, or the ranges. */
export function endText(end: MatrixEnd): string {
  if (end.type === 'pods') return partyText(end.party);
  if (end.everywhere) return 'outside';
  const ranges = rangeTexts(end.ranges);
  const shown = ranges.slice(0, 3).join(',');
  return ranges.length > 3 ? `${shown} and ${ranges.length - 3} more ranges` : shown;
}

/** `tcp 80 · udp 53`; ports that are undecidable behind a question mark. */
export function pathPortsText({ open, unsure }: PathPorts): string {
  const parts = [portsText(open), isNothing(unsure) ? '' : `? ${portsText(unsure)}`];
  return parts.filter((part) => part !== '').join(' · ');
}

/** An end as JSON: a workload with the number of its pods, or ranges of addresses. */
export function endJson(end: MatrixEnd): unknown {
  if (end.type === 'outside') return { outside: rangeTexts(end.ranges) };
  const { kind, namespace, name, pods, isPart } = end.party;
  const some = isPart ? { only: pods.map((pod) => pod.name) } : {};
  return { kind, namespace, name, pods: pods.length, ...some };
}

/** Ports as JSON, protocols without any left out: `{"TCP":[[80,80]]}`. */
export function portsJson(set: Connections): unknown {
  return Object.fromEntries(
    PROTOCOLS.filter((protocol) => set[protocol].length > 0).map((protocol) => [protocol, set[protocol]]),
  );
}

/** The rows as an aligned table. */
export function* tableLines(rows: readonly MatrixRow[]): Generator<string> {
  const textFor = remembered(endText);
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

/** Rows share their ends and most of their ports: each is written once. */
function remembered<T extends object>(write: (value: T) => string): (value: T) => string {
  const texts = new WeakMap<T, string>();
  return (value) => {
    const known = texts.get(value) ?? write(value);
    texts.set(value, known);
    return known;
  };
}

/** One JSON object, a pair to a line. */
export function* jsonLines(rows: readonly MatrixRow[], enforcer: string): Generator<string> {
  yield `{"enforcer":${toJson(enforcer)},"pairs":[`;
  const endFor = remembered((end: MatrixEnd) => toJson(endJson(end)));
  const portsFor = remembered((set: Connections) => toJson(portsJson(set)));
  for (const [index, { from, to, open, unsure }] of rows.entries()) {
    const comma = index === rows.length - 1 ? '' : ',';
    yield `{"from":${endFor(from)},"to":${endFor(to)},"open":${portsFor(open)},"undecidable":${portsFor(unsure)}}${comma}`;
  }
  yield ']}';
}

/** One line for each pair, protocol and certainty. */
export function* csvLines(rows: readonly MatrixRow[]): Generator<string> {
  yield 'from,to,verdict,protocol,ports';
  for (const { from, to, open, unsure } of rows) {
    for (const [verdict, set] of [
      ['allow', open],
      ['undecidable', unsure],
    ] as const) {
      for (const protocol of PROTOCOLS) {
        if (set[protocol].length === 0) continue;
        yield [endText(from), endText(to), verdict, protocol, rangesText(set[protocol])]
          .map(quoteCsv)
          .join(',');
      }
    }
  }
}

/** A graph for Graphviz: a cluster for each namespace, an edge for each pair; dashed where it is undecidable. */
export function* dotLines(rows: readonly MatrixRow[]): Generator<string> {
  const namespaces = new Map<string, Set<string>>();
  for (const end of rows.flatMap(({ from, to }) => [from, to])) {
    if (end.type !== 'pods') continue;
    const { namespace } = end.party;
    namespaces.set(namespace, (namespaces.get(namespace) ?? new Set()).add(endText(end)));
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
    yield `  ${quoteDot(endText(row.from))} -> ${quoteDot(endText(row.to))} [label=${quoteDot(pathPortsText(row))}${style}];`;
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
