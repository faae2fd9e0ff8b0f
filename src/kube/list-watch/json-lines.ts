const NEWLINE = 0x0a;

/** Longest line accepted, bytes: etcd holds objects of at most 1.5 MiB, and JSON may be some times its size. */
const LONGEST = 32 << 20;

/**
 * Cuts a byte stream into JSON values, one a line, wherever the chunks are split: within a character too.
 *
 * @returns a function that takes a chunk and gives the values that it completes
 * @throws SyntaxError for a line that is no JSON, RangeError for one that never ends
 */
export function jsonLines(): (chunk: Buffer) => readonly unknown[] {
  let parts: Buffer[] = [];
  let held = 0;
  return (chunk) => {
    const values: unknown[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const piece = chunk.subarray(start, end);
      const line = held === 0 ? piece : Buffer.concat([...parts, piece]);
      parts = [];
      held = 0;
      start = end + 1;
      const text = line.toString('utf8').trim();
      if (text !== '') values.push(JSON.parse(text));
    }
    if (start < chunk.length) {
      parts.push(chunk.subarray(start));
      held += chunk.length - start;
      if (held > LONGEST) throw new RangeError(`a line of more than ${LONGEST} bytes`);
    }
    return values;
  };
}
