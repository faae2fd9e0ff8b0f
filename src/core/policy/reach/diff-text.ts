import { wrapped } from '../explain/wrap.ts';
import type { IsolationChange } from '../model/verdict.ts';
import { pathChangeText } from './change-text.ts';
import type { ClusterDiff } from './cluster-diff.ts';

/** How many lines there are of each kind before the rest is counted. */
const MOST = 12;
const WORD_WIDTH = 10;

/** What a change does to the whole cluster, as lines of 80 columns: what opens, closes, blurs, and who is isolated. */
export function diffText({ opens, closes, blurs, isolated, freed }: ClusterDiff): readonly string[] {
  const lines = [
    ...section('opens', opens.map(pathChangeText)),
    ...section('closes', closes.map(pathChangeText)),
    ...section('blurs', blurs.map(pathChangeText)),
    ...section('isolates', isolated.map(podText)),
    ...section('frees', freed.map(podText)),
  ];
  return lines.length === 0 ? ['  nothing else turns'] : lines;
}

function section(word: string, items: readonly string[]): readonly string[] {
  const shown = items.slice(0, MOST);
  const more = items.length - shown.length;
  return [...shown, ...(more === 0 ? [] : [`and ${more} more`])].flatMap((text, at) =>
    wrapped(`  ${(at === 0 ? word : '').padEnd(WORD_WIDTH)} `, text, WORD_WIDTH + 5),
  );
}

function podText({ pod, direction }: IsolationChange): string {
  return `${pod.namespace}/${pod.name} (${direction})`;
}
