import { SluiceError } from '../../../core/errors.ts';
import { safeText } from '../../../core/safe-text.ts';

/**
 * The text of a file in UTF-8, or in UTF-16 where its byte order mark says so (YAML 1.2.2 §5.2), without the mark.
 *
 * @throws SluiceError `failed` with the line of what is no text
 */
export function textOfBytes(bytes: Uint8Array, name: string): string {
  const [first, second] = bytes;
  const wide =
    first === 0xff && second === 0xfe
      ? 'utf-16le'
      : first === 0xfe && second === 0xff
        ? 'utf-16be'
        : undefined;
  if (wide !== undefined) return new TextDecoder(wide).decode(bytes);
  const zero = bytes.indexOf(0);
  if (zero >= 0) throw noText(name, bytes, zero, 'has a zero byte');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw noText(name, bytes, firstBroken(bytes), 'is not UTF-8');
  }
}

function noText(name: string, bytes: Uint8Array, at: number, what: string): SluiceError {
  let line = 1;
  for (let index = bytes.indexOf(10); index >= 0 && index < at; index = bytes.indexOf(10, index + 1))
    line += 1;
  return new SluiceError(
    'failed',
    `${safeText(name)} is no text of manifests: line ${line} ${what}.`,
    'Save it as UTF-8, or leave it out.',
  );
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
