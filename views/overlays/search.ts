import { patternOf, type Search } from '../../src/session/session.ts';
import { type Line, lineText, type Span, span } from '../text/text.ts';
import { fieldSpans } from './field.ts';

/** The lines that match a search, one entry for each match; none for an empty search. */
export function matchesIn(lines: readonly Line[], search: Search | undefined): readonly number[] {
  const pattern = patternIn(search);
  if (pattern === undefined) return [];
  return lines.flatMap((line, at) => [...placesOf(lineText(line), pattern)].map(() => at));
}

/** The line with its matches inverse. */
export function withMatches(line: Line, search: Search | undefined): Line {
  const pattern = patternIn(search);
  if (pattern === undefined) return line;
  let rest: Line = line;
  let at = 0;
  const out: Span[] = [];
  for (const { start, end } of placesOf(lineText(line), pattern)) {
    const [before, from] = splitAt(rest, start - at);
    const [found, after] = splitAt(from, end - start);
    out.push(...before, ...found.map(({ text }) => span(text, 'cursor')));
    rest = after;
    at = end;
  }
  return [...out, ...rest];
}

/** `/db▏ 7 matches` while it is typed, then `/db 2 of 7`. */
export function searchSpans({ field, typing, at }: Search, matches: number): Line {
  const count = matches === 0 ? 'no matches' : typing ? `${matches} found` : `${at + 1} of ${matches}`;
  const shown = field.text === '' ? '' : ` ${count}`;
  const tone = field.text !== '' && matches === 0 ? 'warn' : 'faint';
  return [span(' /', 'strong'), ...fieldSpans(field, typing), span(`${shown} `, tone)];
}

function patternIn(search: Search | undefined): RegExp | undefined {
  const text = search?.field.text ?? '';
  return text === '' ? undefined : new RegExp(patternOf(text), 'giu');
}

function* placesOf(
  text: string,
  pattern: RegExp,
): Iterable<{ readonly start: number; readonly end: number }> {
  for (const { index, 0: found } of text.matchAll(pattern)) {
    if (found !== '') yield { start: index, end: index + found.length };
  }
}

/** The line in two, after `units` UTF-16 units. */
function splitAt(line: Line, units: number): readonly [Line, Line] {
  let left = units;
  const before: Span[] = [];
  const after: Span[] = [];
  for (const part of line) {
    const head = part.text.slice(0, left);
    const tail = part.text.slice(left);
    if (head !== '') before.push({ ...part, text: head });
    if (tail !== '') after.push({ ...part, text: tail });
    left = Math.max(0, left - part.text.length);
  }
  return [before, after];
}
