import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

/**
 * The lines of a recording, compressed or not (a rotated export is gzip), in UTF-8 or in the UTF-16 that PowerShell
 * writes (HUB-43).
 */
export async function* linesOfFile(path: string): AsyncGenerator<string> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  let rest = '';
  for await (const bytes of plainBytes(path)) {
    decoder ??= new TextDecoder(encodingOf(bytes));
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  yield rest + (decoder?.decode() ?? '');
}

/** Whatever its name says, a file that starts as gzip does is decompressed; a pipe has no second start to read. */
async function* plainBytes(path: string): AsyncGenerator<Buffer> {
  const chunks: AsyncIterator<Buffer> = createReadStream(path)[Symbol.asyncIterator]();
  const first = await chunks.next();
  if (first.done === true) return;
  const all = async function* () {
    yield first.value;
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
  };
  const [one, two] = first.value;
  if (one !== 0x1f || two !== 0x8b) {
    yield* all();
    return;
  }
  const plain = createGunzip();
  // Whoever reads the output gets the error.
  void pipeline(all(), plain).catch(() => undefined);
  yield* plain as AsyncIterable<Buffer>;
}

/** By the byte order mark, which the decoder then leaves out. */
function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
}
