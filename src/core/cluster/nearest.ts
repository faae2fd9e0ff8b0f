/** How many names to offer. */
const LIMIT = 3;

/** The names nearest to a mistyped one, nearest first; none that is wholly different. */
export function nearestNames(wanted: string, names: Iterable<string>): readonly string[] {
  const most = Math.max(3, Math.floor(wanted.length / 2));
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
  return levenshtein(wanted, name);
}

function levenshtein(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(change, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
