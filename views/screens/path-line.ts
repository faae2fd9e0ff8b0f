import type { Half } from '../../src/core/policy/verdict.ts';
import type { PathState, SessionState } from '../../src/session/state.ts';
import { decision } from '../columns/verdict.ts';
import { lineColumns, spread } from '../text/fit.ts';
import { type Line, type Span, span } from '../text/span.ts';

/** The path bar: the marked pair and what each half says, or how to mark one. */
export function pathLine({ path }: SessionState, columns: number): Line {
  const narrow = columns < 120;
  const head: Span = span(narrow ? ' ' : ' path  ', 'faint');
  if (path.source === undefined && path.destination === undefined) {
    return [
      head,
      span('no path marked: s marks a source, d a destination, g on an attempt grants it', 'faint'),
    ];
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
