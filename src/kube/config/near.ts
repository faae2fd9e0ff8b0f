import { nearestNames } from '../../core/nearest.ts';

/**
 * The names that somebody who typed `word` may have meant, whatever the case: those that contain it, or that it
 * contains, then those that differ by at most a third of its letters; three at most.
 */
export function near(word: string, names: readonly string[]): readonly string[] {
  const wanted = word.toLowerCase();
  const byLower = new Map(names.map((name) => [name.toLowerCase(), name]));
  const parts = [...byLower.keys()].filter((name) => name.includes(wanted) || wanted.includes(name));
  const typos = nearestNames(wanted, byLower.keys(), Math.max(1, Math.floor(word.length / 3)));
  return [...new Set([...parts, ...typos])].slice(0, 3).flatMap((name) => byLower.get(name) ?? []);
}
