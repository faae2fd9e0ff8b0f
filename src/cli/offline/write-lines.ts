import type { Output } from '../output/write.ts';

/** How much is written at once. */
const CHUNK = 1 << 18;

/** Writes lines as they are made: an answer may be a million of them. */
export function writeLines({ out }: Output, lines: Iterable<string>): void {
  let chunk = '';
  for (const line of lines) {
    chunk += `${line}\n`;
    if (chunk.length < CHUNK) continue;
    out(chunk);
    chunk = '';
  }
  if (chunk !== '') out(chunk);
}
