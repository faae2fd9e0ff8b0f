/** Bytes that are no text, with the line at fault from 1, and what is wrong there: `has a zero byte`. */
export class NoText extends Error {
  override readonly name = 'NoText';
  readonly line: number;

  constructor(line: number, what: string) {
    super(what);
    this.line = line;
  }
}

/**
 * The text of a file in UTF-8, or in UTF-16 where its byte order mark says so (YAML 1.2.2 §5.2), without the mark.
 *
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
  if (zero >= 0) throw noText(bytes, zero, 'has a zero byte');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw noText(bytes, firstBroken(bytes), 'is not UTF-8');
  }
}

function noText(bytes: Uint8Array, at: number, what: string): NoText {
  let line = 1;
  for (let index = bytes.indexOf(10); index >= 0 && index < at; index = bytes.indexOf(10, index + 1))
    line += 1;
  return new NoText(line, what);
}

/** The decoder says that something is broken, but not where. */
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
