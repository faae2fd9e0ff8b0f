/** How many colors a terminal has: its own 16, the 256 of xterm, or any. */
export type Depth = 16 | 256 | 'all';

/** Terminals with 256 colors whose `TERM` does not say so, and whose `COLORTERM` is lost over ssh. */
const RICH = /256|kitty|alacritty|ghostty|foot|wezterm|direct/;

/** The colors of the terminal that the environment describes. */
export function depthOf({ TERM = '', COLORTERM = '' }: Readonly<Record<string, string | undefined>>): Depth {
  if (/truecolor|24bit/.test(COLORTERM)) return 'all';
  return RICH.test(TERM) ? 256 : 16;
}
