/** First row to show so that `index` is visible among `height` rows, as close to `offset` as possible. */
export function scrollTo(offset: number, index: number, height: number, total: number): number {
  const last = Math.max(0, total - height);
  const followed = index < offset ? index : index >= offset + height ? index - height + 1 : offset;
  return Math.min(last, Math.max(0, followed));
}
