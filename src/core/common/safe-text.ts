/**
 * Characters from outside that must not reach a terminal or a log line: C0, DEL, and C1 controls (including ESC, OSC,
 * and CSI), bidirectional overrides and isolates, zero-width and other invisible format characters, line and paragraph
 * separators, tag characters, variation selectors, lone surrogates, and private use (TERM-1; Unicode general categories
 * Cc, Cf, Cs, Co, Zl, Zp).
 */
const UNSAFE =
  /\p{Cc}|\p{Cf}|\p{Cs}|\p{Co}|\p{Zl}|\p{Zp}|[\u{115F}\u{1160}\u{3164}\u{FFA0}]|[\u{FE00}-\u{FE0F}]|[\u{E0100}-\u{E01EF}]/gu;

/** Matches nearly all names, which then need no closer look. */
const PLAIN = /^[\x20-\x7e]*$/;

/** Longest foreign text kept, in UTF-16 code units; Kubernetes names end at 253. */
const DEFAULT_LIMIT = 512;

/**
 * Makes foreign text safe to show: every unsafe character becomes its visible code (`\u{9b}`), ESC becomes `␛`, and
 * overlong text is cut with `…`. Safe text is returned unchanged. Called once, where text enters.
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

/** Names in a sentence: `a, b and 3 more`. */
export function several(names: readonly string[], most: number): string {
  if (names.length <= most) return names.join(', ');
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}

/** `1 pod`, `2 pods`; `many` is the plural where adding an s is not enough. */
export function plural(amount: number, noun: string, many = `${noun}s`): string {
  return `${amount} ${amount === 1 ? noun : many}`;
}

/** How many names to suggest. */
const LIMIT = 3;

/**
 * The names closest to a mistyped one, closest first; at most `most`. Names that are entirely different are left out.
 */
export function nearestNames(
  wanted: string,
  names: Iterable<string>,
  most: number = Math.max(3, Math.floor(wanted.length / 2)),
): readonly string[] {
  return [...new Set(names)]
    .map((name) => ({ name, distance: distanceOf(wanted, name) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, LIMIT)
    .map(({ name }) => name);
}

/** Edit distance; a name that contains the last part of the wanted one is close, whatever its generated suffix. */
function distanceOf(wanted: string, name: string): number {
  const last = wanted.slice(wanted.lastIndexOf('/') + 1);
  const tail = name.slice(name.lastIndexOf('/') + 1);
  if (tail === last || tail.startsWith(`${last}-`)) return wanted === name ? 0 : 1;
  return editDistance(wanted, name);
}

/** Letters added, removed, changed, or swapped with their neighbor. */
function editDistance(a: string, b: string): number {
  let older: readonly number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? (older[j - 2] ?? 0) + 1 : change;
      current.push(Math.min(change, swap, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    older = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
