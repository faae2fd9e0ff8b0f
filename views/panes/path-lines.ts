import type { EndRef } from '../../src/core/cluster/cluster.ts';
import { plural } from '../../src/core/common/common.ts';
import type { HalfSummary, PathSummary } from '../../src/core/policy/explain/explain.ts';
import type { Decision } from '../../src/core/policy/model/model.ts';
import type { AttemptRow } from '../../src/core/traffic/traffic.ts';
import type { PathState, SessionState } from '../../src/session/session.ts';
import { attemptVerdict, decision } from '../columns/columns.ts';
import {
  age,
  compact,
  entry,
  fitLine,
  type Line,
  lineColumns,
  span,
  spread,
  type Tone,
  wrap,
} from '../text/text.ts';

/** The title of the path: whether it is marked, and its verdict. */
export function pathTitle({ path }: SessionState): { readonly title: Line; readonly right: Line } {
  return { title: [span(' Path '), ...markOf(path)], right: verdictSpans(path) };
}

/** The path in as many lines as it takes: each half with its whole reason, what was seen, what to press. */
export function pathLines(
  state: SessionState,
  attempt: AttemptRow | undefined,
  columns: number,
): readonly Line[] {
  const { path } = state;
  if (path.source === undefined && path.destination === undefined) {
    return wrap(nothingMarked(state), columns).map((text): Line => [span(text, 'faint')]);
  }
  const { verdict } = path;
  const name = wrap(fullPathText(path, state.cluster.namespace), columns).map(
    (text): Line => [span(text, 'strong')],
  );
  if (verdict === undefined) {
    const [text, tone] = unjudged(path);
    return [...name, ...wrap(text, columns).map((part): Line => [span(part, tone)])];
  }
  const seen = attempt === undefined ? [] : seenLines(attempt, state.serverNow, columns);
  const next = verdict.verdict === 'deny' ? 'g grant  e explain  Y policy' : 'e explain';
  return [
    ...name,
    ...halvesOf(verdict, path.inPart === true).flatMap((half) => halfLines(half, columns)),
    ...seen,
    ...entry([span('next', 'faint')], LABEL, span(next, 'faint'), columns),
  ];
}

/**
 * The path in at most `rows` lines, below a table: the pair and the half that is open on the first line, then the
 * reasons, whole as far as there is room.
 */
export function pathFoot(state: SessionState, columns: number, rows: number): readonly Line[] {
  const { path } = state;
  const room = columns - 1;
  const indented = (lines: readonly Line[]) => lines.map((line): Line => [span(' '), ...line]);
  if (path.source === undefined && path.destination === undefined) {
    return indented(wrap(nothingMarked(state), room).map((text): Line => [span(text, 'faint')])).slice(
      0,
      rows,
    );
  }
  const name: Line = [...markOf(path), span(fullPathText(path, state.cluster.namespace), 'strong')];
  if (path.verdict === undefined) {
    const [text, tone] = unjudged(path);
    return indented([[...name, span(`  ${text}`, tone)]]);
  }
  const halves = halvesOf(path.verdict, path.inPart === true);
  const next: Line = path.verdict.verdict === 'deny' ? [span('g grant ', 'faint')] : [];
  const first = (line: Line): Line =>
    lineColumns(line) + lineColumns(next) + 2 <= room ? spread(line, next, room) : line;
  const [egress, ingress] = halves;
  const joined: Line = [...name, span('  '), ...halfLine(egress)];
  if (lineColumns(joined) <= room) {
    const lines = [first(joined), ...halfLines(ingress, room - 2).map((line): Line => [span('  '), ...line])];
    if (lines.length <= rows) return indented(lines);
  }
  const apart = [first(name), ...halves.flatMap((half) => halfLines(half, room))];
  if (apart.length <= rows) return indented(apart);
  const signs = halves.flatMap((half) => [
    span('  '),
    span(`${half.name} `, 'faint'),
    span(half.sign, half.tone),
  ]);
  const reasons = halves
    .filter(({ verdict }) => verdict !== 'allow')
    .flatMap((half) => halfLines(half, room));
  return indented(shortened([[...cutName(name, signs, room), ...signs], ...reasons], rows, room));
}

