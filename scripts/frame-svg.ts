/**
 * Makes the README's picture: runs the real app on the embedded cluster in a pseudo-terminal, presses the keys of the
 * story, and writes the cells of a terminal emulator as SVG. `node scripts/frame-svg.ts [FILE]`.
 */
import { writeFile } from 'node:fs/promises';
import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';

const COLUMNS = 120;
const ROWS = 30;
const CELL = { width: 8.4, height: 18 };
const COLORS = ['#1c1f26', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#c8ccd4'];
const BRIGHT = ['#7f848e', '#ff7a85', '#b5e890', '#ffd68a', '#82c7ff', '#e29bf5', '#76d9e6', '#ffffff'];

const terminal = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
const app = spawn(process.execPath, ['dist/sluice.js', 'demo', '--color', 'always'], {
  cols: COLUMNS,
  rows: ROWS,
  name: 'xterm-256color',
  env: environment(),
});
app.onData((data) => terminal.write(data));

try {
  await shows(/✗ DROP\s+web\s+db/);
  app.write('3/^web db\r');
  await shows(/Attempts 1/);
  app.write('g');
  await shows(/dry-run accepted/);
  app.write('INC-4411 payment page shows no orders\r');
  await shows(/✓ open .*left of 15m/);
  app.write('3\u001b');
  await shows(/✓ ALLOW\s+web\s+db[\s\S]*Attempts|Attempts \d\d[\s\S]*✓ ALLOW\s+web\s+db/);
  await shows(/✗ DROP\s+backup\s+db/);
  await writeFile(process.argv[2] ?? 'docs/sluice.svg', svg());
} finally {
  app.kill('SIGTERM');
}

/** Without CI, in which Ink would not draw; the audit log of the picture goes nowhere near the user's. */
function environment(): Record<string, string> {
  const { CI: _, ...rest } = process.env;
  const kept = Object.entries(rest).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...Object.fromEntries(kept), XDG_STATE_HOME: '.tmp/state', TZ: 'UTC' };
}

/** Waits until the screen shows something; fails loudly after 20 s. */
async function shows(pattern: RegExp): Promise<void> {
  const end = Date.now() + 20_000;
  while (!pattern.test(text())) {
    if (Date.now() > end) throw new Error(`never shown: ${pattern}\n${text()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function text(): string {
  return Array.from(
    { length: ROWS },
    (_, y) => terminal.buffer.active.getLine(y)?.translateToString() ?? '',
  ).join('\n');
}

function svg(): string {
  const lines: string[] = [];
  for (let y = 0; y < ROWS; y += 1) lines.push(...line(y));
  const width = COLUMNS * CELL.width + 24;
  const height = ROWS * CELL.height + 24;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14">
<rect width="100%" height="100%" rx="8" fill="#1c1f26"/>
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
function line(y: number): readonly string[] {
  const row = terminal.buffer.active.getLine(y);
  const runs: Run[] = [];
  for (let x = 0; x < COLUMNS; x += 1) {
    const cell = row?.getCell(x);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const inverse = cell.isInverse() !== 0;
    const ink = cell.isFgDefault() ? '#c8ccd4' : color(cell.getFgColor());
    const paper = cell.isBgDefault() ? undefined : color(cell.getBgColor());
    const fill = inverse ? (paper ?? '#1c1f26') : ink;
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

function color(index: number): string {
  if (index < 8) return COLORS[index] ?? '#c8ccd4';
  if (index < 16) return BRIGHT[index - 8] ?? '#ffffff';
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey},${grey},${grey})`;
  }
  const cube = index - 16;
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40);
  return `rgb(${level(Math.floor(cube / 36))},${level(Math.floor(cube / 6) % 6)},${level(cube % 6)})`;
}
