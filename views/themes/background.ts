import { luminance } from './rgb.ts';

export type Background = 'dark' | 'light';

/** Between black and white as seen by an eye: contrast to both is equal there (WCAG 2.2). */
const MIDDLE = 0.179;

/** The background in the words of a terminal, `rgb:1c1c/1f1f/2626` with one to four digits each (TERM-11). */
export function backgroundOf(answer: string): Background | undefined {
  const match = /^rgba?:([0-9a-f]{1,4})\/([0-9a-f]{1,4})\/([0-9a-f]{1,4})/i.exec(answer);
  if (match === null) return undefined;
  const [red = 0, green = 0, blue = 0] = match
    .slice(1)
    .map((part) => (Number.parseInt(part, 16) / (16 ** part.length - 1)) * 255);
  return luminance([red, green, blue]) < MIDDLE ? 'dark' : 'light';
}

/** The background as `COLORFGBG` gives it, which rxvt and Konsole set: `15;0` is white on black. */
export function hinted({ COLORFGBG }: Readonly<Record<string, string | undefined>>): Background | undefined {
  const ground = /;(\d{1,2})$/.exec(COLORFGBG ?? '')?.[1];
  if (ground === undefined) return undefined;
  return ground === '7' || Number(ground) >= 9 ? 'light' : 'dark';
}
