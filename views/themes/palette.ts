import type { ThemeRole, ThemeSetting } from '../../src/core/common/common.ts';
import type { Background } from './background.ts';
import type { Depth } from './depth.ts';
import { nearest16, nearest256, rgbOf } from './rgb.ts';

/** The code of each role's color, as it stands between `ESC[` and `m`; without one, `dim` is drawn faint. */
export type Palette = Readonly<Partial<Record<ThemeRole, string>>>;

/** The terminal's own colors: for 16 colors, and where nobody knows what they stand on. */
export const TERMINAL: Palette = { allow: '32', drop: '31', warn: '33', time: '36' };

/** Bright blue and yellow: what 16 colors have of blue and orange. */
const TERMINAL_COLORBLIND: Palette = { allow: '94', drop: '33', warn: '35', time: '36' };

/**
 * The designed colors, from xterm's 256, which look the same everywhere and take fewer bytes than 24 bits. Each has a
 * contrast of 4.5 to 1 or more with any usual background of its kind (TERM-12).
 */
const DESIGNED = {
  plain: {
    dark: indexed({ allow: 114, drop: 203, warn: 221, time: 80, dim: 247 }),
    light: indexed({ allow: 28, drop: 160, warn: 94, time: 24, dim: 241 }),
  },
  /** Blue and orange, which eyes without red or green tell apart. */
  colorblind: {
    dark: indexed({ allow: 75, drop: 208, warn: 229, time: 183, dim: 247 }),
    light: indexed({ allow: 25, drop: 130, warn: 90, time: 23, dim: 241 }),
  },
} as const;

/** The colors for a terminal; `background`: what is known of it. */
export function paletteOf(
  { base, roles }: ThemeSetting,
  depth: Depth,
  background: Background | undefined,
): Palette {
  const own = Object.entries(roles).map(([role, hex]) => [role, codeOf(hex, depth)]);
  return { ...basePalette(base, depth, background), ...Object.fromEntries(own) };
}

function basePalette(base: ThemeSetting['base'], depth: Depth, background: Background | undefined): Palette {
  const ground = base === 'dark' || base === 'light' ? base : background;
  const forColorblind = base === 'colorblind';
  if (depth === 16 || ground === undefined) return forColorblind ? TERMINAL_COLORBLIND : TERMINAL;
  return DESIGNED[forColorblind ? 'colorblind' : 'plain'][ground];
}

function indexed(numbers: Readonly<Record<ThemeRole, number>>): Palette {
  return Object.fromEntries(Object.entries(numbers).map(([role, number]) => [role, `38;5;${number}`]));
}

function codeOf(hex: string, depth: Depth): string {
  const color = rgbOf(hex);
  if (depth === 'all') return `38;2;${color.join(';')}`;
  if (depth === 256) return `38;5;${nearest256(color)}`;
  const number = nearest16(color);
  return String(number < 8 ? 30 + number : 82 + number);
}
