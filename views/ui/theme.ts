import { fitLine, type Line, lineColumns, type Tone } from '../text/text.ts';
import { type Palette, TERMINAL } from '../themes/themes.ts';

/** How a run is drawn: its weight (1 bold, 2 faint, 7 inverse) and the code of its color. */
type Look = { readonly weight?: '1' | '2' | '7'; readonly colour?: string };

/** The looks of a palette. Faint text gets a color where there is one: how faint SGR 2 is, only the terminal knows. */
function coloured({ allow, drop, warn, time, dim }: Palette): Readonly<Record<Tone, Look>> {
  return {
    plain: {},
    faint: dim === undefined ? { weight: '2' } : { colour: dim },
    strong: { weight: '1' },
    good: { colour: allow },
    bad: { colour: drop },
    alert: { weight: '1', colour: drop },
    warn: { colour: warn },
    time: { colour: time },
    cursor: { weight: '7' },
  };
}

/** ASCII replacements for our own symbols, each one column wide. */
const ASCII: Readonly<Record<string, string>> = {
  '✓': '+',
  '✗': 'x',
  '◌': '.',
  '◷': '@',
  '→': '>',
  '←': '<',
  '↑': '^',
  '↓': 'v',
  '▸': '>',
  '‹': '<',
  '›': '>',
  '●': '*',
  '·': '-',
  '…': '~',
  '▏': '|',
  '▁': '_',
  '▂': '.',
  '▃': '-',
  '▄': '~',
  '▅': '=',
  '▆': '+',
  '▇': '*',
  '█': '#',
  '░': '.',
  '│': '|',
  '─': '-',
  '╭': '+',
  '╮': '+',
  '╰': '+',
  '╯': '+',
  '┃': '#',
};
const OURS = new RegExp(`[${Object.keys(ASCII).join('')}]`, 'gu');

/** How a whole line is drawn on top of its tones: `bold` if it has just changed, `inverse` under the cursor. */
export type Emphasis = 'none' | 'bold' | 'inverse';

export type Theme = {
  /** The line in exactly `columns` columns, with escape codes; each run resets its own codes. */
  readonly paint: (line: Line, columns: number, emphasis?: Emphasis) => string;
  /** The line in at most `columns` columns, for places with nothing below: trailing blanks cost as much as letters. */
  readonly paintShort: (line: Line, columns: number, emphasis?: Emphasis) => string;
  readonly ascii: boolean;
  readonly colour: boolean;
};

export type ThemeOptions = {
  readonly colour: boolean;
  readonly ascii: boolean;
  /** The terminal's own colors by default. */
  readonly palette?: Palette;
};

/** A theme. `colour: false` keeps bold, faint and inverse, as NO_COLOR is about colors only. */
export function createTheme(options: ThemeOptions): Theme {
  const looks = options.colour ? coloured(options.palette ?? TERMINAL) : MONOCHROME;
  const paint: Theme['paint'] = (line, columns, emphasis = 'none') => {
    const text = runs(fitLine(line, columns), looks, emphasis);
    return options.ascii ? toAscii(text) : text;
  };
  const paintShort: Theme['paint'] = (line, columns, emphasis = 'none') => {
    if (emphasis === 'inverse') return paint(line, columns, emphasis);
    const ended = withoutEnd(lineColumns(line) > columns ? fitLine(line, columns) : line);
    return paint(ended, lineColumns(ended), emphasis);
  };
  return { paint, paintShort, ascii: options.ascii, colour: options.colour };
}

/** Replaces our own symbols with ASCII; text from the cluster is left unchanged. */
export function toAscii(text: string): string {
  return text.replace(OURS, (symbol) => ASCII[symbol] ?? symbol);
}

/** Without colors only the weight of a tone remains; symbols and words carry the meaning. */
const MONOCHROME: Readonly<Record<Tone, Look>> = {
  plain: {},
  faint: { weight: '2' },
  strong: { weight: '1' },
  good: {},
  bad: {},
  alert: { weight: '1' },
  warn: {},
  time: {},
  cursor: { weight: '7' },
};

/**
 * The text with its codes. Style changes dominate the cost of a frame, so only differences between neighbors are
 * written.
 */
function runs(line: Line, looks: Readonly<Record<Tone, Look>>, emphasis: Emphasis): string {
  let out = '';
  let current: Look = {};
  for (const { text, tone } of line) {
    if (text === '') continue;
    const next = emphasised(looks[tone ?? 'plain'], emphasis);
    out += change(current, next) + text;
    current = next;
  }
  return out + change(current, {});
}

function emphasised(look: Look, emphasis: Emphasis): Look {
  if (emphasis === 'none') return look;
  return emphasis === 'inverse' ? { weight: '7' } : { ...look, weight: '1' };
}

/** The codes between two looks: color ends before weight, weight begins before color. */
function change(from: Look, to: Look): string {
  let codes = '';
  if (from.colour !== undefined && to.colour === undefined) codes += sgr('39');
  if (from.weight !== undefined && from.weight !== to.weight) codes += sgr(from.weight === '7' ? '27' : '22');
  if (to.weight !== undefined && to.weight !== from.weight) codes += sgr(to.weight);
  if (to.colour !== undefined && to.colour !== from.colour) codes += sgr(to.colour);
  return codes;
}

function sgr(code: string): string {
  return `\u001b[${code}m`;
}

/** The line without trailing blanks. */
function withoutEnd(line: Line): Line {
  const last = line.at(-1);
  if (last === undefined) return line;
  const text = last.text.trimEnd();
  if (text === '') return withoutEnd(line.slice(0, -1));
  return text === last.text ? line : [...line.slice(0, -1), { ...last, text }];
}

/** Whether to use colors: `auto` follows NO_COLOR (no-color.org: any non-empty value) and `TERM=dumb`. */
export function wantsColour(
  choice: 'auto' | 'always' | 'never',
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  if (choice !== 'auto') return choice === 'always';
  return (environment.NO_COLOR ?? '') === '' && environment.TERM !== 'dumb';
}
