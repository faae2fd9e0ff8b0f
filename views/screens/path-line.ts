import type { Half } from '../../src/core/policy/verdict.ts';
import type { PathState, SessionState } from '../../src/session/state.ts';
import { decision } from '../columns/verdict.ts';
import { lineColumns, spread } from '../text/fit.ts';
import { type Line, type Span, span } from '../text/span.ts';

/** The path bar: the marked pair and what each half says, or how to mark one. */
export function pathLine(state: SessionState, columns: number): Line {
  const { path } = state;
  const narrow = columns < 120;
  const head: Span = headOf(path, narrow);
  if (path.source === undefined && path.destination === undefined) {
    return [head, span(nothingMarked(state), 'faint')];
  }
  const where = [head, span(pathText(path), 'strong')];
  if (path.problem !== undefined) return [...where, span(`  ? ${path.problem}`, 'warn')];
  if (path.verdict === undefined) return [...where, span(missing(path), 'faint')];
  const { egress, ingress } = path.verdict;
  const used = lineColumns(where);
  const gap = span(' '.repeat(narrow ? 2 : 4));
  const out = half(narrow ? 'out' : 'egress', egress, narrow && egress.verdict === 'allow');
  const room = columns - used - lineColumns(out) - 2 * gap.text.length;
  const back = half(narrow ? 'in' : 'ingress', ingress, room < 12);
  const line = [...where, gap, ...out, gap, ...back];
  const next: Line = path.verdict.verdict === 'deny' ? [span('  g grant ', 'faint')] : [];
  return lineColumns(line) + lineColumns(next) <= columns ? spread(line, next, columns) : line;
}

function nothingMarked({ focus }: SessionState): string {
  switch (focus) {
    case 'pods':
      return 'no path yet: s marks this pod as source, d as destination';
    case 'policies':
      return 'no path yet: mark its ends with s and d in the pods (1) or the attempts (3)';
    case 'attempts':
    case 'grants':
      return 'no path yet: the row under the cursor shows its own';
  }
}

/** Whether the path was marked: then it stays, whatever the cursor is on. */
function headOf({ marked }: PathState, narrow: boolean): Span {
  if (marked === true) return span(narrow ? ' ● ' : ' ● marked  ', 'time');
  return span(narrow ? ' ' : ' path  ', 'faint');
}

/** `web → db :5432/tcp`, with `?` for an end that is not marked. */
export function pathText({ sourceName, destinationName, port }: PathState): string {
  const at = port === undefined ? '' : ` :${port.port}/${port.protocol.toLowerCase()}`;
  return `${sourceName ?? '?'} → ${destinationName ?? '?'}${at}`;
}

function half(name: string, { verdict, summary }: Half, short: boolean): Line {
  const { symbol, tone } = decision(verdict);
  const text = short || summary === '' ? symbol : `${symbol} ${summary}`;
  return [span(`${name} `, 'faint'), span(text, tone)];
}

function missing({ source, destination }: PathState): string {
  if (source === undefined) return '   now mark a source with s';
  if (destination === undefined) return '   now mark a destination with d';
  return '   ◌ not evaluated yet';
}
