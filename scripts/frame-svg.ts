/**
 * Makes the pictures of the README: runs the real app on the embedded cluster in a pseudo-terminal, presses the keys of
 * the story, and writes the cells of a terminal emulator as SVG, `docs/pictures/NAME.svg` for dark terminals and
 * `NAME-light.svg` for light ones. `npm run pictures` makes all, `node scripts/frame-svg.ts [dark|light] [STORY…]` some.
 * It waits for words, wherever on the screen they are.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';

const CELL = { width: 8.4, height: 18 };

/** A frame is whole when nothing came for so long, ms. */
const QUIET = 60;

/** What a terminal has of its own: background and text, and what the names of its pictures end in. */
const THEMES = {
  dark: { paper: '#1c1f26', ink: '#c8ccd4', suffix: '' },
  light: { paper: '#ffffff', ink: '#24292f', suffix: '-light' },
} as const;

type ThemeName = keyof typeof THEMES;

/** The running app. */
type Stage = {
  readonly press: (keys: string) => void;
  /** Waits until the screen shows something; fails loudly after 60 s. */
  readonly shows: (pattern: RegExp) => Promise<void>;
  /** Writes what is on the screen, once a frame is whole. */
  readonly take: (name: string) => Promise<void>;
};

/** What is played on a terminal of one size, and pictured on the way. */
type Story = {
  readonly columns: number;
  readonly rows: number;
  readonly play: (stage: Stage) => Promise<void>;
};

const ESC = '\u001b';

const STORIES: Readonly<Record<string, Story>> = {
  /** A dropped path is explained, planned, opened, and shown among all attempts. */
  desk: {
    columns: 120,
    rows: 30,
    play: async ({ press, shows, take }) => {
      await toTheDrop({ press, shows });
      press('e');
      await shows(/misses by peer: web has app=web[\s\S]*seen by Hubble/);
      await take('explain');
      await grant({ press, shows }, 'INC-4411 payment page shows no orders', () => take('form'));
      await shows(/web → db[^\n]*✓ open\b[^\n]*left of 15m/);
      press(`3${ESC}`);
      await shows(row('✓ ALLOW', 'web', 'db'));
      await shows(row('✗ DROP', 'backup', 'db'));
      await take('main');
      press('t');
      await shows(/✓ 1\d\d allowed/);
      await take('charts');
    },
  },
  /** What is dropped, on the smallest terminal that has all panes. */
  narrow: {
    columns: 80,
    rows: 24,
    play: async ({ press, shows, take }) => {
      await toTheDrop({ press, shows });
      press(ESC);
      await shows(row('▸[^\n]*✗ DROP', 'web', 'db'));
      await shows(row('✗ DROP', 'monitoring/prometheus', 'api'));
      await shows(row('✗ DROP', 'backup', 'db'));
      await shows(row('✓ ALLOW', 'monitoring/grafana', 'cart'));
      await take('narrow');
    },
  },
  /** A grant that lives, and one that a colleague's change has made drift. */
  wide: {
    columns: 200,
    rows: 50,
    play: async ({ press, shows, take }) => {
      await toTheDrop({ press, shows });
      await grant({ press, shows }, 'INC-4411 payment page shows no orders');
      await shows(/web → db[^\n]*✓ open\b/);
      press(`3/${'\u007f'.repeat(8)}^prom.*api\r`);
      await shows(row('▸[^\n]*✗ DROP', 'monitoring/prometheus', 'api'));
      await grant({ press, shows }, 'INC-4412 no metrics of api');
      await shows(/api-metrics was changed/);
      press(`3${ESC}`);
      await shows(row('✗ DROP', 'backup', 'cache'));
      await shows(row('✓ ALLOW', 'monitoring/grafana', 'cart'));
      await take('wide');
    },
  },
};

const asked = process.argv.slice(2);
const themes = (['dark', 'light'] as const).filter((name) => asked.includes(name));
const stories = Object.keys(STORIES).filter((name) => asked.includes(name));
await mkdir('docs/pictures', { recursive: true });
for (const theme of themes.length === 0 ? (['dark', 'light'] as const) : themes) {
  for (const [name, story] of Object.entries(STORIES)) {
    if (stories.length === 0 || stories.includes(name)) await perform(story, theme);
  }
}

async function perform({ columns, rows, play }: Story, theme: ThemeName): Promise<void> {
  const { suffix, ...ground } = THEMES[theme];
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const app = spawn(process.execPath, ['dist/sluice.js', 'demo', '--color', 'always', '--theme', theme], {
    cols: columns,
    rows,
    name: 'xterm-256color',
    env: environment(),
  });
  let written = Date.now();
  app.onData((data) => {
    terminal.write(data, () => {
      written = Date.now();
    });
  });
  const take = async (name: string): Promise<void> => {
    while (Date.now() - written < QUIET) await delay(QUIET / 4);
    await writeFile(`docs/pictures/${name}${suffix}.svg`, svg(terminal, ground));
  };
  try {
    await play({
      press: (keys) => app.write(keys),
      shows: (pattern) => shows(() => textOf(terminal), pattern),
      take,
    });
  } finally {
    app.kill('SIGTERM');
  }
}

type Playing = Pick<Stage, 'press' | 'shows'>;

/** Leaves only the drop of web to db. */
async function toTheDrop({ press, shows }: Playing): Promise<void> {
  await shows(row('✗ DROP', 'web', 'db'));
  press('3/^web db\r');
  await shows(row('▸[^\n]*✗ DROP', 'web', 'db'));
  await shows(/web → db :5432\/tcp/);
}

/** Opens the path of the row; `before` runs when the form is complete. */
async function grant({ press, shows }: Playing, reason: string, before = async () => {}): Promise<void> {
  press('g');
  await shows(/dry-run accepted/);
  press(reason);
  await shows(new RegExp(`${reason}▏(.|\\n)*dry-run accepted`));
  await before();
  press('\r');
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

async function shows(text: () => string, pattern: RegExp): Promise<void> {
  const end = Date.now() + 60_000;
  while (!pattern.test(text())) {
    if (Date.now() > end) throw new Error(`never shown: ${pattern}\n${text()}`);
    await delay(50);
  }
}

function textOf(terminal: xterm.Terminal): string {
  return Array.from(
    { length: terminal.rows },
    (_, y) => terminal.buffer.active.getLine(y)?.translateToString() ?? '',
  ).join('\n');
}

type Ground = { readonly paper: string; readonly ink: string };

function svg(terminal: xterm.Terminal, ground: Ground): string {
  const lines: string[] = [];
  for (let y = 0; y < terminal.rows; y += 1) lines.push(...line(terminal, y, ground));
  const width = terminal.cols * CELL.width + 24;
  const height = terminal.rows * CELL.height + 24;
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
  for (let x = 0; x < terminal.cols; x += 1) {
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
