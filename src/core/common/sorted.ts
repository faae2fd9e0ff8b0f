/** Binary search: the first index of a sorted list whose item is not lower; the list's length if all are lower. */
export function placeIn<T>(list: readonly T[], isLower: (item: T) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = list[middle];
    if (item !== undefined && isLower(item)) low = middle + 1;
    else high = middle;
  }
  return low;
}
