import { type IPty, spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { eventually } from './eventually.ts';

/** A program in a pseudo-terminal, seen through a terminal emulator. */
export type PtyApp = {
  readonly press: (keys: string) => void;
  readonly screen: () => string;
  /** Waits until the screen fits; fails with what it shows instead. */
  readonly shows: (pattern: RegExp) => Promise<void>;
  readonly resize: (columns: number, rows: number) => void;
  readonly kill: (signal: string) => void;
  /** Closes the terminal, as a window that is closed: the program has none any more. */
  readonly hangUp: () => void;
  /** Everything written so far, raw. */
  readonly written: () => string;
  readonly ended: Promise<number>;
};

type Options = {
  readonly columns?: number;
  readonly rows?: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
};

/** Runs the bundle. */
export function runInPty(args: readonly string[], options: Options = {}): PtyApp {
  return openInPty(process.execPath, ['dist/sluice.js', ...args], options);
}

/** Runs any program. */
export function openInPty(
  program: string,
  args: readonly string[],
  { columns = 120, rows = 30, cwd, env = {} }: Options = {},
): PtyApp {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const { CI: _, ...surroundings } = process.env;
  const kept = Object.entries(surroundings).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const app: IPty = spawn(program, [...args], {
    cols: columns,
    rows,
    cwd,
    name: 'xterm-256color',
    env: { ...Object.fromEntries(kept), ...env },
  });
  let written = '';
  app.onData((data) => {
    written += data;
    terminal.write(data);
  });
  const drawn = () => {
    const { active } = terminal.buffer;
    return Array.from(
      { length: terminal.rows },
      (__, y) => active.getLine(active.viewportY + y)?.translateToString(true) ?? '',
    ).join('\n');
  };
  // As in a terminal that knows mode 2026, nobody sees half a frame.
  let before: string | undefined;
  const onFrame = (final: string, does: () => void) =>
    terminal.parser.registerCsiHandler({ prefix: '?', final }, (modes) => {
      if (modes.includes(2026)) does();
      return false;
    });
  onFrame('h', () => {
    before = drawn();
  });
  onFrame('l', () => {
    before = undefined;
  });
  const screen = () => before ?? drawn();
  const ended = new Promise<number>((resolve) =>
    app.onExit(({ exitCode, signal }) => {
      before = undefined;
      resolve(signal ? 128 + signal : exitCode);
    }),
  );
  return {
    press: (keys) => app.write(keys),
    screen,
    shows: (pattern) =>
      eventually(() => {
        if (!pattern.test(screen())) throw new Error(`not shown: ${pattern}\n${screen()}`);
      }),
    resize: (wide, high) => {
      terminal.resize(wide, high);
      app.resize(wide, high);
    },
    kill: (signal) => app.kill(signal),
    hangUp: () => {
      if ('destroy' in app && typeof app.destroy === 'function') app.destroy();
    },
    written: () => written,
    ended,
  };
}
