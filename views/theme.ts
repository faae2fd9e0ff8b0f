import { fitLine } from './text/fit.ts';
import type { Line, Tone } from './text/span.ts';

/** Escape codes of each tone, of the 16 colours that the terminal's own palette defines. */
const COLOURED: Readonly<Record<Tone, string>> = {
  plain: '',
  faint: '2',
  strong: '1',
  good: '32',
  bad: '31',
  alert: '1;31',
  warn: '33',
  time: '36',
  cursor: '7',
};

/** Without colours the tones keep their weight only; symbols and words carry the meaning. */
const MONOCHROME: Readonly<Record<Tone, string>> = {
  plain: '',
  faint: '2',
  strong: '1',
  good: '',
  bad: '',
  alert: '1',
  warn: '',
  time: '',
  cursor: '7',
};

/** What stands for each of our own symbols in a terminal without them: one column for one column. */
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
  '●': '*',
  '·': '-',
  '…': '~',
  '▏': '|',
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

/** How a whole line is drawn besides its tones: `bold` for what has just changed, `inverse` under the cursor. */
export type Emphasis = 'none' | 'bold' | 'inverse';

export type Theme = {
  /** The line in exactly `columns` columns, with escape codes; each run ends its own codes. */
  readonly paint: (line: Line, columns: number, emphasis?: Emphasis) => string;
  readonly ascii: boolean;
  readonly colour: boolean;
};

/** A theme. `colour: false` keeps bold, faint and inverse, as NO_COLOR asks for colours only. */
export function createTheme(options: { readonly colour: boolean; readonly ascii: boolean }): Theme {
  const codes = options.colour ? COLOURED : MONOCHROME;
  const paint: Theme['paint'] = (line, columns, emphasis = 'none') => {
    const fitted = fitLine(line, columns);
    const text = emphasis === 'inverse' ? sgr('7', joined(fitted)) : runs(fitted, codes, emphasis === 'bold');
    return options.ascii ? toAscii(text) : text;
  };
  return { paint, ascii: options.ascii, colour: options.colour };
}

/** Our own symbols as ASCII; text from the cluster is left as it is. */
export function toAscii(text: string): string {
  return text.replace(OURS, (symbol) => ASCII[symbol] ?? symbol);
}

/** Neighbours of one look become one run: what a frame costs is its style changes (facts/terminal.md §2.3). */
function runs(line: Line, codes: Readonly<Record<Tone, string>>, bold: boolean): string {
  let out = '';
  let run = '';
  let current = '';
  for (const { text, tone } of line) {
    const code = withBold(codes[tone ?? 'plain'], bold);
    if (code !== current) {
      out += sgr(current, run);
      run = '';
      current = code;
    }
    run += text;
  }
  return out + sgr(current, run);
}

function withBold(code: string, bold: boolean): string {
  if (!bold || code.startsWith('1')) return code;
  return code === '' || code === '2' ? '1' : `1;${code}`;
}

function sgr(code: string, text: string): string {
  return code === '' || text === '' ? text : `\u001b[${code}m${text}\u001b[0m`;
}

function joined(line: Line): string {
  return line.map(({ text }) => text).join('');
}

/** Whether to use colours: `auto` follows NO_COLOR (no-color.org: any non-empty value) and `TERM=dumb`. */
export function wantsColour(
  choice: 'auto' | 'always' | 'never',
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  if (choice !== 'auto') return choice === 'always';
  return (environment.NO_COLOR ?? '') === '' && environment.TERM !== 'dumb';
}
