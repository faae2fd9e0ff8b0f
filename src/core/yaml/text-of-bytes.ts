import { EVENT_ID, type Event, getScalarValue } from 'js-yaml';

/** Bytes that are not text, with the faulty line from 1 and what is wrong there: `contains a NUL byte`. */
export class NoText extends Error {
  override readonly name = 'NoText';
  readonly line: number;

  constructor(line: number, what: string) {
    super(what);
    this.line = line;
  }
}

/**
 * The text of a file in UTF-8, or in UTF-16 if its byte order mark says so (YAML 1.2.2 §5.2), without the mark.
 * @throws NoText
 */
export function textOfBytes(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const wide =
    first === 0xff && second === 0xfe
      ? 'utf-16le'
      : first === 0xfe && second === 0xff
        ? 'utf-16be'
        : undefined;
  if (wide !== undefined) return new TextDecoder(wide).decode(bytes);
  const zero = bytes.indexOf(0);
  if (zero >= 0) throw noText(bytes, zero, 'contains a NUL byte');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw noText(bytes, firstBroken(bytes), 'is not valid UTF-8');
  }
}

function noText(bytes: Uint8Array, at: number, what: string): NoText {
  let line = 1;
  for (let index = bytes.indexOf(10); index >= 0 && index < at; index = bytes.indexOf(10, index + 1))
    line += 1;
  return new NoText(line, what);
}

/** The decoder reports that something is broken, but not where. */
function firstBroken(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let start = 0;
  for (let end = bytes.indexOf(10, start); end >= 0; end = bytes.indexOf(10, start)) {
    try {
      decoder.decode(bytes.subarray(start, end + 1));
    } catch {
      return start;
    }
    start = end + 1;
  }
  return start;
}

/** Where a node starts, by line from 1: for a map its keys, for a list its items, each with its own value. */
export type Lines = {
  readonly line: number;
  readonly children: ReadonlyMap<string, Lines>;
};

/** A duplicate key in a map, and the line of the later one. */
export type DuplicateKey = { readonly key: string; readonly line: number };

/** The positions of the first document's nodes, and its duplicate keys. */
export function linesOf(
  events: readonly Event[],
  source: string,
): { readonly lines: Lines; readonly duplicates: readonly DuplicateKey[] } {
  const duplicates: DuplicateKey[] = [];
  const lineAt = lineCounter(source);
  let next = 1;
  if (events.length < 2 || events[1]?.type === EVENT_ID.POP) {
    return { lines: { line: 1, children: new Map() }, duplicates };
  }
  const lines = node();
  duplicates.sort((a, b) => a.line - b.line);
  return { lines, duplicates };

  function node(at?: number): Lines {
    const event = events[next];
    next += 1;
    const line = at ?? lineAt(startOf(event));
    const children = new Map<string, Lines>();
    if (event?.type === EVENT_ID.SEQUENCE) {
      for (let index = 0; events[next]?.type !== EVENT_ID.POP; index += 1)
        children.set(String(index), node());
      next += 1;
    } else if (event?.type === EVENT_ID.MAPPING) {
      while (events[next]?.type !== EVENT_ID.POP) {
        const key = events[next];
        const keyLine = node().line;
        const name = key?.type === EVENT_ID.SCALAR ? getScalarValue(source, key) : undefined;
        if (name !== undefined && name !== '<<' && children.has(name))
          duplicates.push({ key: name, line: keyLine });
        const value = node(keyLine);
        if (name !== undefined) children.set(name, value);
      }
      next += 1;
    }
    return { line, children };
  }
}

/** The line of a path, or of as much of it as exists. */
export function lineOfPath(lines: Lines, path: readonly (string | number)[]): number {
  let here = lines;
  for (const step of path) {
    const below = here.children.get(String(step));
    if (below === undefined) break;
    here = below;
  }
  return here.line;
}

function startOf(event: Event | undefined): number {
  if (event === undefined) return 0;
  const {
    tagStart = -1,
    anchorStart = -1,
    valueStart = -1,
    start = -1,
  } = event as Partial<Record<'tagStart' | 'anchorStart' | 'valueStart' | 'start', number>>;
  return [tagStart, anchorStart, valueStart, start].find((at) => at >= 0) ?? 0;
}

/** Line numbers of positions that mostly come in the order of the text. */
function lineCounter(source: string): (at: number) => number {
  let from = 0;
  let line = 1;
  return (at) => {
    if (at < from) [from, line] = [0, 1];
    for (let end = source.indexOf('\n', from); end >= 0 && end < at; end = source.indexOf('\n', from)) {
      from = end + 1;
      line += 1;
    }
    return line;
  };
}
