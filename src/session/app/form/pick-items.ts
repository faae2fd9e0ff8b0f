/** The items of a picker that its filter leaves: every word must occur. */
export function pickItems(items: readonly string[], filter: string): readonly string[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return items.filter((item) => words.every((word) => item.toLowerCase().includes(word)));
}
