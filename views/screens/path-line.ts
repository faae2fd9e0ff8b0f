import type { EndRef } from '../../src/core/cluster/cluster.ts';
import type { HalfSummary, PathSummary } from '../../src/core/policy/explain/explain.ts';
import type { PathState, SessionState } from '../../src/session/session.ts';
import { decision } from '../columns/columns.ts';
import { columnsOf, cut, type Line, lineColumns, type Span, span, spread, type Tone } from '../text/text.ts';

/** The path bar: the current pair and the verdict of each half, or how to mark one. */
export function pathLine(state: SessionState, columns: number): Line {
  const { path } = state;
  const narrow = columns < 120;
  const head: Span = headOf(path, narrow);
  if (path.source === undefined && path.destination === undefined) {
    return [head, span(nothingMarked(state), 'faint')];
  }
  const full = fullPathText(path, state.cluster.namespace);
  const where = [head, span(full, 'strong')];
  if (path.problem !== undefined) return [...where, span(`  ? ${path.problem}`, 'warn')];
  if (path.verdict === undefined) return [...where, span(missing(path), 'faint')];
  const halves = halvesOf(path.verdict, narrow, path.inPart === true);
  const gap = span(' '.repeat(narrow ? 2 : 4));
  const least = halves.reduce((sum, half) => sum + half.least + gap.text.length, 0);
  const most = columns - lineColumns([head]) - least;
  const name = columnsOf(full) <= most ? full : cut(pathText(path), most);
  const place = [head, span(name, 'strong')];
  const shown = shared(halves, columns - lineColumns(place) - 2 * gap.text.length);
  const line = [...place, ...shown.flatMap((half) => [gap, ...half])];
  const next: Line = path.verdict.verdict === 'deny' ? [span('  g grant ', 'faint')] : [];
  return lineColumns(line) + lineColumns(next) <= columns ? spread(line, next, columns) : line;
}

function nothingMarked({ focus }: SessionState): string {
  switch (focus) {
    case 'pods':
      return 'no path yet: s marks this pod as source, d as destination';
    case 'policies':
      return 'no path yet: mark source (s) and destination (d) in pods (1) or attempts (3)';
    case 'attempts':
    case 'grants':
      return 'no path yet: the path of the row under the cursor appears here';
  }
}

/** Shows whether the path is marked: a marked path stays, wherever the cursor goes. */
function headOf({ marked }: PathState, narrow: boolean): Span {
  if (marked === true) return span(narrow ? ' ● ' : ' ● marked  ', 'time');
  return span(narrow ? ' ' : ' path  ', 'faint');
}

/** `web → db :5432/tcp`, with `?` for an end that is not marked. */
export function pathText({ sourceName = '?', destinationName = '?', port }: PathState): string {
  const at = port === undefined ? '' : ` :${port.port}/${port.protocol.toLowerCase()}`;
  return `${sourceName} → ${destinationName}${at}`;
}

/** `pathText` with namespaces for ends outside the namespace in view: workload names repeat across namespaces. */
function fullPathText(path: PathState, inView: string | undefined): string {
  const named = (name: string | undefined, end: EndRef | undefined) => {
    const namespace = end === undefined ? undefined : namespaceOf(end);
    return namespace === undefined || namespace === inView ? name : `${namespace}/${name}`;
  };
  const { source, destination, sourceName, destinationName } = path;
  return pathText({
    ...path,
    sourceName: named(sourceName, source),
    destinationName: named(destinationName, destination),
  });
}

function namespaceOf(end: EndRef): string | undefined {
  if (end.type === 'workload') return end.ref.namespace;
  return end.type === 'ip' ? undefined : end.namespace;
}

/** A half as shown: its name and sign always, its reason if there is room. `least` is the width of the first two. */
type HalfText = {
  readonly name: string;
  readonly sign: string;
  readonly tone: Tone;
  readonly why: string;
  readonly least: number;
};

/** A reason cut shorter than this is useless. */
const SHORTEST = 8;

function halvesOf({ egress, ingress }: PathSummary, narrow: boolean, inPart: boolean): readonly HalfText[] {
  const textOf = (name: string, half: HalfSummary) => halfText(name, inPart ? partly(half) : half, narrow);
  return [textOf(narrow ? 'out' : 'egress', egress), textOf(narrow ? 'in' : 'ingress', ingress)];
}

/** The summary of a half whose verdict holds for some of the pods only. */
function partly(half: HalfSummary): HalfSummary {
  return half.verdict === 'allow' ? half : { ...half, summary: `in part: ${half.summary}` };
}

/** On a narrow screen an open half shows no reason. */
function halfText(name: string, { verdict, summary }: HalfSummary, narrow: boolean): HalfText {
  const { symbol: sign, tone } = decision(verdict);
  const why = narrow && verdict === 'allow' ? '' : summary;
  return { name, sign, tone: tone ?? 'plain', why, least: columnsOf(`${name} ${sign}`) };
}

/** Fits both halves into `room`: what one doesn't need, the other gets. */
function shared(halves: readonly HalfText[], room: number): readonly Line[] {
  const wanted = halves.map(({ why }) => (why === '' ? 0 : columnsOf(why) + 1));
  const spare = room - halves.reduce((sum, { least }) => sum + least, 0);
  return halves.map(({ name, sign, tone, why }, index) => {
    const others = wanted.reduce((sum, one, at) => (at === index ? sum : sum + one), 0);
    const share = Math.max(spare - others, Math.floor(spare / 2));
    const text =
      share >= Math.min(wanted[index] ?? 0, SHORTEST) && why !== '' ? ` ${cut(why, share - 1)}` : '';
    return [span(`${name} `, 'faint'), span(sign + text, tone)];
  });
}

function missing({ source, destination }: PathState): string {
  if (source === undefined) return '   now mark a source with s';
  if (destination === undefined) return '   now mark a destination with d';
  return '   ◌ not evaluated yet';
}
