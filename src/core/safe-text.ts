/**
 * Characters that may not reach a terminal or a log line from outside: C0, DEL and C1 controls (ESC, OSC and CSI live
 * there), bidirectional overrides and isolates, zero-width and other invisible format characters, line and paragraph
 * separators, tag characters, variation selectors, lone surrogates, and private use (TERM-1; Unicode general categories
 * Cc, Cf, Cs, Co, Zl, Zp).
 */
const UNSAFE =
  /\p{Cc}|\p{Cf}|\p{Cs}|\p{Co}|\p{Zl}|\p{Zp}|[\u{115F}\u{1160}\u{3164}\u{FFA0}]|[\u{FE00}-\u{FE0F}]|[\u{E0100}-\u{E01EF}]/gu;

/** Nearly all names are this, and need no closer look. */
const PLAIN = /^[\x20-\x7e]*$/;

/** Longest foreign text kept, in UTF-16 code units; Kubernetes names end at 253. */
const DEFAULT_LIMIT = 512;

/**
 * Makes foreign text fit to show: every unsafe character becomes its visible code (`\u{9b}`), ESC becomes `␛`,
 * over-long text is cut with `…`. What is safe already comes back unchanged. Called once, where text enters.
 */
export function safeText(value: string, limit: number = DEFAULT_LIMIT): string {
  const cut = value.length > limit ? `${value.slice(0, limit - 1)}…` : value;
  return PLAIN.test(cut) ? cut : cut.replace(UNSAFE, visible);
}

/**
 * `safeText` over every string (keys too) of a JSON-like value.
 */
export function safeDeep<T>(value: T, limit: number = 16_384): T {
  return clean(value, limit) as T;
}

function clean(value: unknown, limit: number): unknown {
  if (typeof value === 'string') return safeText(value, limit);
  if (Array.isArray(value)) return value.map((item) => clean(item, limit));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [safeText(key), clean(item, limit)]),
    );
  }
  return value;
}

function visible(character: string): string {
  if (character === '\u001b') return '␛';
  const code = character.codePointAt(0) ?? 0;
  return `\\u{${code.toString(16)}}`;
}