/** The first `rows` lines; the last one ends in `…` if there are more. */
function shortened(lines: readonly Line[], rows: number, columns: number): readonly Line[] {
  if (lines.length <= rows) return lines;
  const kept = lines.slice(0, rows);
  const last = kept.at(-1) ?? [];
  return [...kept.slice(0, -1), fitLine([...last, span(' '.repeat(columns))], columns)];
}

function cutName(name: Line, signs: Line, room: number): Line {
  const most = room - lineColumns(signs);
  return lineColumns(name) <= most ? name : fitLine(name, most);
}

/** Whether the path is marked: a marked path stays, wherever the cursor goes. */
function markOf(path: PathState): Line {
  return path.marked === true ? [span('● marked ', 'time')] : [];
}

function verdictSpans({ verdict, inPart }: PathState): Line {
  if (verdict === undefined) return [];
  const { text, tone } = decision(verdict.verdict);
  return [span(inPart === true ? `${text} in part` : text, tone)];
}

function unjudged(path: PathState): readonly [string, Tone] {
  if (path.problem !== undefined) return [`? ${path.problem}`, 'warn'];
  return [missing(path), 'faint'];
}

function nothingMarked({ focus, listed }: SessionState): string {
  switch (focus) {
    case 'pods':
      return `no path yet: s marks this ${listed.slice(0, -1)} as source, d as destination`;
    case 'policies':
      return 'no path yet: mark source (s) and destination (d) in pods (1) or attempts (3)';
    case 'attempts':
    case 'grants':
      return 'no path yet: the path of the row under the cursor appears here';
  }
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
  return 'namespace' in end ? end.namespace : undefined;
}

type HalfText = {
  readonly name: string;
  readonly verdict: Decision;
  readonly sign: string;
  readonly tone: Tone;
  readonly why: string;
};

function halvesOf({ egress, ingress }: PathSummary, inPart: boolean): readonly [HalfText, HalfText] {
  const textOf = (name: string, half: HalfSummary): HalfText => {
    const { symbol: sign, tone } = decision(half.verdict);
    const why = inPart && half.verdict !== 'allow' ? `in part: ${half.summary}` : half.summary;
    return { name, verdict: half.verdict, sign, tone: tone ?? 'plain', why };
  };
  return [textOf('egress', egress), textOf('ingress', ingress)];
}

const LABEL = 9;

function halfLine({ name, sign, tone, why }: HalfText): Line {
  return [span(`${name} `, 'faint'), span(`${sign} ${why}`, tone)];
}

function halfLines({ name, sign, tone, why }: HalfText, columns: number): readonly Line[] {
  const [first, ...rest] = wrap(why, columns - LABEL - 2);
  return [
    [span(name.padEnd(LABEL), 'faint'), span(`${sign} ${first}`, tone)],
    ...rest.map((text): Line => [span(' '.repeat(LABEL + 2)), span(text, tone)]),
  ];
}

/** What the source has seen of the path. */
function seenLines(row: AttemptRow, now: number, columns: number): readonly Line[] {
  const { newest, count, dropped, last } = row;
  const nodes = newest.nodes.length === 0 ? '' : ` on ${newest.nodes.join(', ')}`;
  const when = `last ${age(now - last)}${age(now - last) === 'now' ? '' : ' ago'}${nodes}`;
  const reason = dropped > 0 && newest.dropReason !== undefined ? `: ${newest.dropReason.text}` : '';
  const what =
    dropped > 0 ? `${compact(dropped)} of ${plural(count, 'attempt')} dropped` : plural(count, 'attempt');
  const { tone } = attemptVerdict(row.verdict);
  const text = `${what}, ${when}${reason}`;
  return entry([span('seen', 'faint')], LABEL, tone === undefined ? span(text) : span(text, tone), columns);
}

function missing({ source, destination }: PathState): string {
  if (source === undefined) return 'now mark a source with s';
  if (destination === undefined) return 'now mark a destination with d';
  return '◌ not evaluated yet';
}
