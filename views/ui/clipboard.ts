import { safeText } from '../../src/core/common/common.ts';

/** Terminals silently drop longer OSC 52 texts; xterm's limit is the smallest in wide use. */
const LONGEST = 74_994;

/**
 * The escape code that copies a text to the clipboard of the terminal's own machine, even over SSH (OSC 52); undefined
 * if the text is too long. Control characters other than line breaks are made visible first, so that nothing runs when
 * the text is pasted into a shell.
 */
export function clipboardCode(text: string): string | undefined {
  const safe = text
    .split('\n')
    .map((line) => safeText(line, Number.MAX_SAFE_INTEGER))
    .join('\n');
  const encoded = Buffer.from(safe, 'utf8').toString('base64');
  return encoded.length > LONGEST ? undefined : `\u001b]52;c;${encoded}\u0007`;
}
