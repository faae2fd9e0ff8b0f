/**
 * Makes the README's pictures: runs the real app on the embedded cluster in a pseudo-terminal, presses the keys of the
 * story, and writes the cells of a terminal emulator as SVG. `node scripts/frame-svg.ts [dark|light] [COLUMNSxROWS]`;
 * both themes at 120x30 by default. It waits for words, wherever on the screen they are.
 */
import { writeFile } from 'node:fs/promises';
import { type IPty, spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';

const CELL = { width: 8.4, height: 18 };

/** What a terminal has of its own: background, text, and where the picture goes. */
const THEMES = {
  dark: { paper: '#1c1f26', ink: '#c8ccd4', file: 'docs/sluice.svg' },
  light: { paper: '#ffffff', ink: '#24292f', file: 'docs/sluice-light.svg' },
} as const;

type ThemeName = keyof typeof THEMES;

const asked = process.argv.slice(2);
const [COLUMNS = 120, ROWS = 30] =
  asked
    .find((word) => /^\d+x\d+$/.test(word))
    ?.split('x')
    .map(Number) ?? [];
const names = (['dark', 'light'] as const).filter((name) => asked.includes(name));
for (const name of names.length === 0 ? (['dark', 'light'] as const) : names) await picture(name);

async function picture(name: ThemeName): Promise<void> {
  const terminal = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
  const app = spawn(process.execPath, ['dist/sluice.js', 'demo', '--color', 'always', '--theme', name], {
    cols: COLUMNS,
    rows: ROWS,
    name: 'xterm-256color',
    env: environment(),
  });
  app.onData((data) => terminal.write(data));
  try {
    await story(app, () => textOf(terminal));
    await writeFile(THEMES[name].file, svg(terminal, THEMES[name]));
  } finally {
    app.kill('SIGTERM');
  }
}

/** Opens a dropped path, and shows it open among all attempts. */
async function story(app: IPty, text: () => string): Promise<void> {
  await shows(text, row('✗ DROP', 'web', 'db'));
  app.write('3/^web db\r');
  await shows(text, row('▸[^\n]*✗ DROP', 'web', 'db'));
  await shows(text, /web → db :5432\/tcp/);
  app.write('g');
  await shows(text, /dry-run accepted/);
  app.write('INC-4411 payment page shows no orders\r');
  await shows(text, /✓ open\b[^\n]*left of 15m/);
  app.write('3\u001b');
  await shows(text, row('✓ ALLOW', 'web', 'db'));
  await shows(text, row('✗ DROP', 'backup', 'db'));
}

/** A row of Attempts, with an arrow between its ends or columns of their own. */
function row(verdict: string, from: string, to: string): RegExp {
  return new RegExp(`${verdict} +${from} +(?:→ +)?${to} `);
}

/** Without CI, in which Ink would not draw; the audit log of the picture goes nowhere near the user's. */
function environment(): Record<string, string> {
  const { CI: _, ...rest } = process.env;
  const kept = Object.entries(rest).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...Object.fromEntries(kept), XDG_STATE_HOME: '.tmp/state', TZ: 'UTC' };
}

/** Waits until the screen shows something; fails loudly after 30 s. */
async function shows(text: () => string, pattern: RegExp): Promise<void> {
  const end = Date.now() + 30_000;
  while (!pattern.test(text())) {
    if (Date.now() > end) throw new Error(`never shown: ${pattern}\n${text()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function textOf(terminal: xterm.Terminal): string {
  return Array.from(
    { length: ROWS },
    (_, y) => terminal.buffer.active.getLine(y)?.translateToString() ?? '',
  ).join('\n');
}

type Ground = { readonly paper: string; readonly ink: string };

function svg(terminal: xterm.Terminal, ground: Ground): string {
  const lines: string[] = [];
  for (let y = 0; y < ROWS; y += 1) lines.push(...line(terminal, y, ground));
  const width = COLUMNS * CELL.width + 24;
  const height = ROWS * CELL.height + 24;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14">
<rect width="100%" height="100%" rx="8" fill="${ground.paper}"/>
${lines.join('\n')}
</svg>
`;
}

type Run = {
  readonly x: number;
  readonly style: string;
  readonly background: string | undefined;
  text: string;
};

/** Neighbouring cells of one style become one text, its width pinned so that every font keeps the grid. */
function line(
  terminal: xterm.Terminal,
  y: number,
  { paper: ground, ink: letters }: Ground,
): readonly string[] {
  const row = terminal.buffer.active.getLine(y);
  const runs: Run[] = [];
  for (let x = 0; x < COLUMNS; x += 1) {
    const cell = row?.getCell(x);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const inverse = cell.isInverse() !== 0;
    const ink = cell.isFgDefault() ? letters : color(cell.getFgColor());
    const paper = cell.isBgDefault() ? undefined : color(cell.getBgColor());
    const fill = inverse ? (paper ?? ground) : ink;
    const background = inverse ? ink : paper;
    const style = `fill="${fill}"${cell.isBold() ? ' font-weight="bold"' : ''}${cell.isDim() ? ' opacity="0.6"' : ''}`;
    const last = runs.at(-1);
    const characters = cell.getChars() || ' ';
    if (last !== undefined && last.style === style && last.background === background) last.text += characters;
    else runs.push({ x, style, background, text: characters });
  }
  return runs.flatMap((run) => drawn(run, y));
}

function drawn({ x, style, background, text }: Run, y: number): readonly string[] {
  const left = 12 + x * CELL.width;
  const top = 12 + y * CELL.height;
  const width = [...text].length * CELL.width;
  const box =
    background === undefined
      ? []
      : [`<rect x="${left}" y="${top}" width="${width}" height="${CELL.height}" fill="${background}"/>`];
  if (text.trim() === '') return box;
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return [
    ...box,
    `<text x="${left}" y="${top + 14}" textLength="${width}" xml:space="preserve" ${style}>${escaped}</text>`,
  ];
}

/** A color of xterm's 256. The themes use none of the first 16, which terminals differ in. */
function color(index: number): string {
  if (index < 16) throw new Error(`color ${index} is not of a theme`);
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey},${grey},${grey})`;
  }
  const cube = index - 16;
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40);
  return `rgb(${level(Math.floor(cube / 36))},${level(Math.floor(cube / 6) % 6)},${level(cube % 6)})`;
}
