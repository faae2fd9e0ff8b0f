import { Writable } from 'node:stream';
import { safeText } from '../core/safe-text.ts';

const LIMIT = 1 << 20;

/** The output of a command, bounded. */
export type Output = {
  /** Takes it; what comes once it has ended is left out. */
  readonly stream: Writable;
  /** As UTF-8, sanitised; line breaks and tabs stay. What came after the limit is left out. */
  text(): string;
};

export function createOutput(limit: number = LIMIT): Output {
  const parts: Buffer[] = [];
  let size = 0;
  const stream = new Writable({
    write: (data: Buffer, _, done) => {
      const part = data.subarray(0, limit - size);
      size += part.length;
      if (part.length > 0) parts.push(part);
      done();
    },
  });
  stream.on('error', () => undefined);
  return {
    stream,
    text: () =>
      Buffer.concat(parts)
        .toString('utf8')
        .split(/(\n|\t)/)
        .map((piece) => (piece === '\n' || piece === '\t' ? piece : safeText(piece, limit)))
        .join(''),
  };
}
