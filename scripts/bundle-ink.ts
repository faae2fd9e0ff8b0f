/**
 * Lets Ink remember from one frame to the next what it knows of a line: its characters with their styles, and its
 * width. Ink keeps that for one frame only, and takes every line on the screen apart again for the next, though hardly
 * one has changed; with this a frame costs half. What is drawn is the same, byte by byte (test/views/bundle-ink).
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
`;

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
      `${replaced(source, 'caches = new OutputCaches();', 'caches = sharedCaches();')}\n${SHARED_CACHES}`,
  },
  {
    file: /[\\/]widest-line[\\/]index\.js$/,
    change: (source) =>
      `${replaced(source, 'export default function widestLine(', 'function measure(')}\n${REMEMBERED_WIDTHS}`,
  },
]);
