/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/** The color of `#rrggbb`. */
export function rgbOf(hex: string): Rgb {
  const part = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16);
  return [part(1), part(3), part(5)];
}

/** Relative luminance, 0 for black to 1 for white (WCAG 2.2). */
export function luminance([red, green, blue]: Rgb): number {
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

function linear(channel: number): number {
  const share = channel / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

/** Steps of xterm's color cube. */
const STEPS: readonly number[] = [0, 95, 135, 175, 215, 255];

const CUBE: readonly Rgb[] = STEPS.flatMap((red) =>
  STEPS.flatMap((green) => STEPS.map((blue): Rgb => [red, green, blue])),
);

const GRAYS: readonly Rgb[] = Array.from({ length: 24 }, (_, index) => {
  const level = 8 + 10 * index;
  return [level, level, level];
});

/** xterm's first eight colors, and their bright variants. */
const NAMED: readonly Rgb[] = [
  [0, 0, 0],
  [205, 0, 0],
  [0, 205, 0],
  [205, 205, 0],
  [0, 0, 238],
  [205, 0, 205],
  [0, 205, 205],
  [229, 229, 229],
  [127, 127, 127],
  [255, 0, 0],
  [0, 255, 0],
  [255, 255, 0],
  [92, 92, 255],
  [255, 0, 255],
  [0, 255, 255],
  [255, 255, 255],
];

/** The nearest of the 16 colors that every terminal has. */
export function nearest16(color: Rgb): number {
  return nearest(color, NAMED);
}

/** The nearest of xterm's colors 16 to 255: a cube of six steps each, and 24 grays. */
export function nearest256(color: Rgb): number {
  return 16 + nearest(color, [...CUBE, ...GRAYS]);
}

function nearest(color: Rgb, known: readonly Rgb[]): number {
  const distances = known.map((one) => distance(color, one));
  return distances.indexOf(Math.min(...distances));
}

function distance(one: Rgb, other: Rgb): number {
  return one.reduce((sum, channel, index) => sum + (channel - (other[index] ?? 0)) ** 2, 0);
}
