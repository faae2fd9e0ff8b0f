/** A number in at most 4 columns up to a billion: `999`, `1.2k`, `12k`, `3.4M`. */
export function compact(value: number): string {
  if (value < 1000) return String(Math.round(value));
  const [scaled, unit] = value < 1_000_000 ? [value / 1000, 'k'] : [value / 1_000_000, 'M'];
  return scaled < 10 ? `${(Math.floor(scaled * 10) / 10).toFixed(1)}${unit}` : `${Math.floor(scaled)}${unit}`;
}
