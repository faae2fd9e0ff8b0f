/** How many names to offer. */
const LIMIT = 3;

/** The names nearest to a mistyped one, nearest first; none that is wholly different: at most `most` letters are. */
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

/** Edit distance; a name that holds the wanted last part is near, whatever its generated tail. */
function distanceOf(wanted: string, name: string): number {
  const last = wanted.slice(wanted.lastIndexOf('/') + 1);
  const tail = name.slice(name.lastIndexOf('/') + 1);
  if (tail === last || tail.startsWith(`${last}-`)) return wanted === name ? 0 : 1;
  return editDistance(wanted, name);
}

/** Letters added, left out, changed, or swapped with their neighbour. */
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
