/**
 * Lets Ink remember from one frame to the next what it knows: of a text its lines and characters with their styles, of
 * a line its width, of a row of the screen what it was made from. Ink keeps that for one frame at most, and takes every
 * line on the screen apart and together again for the next, though hardly one has changed; with this a frame costs
 * less than half. What is drawn is the same, byte by byte (test/views/bundle-ink).
 */
import { patchPlugin, replaced } from './patch-plugin.ts';

/** Lines remembered: some screens full. Their characters are objects, so this many take a few MB. */
const LINES = 600;

const SHARED_CACHES = `
let shared = new OutputCaches();
function sharedCaches() {
  if (shared.styledChars.size > ${LINES}) shared = new OutputCaches();
  return shared;
}
const BLANK = Object.freeze({ type: 'char', value: ' ', fullWidth: false, styles: [] });
function linesOf(caches, text) {
  caches.lines ??= new Map();
  let lines = caches.lines.get(text);
  if (lines === undefined) {
    const characterLines = [[]];
    for (const character of caches.getStyledChars(text)) {
      if (character.value === '\\n') characterLines.push([]);
      else characterLines.at(-1).push(character);
    }
    lines = characterLines.map((line) => styledCharsToString(line));
    caches.lines.set(text, lines);
  }
  return lines;
}
const rows = [];
function rowText(line, y) {
  const known = rows[y];
  if (known !== undefined && isSame(known.line, line)) return known.text;
  const text = styledCharsToString(line.filter((item) => item !== undefined)).trimEnd();
  rows[y] = { line, text };
  return text;
}
function isSame(one, other) {
  if (one.length !== other.length) return false;
  for (let x = 0; x < one.length; x += 1) if (one[x] !== other[x]) return false;
  return true;
}
`;

/** What of Ink's Output is replaced by something that remembers; each must be in it. */
const OUTPUT_CHANGES: readonly (readonly [RegExp, string])[] = [
  [/caches = new OutputCaches\(\);/, 'caches = sharedCaches();'],
  [
    /const characterLines = \[\[\]\];[\s\S]*?let lines = characterLines\.map\(line => styledCharsToString\(line\)\);/,
    'let lines = linesOf(this.caches, text);',
  ],
  [
    /row\.push\(\{\s*type: 'char',\s*value: ' ',\s*fullWidth: false,\s*styles: \[\],\s*\}\);/,
    'row.push(BLANK);',
  ],
  [/\.map\(line => \{[^}]*lineWithoutEmptyItems[^}]*\}\)/, '.map(rowText)'],
  [
    /sliceLineToColumns\(line, from, to\) \{/,
    'sliceLineToColumns(line, from, to) { if (from === 0 && to > 0 && to === this.caches.getStringWidth(line)) return line;',
  ],
];

const REMEMBERED_WIDTHS = `
const known = new Map();
export default function widestLine(string) {
  let width = known.get(string);
  if (width === undefined) {
    if (known.size > ${LINES}) known.clear();
    width = measure(string);
    known.set(string, width);
  }
  return width;
}
`;

/** The plugin for esbuild. */
export const bundleInk = patchPlugin('bundle-ink', [
  {
    file: /[\\/]ink[\\/]build[\\/]output\.js$/,
    change: (source) =>
      `${OUTPUT_CHANGES.reduce((text, [before, after]) => replaced(text, before, after), source)}\n${SHARED_CACHES}`,
  },
  {
    file: /[\\/]widest-line[\\/]index\.js$/,
    change: (source) =>
      `${replaced(source, 'export default function widestLine(', 'function measure(')}\n${REMEMBERED_WIDTHS}`,
  },
  {
    // The layout engine holds its wasm as a data: URL; to fetch that, Node would load its whole HTTP client first.
    file: /[\\/]yoga-layout[\\/]dist[\\/]binaries[\\/]yoga-wasm-base64-esm\.js$/,
    change: (source) =>
      replaced(source, 'w||"function"!=typeof fetch?Promise.resolve()', 'true?Promise.resolve()'),
  },
]);
