/** A List in block style, taken apart: everything but its items, and its items in bundles of text. */
export type SplitList = {
  /** The document without its items. */
  readonly rest: string;
  /** Bundles of items, each a whole `items:` section; `line` is where it starts, from 0. */
  readonly bundles: readonly { readonly text: string; readonly line: number }[];
};

/** Shorter documents are parsed as they are. */
const LONG = 1 << 18;

/** About how much of a List is parsed at once. */
const BUNDLE = 1 << 16;

/** An anchor may be meant by an alias further on: then the document has to stay whole. */
const ANCHOR = /(?:^|[\s[{,])&\w/;

/**
 * Takes a long List apart, as `kubectl get -o yaml` writes it: parsing 10 MB at once takes a gigabyte. Undefined for
 * what is short, has anchors, or looks otherwise. At the indentation of the items a dash always starts one: what
 * belongs to an item, scalars over several lines too, stands further right (YAML 1.2.2 §8.2.1, §7.3).
 */
export function splitList(text: string): SplitList | undefined {
  if (text.length < LONG || ANCHOR.test(text)) return undefined;
  const head = /^items:[^\S\n]*\n(?=( *)- )/m.exec(text);
  if (head === null) return undefined;
  const start = head.index + head[0].length;
  const indent = head[1] ?? '';
  const item = new RegExp(`^${indent}- `, 'gm');
  const end = endOfItems(text, start, indent);
  const bundles: { readonly text: string; readonly line: number }[] = [];
  let from = start;
  let line = countLines(text, 0, start);
  const take = (to: number) => {
    const piece = text.slice(from, to);
    bundles.push({ text: `items:\n${piece}`, line: line - 1 });
    line += countLines(piece, 0, piece.length);
    from = to;
  };
  item.lastIndex = start + 1;
  for (let found = item.exec(text); found !== null && found.index < end; found = item.exec(text)) {
    if (found.index - from >= BUNDLE) take(found.index);
  }
  take(end);
  return { rest: text.slice(0, head.index) + text.slice(end), bundles };
}

/** Where a line starts that is no item and not part of one: a key of the List, or a comment between. */
function endOfItems(text: string, start: number, indent: string): number {
  const other = indent === '' ? /^(?!- |-$|\s|$|#)/gm : /^(?=[^\s#])/gm;
  other.lastIndex = start;
  return other.exec(text)?.index ?? text.length;
}

function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
