/** One path in words. */
export type PathLine = { readonly from: string; readonly to: string; readonly ports: string };

/** How many ends are named on a line. */
const NAMED = 6;

/**
 * Paths as lines, those together that have ports and one end in common: each with the more of its kind, by destination
 * or by source. Lines come in the order of the first path of each.
 */
export function pathLines(paths: readonly PathLine[]): readonly string[] {
  const keys = ({ from, to, ports }: PathLine) => [`→ ${to}\n${ports}`, `${from} →\n${ports}`] as const;
  const counts = new Map<string, number>();
  for (const key of paths.flatMap(keys)) counts.set(key, (counts.get(key) ?? 0) + 1);
  const groups = Map.groupBy(paths, (path) => {
    const [byTo, byFrom] = keys(path);
    return (counts.get(byFrom) ?? 0) > (counts.get(byTo) ?? 0) ? byFrom : byTo;
  });
  return Array.from(groups.values(), (list) => {
    const [from, to] = [listed(list.map((path) => path.from)), listed(list.map((path) => path.to))];
    return `${from} → ${to}   ${list[0]?.ports ?? ''}`;
  });
}

function listed(names: readonly string[]): string {
  const all = [...new Set(names)];
  const more = all.length - NAMED;
  return more > 0 ? `${all.slice(0, NAMED).join(', ')} and ${more} more` : all.join(', ');
}
