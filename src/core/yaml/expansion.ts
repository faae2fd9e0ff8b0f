/** From how many values on a document is looked at, and how many times over its values may be meant. */
const MANY = 1_000_000;
const TIMES = 10;

/** Aliases that contain themselves, or multiply beyond measure ("billion laughs"); undefined for a sound value. */
export function expansionProblem(root: unknown): string | undefined {
  const sizes = new Map<object, number>();
  const open = new Set<object>();
  let written = 0;
  let isCyclic = false;
  const sizeOf = (value: unknown): number => {
    if (typeof value !== 'object' || value === null) return 1;
    const known = sizes.get(value);
    if (known !== undefined) return known;
    if (open.has(value)) {
      isCyclic = true;
      return 1;
    }
    open.add(value);
    const items: readonly unknown[] = Object.values(value);
    written += items.length;
    const size = items.reduce<number>((sum, item) => sum + sizeOf(item), 1);
    open.delete(value);
    sizes.set(value, size);
    return size;
  };
  const size = sizeOf(root);
  if (isCyclic) return 'an anchor contains itself';
  if (size <= MANY || size <= TIMES * written) return undefined;
  return `its aliases make ${size > 1e15 ? 'more than a million billion' : size.toLocaleString('en')} values of ${written.toLocaleString('en')}`;
}
