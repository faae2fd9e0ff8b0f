import { PassThrough, Writable } from 'node:stream';
import xterm from '@xterm/headless';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ThemeSetting } from '../../src/core/common/common.ts';
import type { Session } from '../../src/session/session.ts';
import type { Commands, VisibleRows } from '../../src/session/state/commands.ts';
import type { PaneId, SessionState } from '../../src/session/state/session-state.ts';
import { type RunAppOptions, runApp } from '../../views/run-app.tsx';
import { PATIENCE } from './eventually.ts';
import { sessionState } from './session-state.ts';

export type ScreenOptions = {
  readonly columns?: number;
  readonly rows?: number;
  readonly state?: SessionState;
  readonly color?: 'auto' | 'always' | 'never';
  readonly ascii?: boolean;
  readonly theme?: ThemeSetting;
  /** By default a terminal with 16 colors in CI, to which nothing beyond frames is sent. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly screenReader?: boolean;
  readonly visibleRows?: VisibleRows;
  /** Makes commands over the store; by default they only write down what is called. */
  readonly commands?: (store: StoreApi<SessionState>, recorded: Commands) => Commands;
  readonly onInterrupt?: () => void;
  readonly isTerminal?: boolean;
  readonly notify?: RunAppOptions['notify'];
  readonly onNotice?: (text: string) => void;
  readonly mouse?: RunAppOptions['mouse'];
  readonly onSuspend?: () => void;
  readonly onLogin?: () => Promise<void>;
  /** A whole session, instead of a state with commands that are only written down. */
  readonly session?: Pick<Session, 'store' | 'commands' | 'visibleRows'>;
};

/** One command that a key gave, with its arguments. */
export type Call = readonly [name: string, ...args: unknown[]];

/** The app on a terminal emulator: what an eye would see, and what it sent. */
export type Screen = {
  readonly store: StoreApi<SessionState>;
  readonly calls: Call[];
  /** All lines, without blanks at their ends. */
  readonly lines: () => readonly string[];
  readonly text: () => string;
  /** The title of the terminal's window. */
  readonly title: () => string;
  /** Everything ever sent to the terminal. */
  readonly bytes: () => string;
  readonly press: (...keys: readonly string[]) => void;
  /** Sends bytes that need not be UTF-8. */
  readonly pressBytes: (...bytes: readonly number[]) => void;
  readonly resize: (columns: number, rows: number) => void;
  readonly set: (change: Partial<SessionState>) => void;
  /** Waits until the screen's text satisfies a condition; fails with the screen otherwise. */
  readonly until: (condition: string | RegExp | ((text: string) => boolean)) => Promise<void>;
  /** Writes on the terminal past the app. */
  readonly scribble: (text: string) => void;
  /** Whether everything that was sent is on the screen. */
  readonly idle: () => boolean;
  /** Waits until everything that was to be drawn is on the screen. */
  readonly settled: () => Promise<void>;
  readonly cell: (
    column: number,
    row: number,
  ) => {
    readonly text: string;
    readonly bold: boolean;
    readonly dim: boolean;
    readonly inverse: boolean;
    readonly colour: number;
    /** Whether `colour` is the terminal's own, a number of its palette, or 24 bits. */
    readonly mode: 'default' | 'palette' | 'rgb';
  };
  readonly close: () => Promise<void>;
  readonly done: Promise<void>;
};

const KEYS: Readonly<Record<string, string>> = {
  enter: '\r',
  esc: '\u001b',
  tab: '\t',
  'shift-tab': '\u001b[Z',
  up: '\u001b[A',
  down: '\u001b[B',
  right: '\u001b[C',
  left: '\u001b[D',
  home: '\u001b[H',
  end: '\u001b[F',
  pageup: '\u001b[5~',
  pagedown: '\u001b[6~',
  delete: '\u001b[3~',
  backspace: '\u007f',
  space: ' ',
  'ctrl-a': '\u0001',
  'ctrl-b': '\u0002',
  'ctrl-c': '\u0003',
  'ctrl-d': '\u0004',
  'ctrl-e': '\u0005',
  'ctrl-f': '\u0006',
  'ctrl-l': '\u000c',
  'ctrl-n': '\u000e',
  'ctrl-o': '\u000f',
  'ctrl-p': '\u0010',
  'ctrl-u': '\u0015',
  'ctrl-w': '\u0017',
  'ctrl-y': '\u0019',
};

/** Rows of a test as the session gives them: the same ones for the same state. */
function memoized(rowsOf: VisibleRows): VisibleRows {
  const known = new WeakMap<SessionState, Map<PaneId, ReturnType<VisibleRows>>>();
  return (state, pane) => {
    const byPane = known.get(state) ?? new Map<PaneId, ReturnType<VisibleRows>>();
    known.set(state, byPane);
    const rows = byPane.get(pane) ?? rowsOf(state, pane);
    byPane.set(pane, rows);
    return rows;
  };
}

export function openScreen(options: ScreenOptions = {}): Screen {
  const { columns = 120, rows = 30 } = options;
  const terminal = new xterm.Terminal({
    cols: columns,
    rows,
    allowProposedApi: true,
    convertEol: true,
    scrollback: 5000,
    windowOptions: { pushTitle: true, popTitle: true },
  });
  let title = '';
  terminal.onTitleChange((text) => {
    title = text;
  });
  const sent: string[] = [];
  const stdout = Object.assign(
    new Writable({
      decodeStrings: false,
      write: (chunk: string, _encoding, done) => {
        sent.push(chunk);
        terminal.write(chunk, done);
      },
    }),
    { columns, rows, isTTY: options.isTerminal ?? true },
  );
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true as const,
    setRawMode: () => stdin,
    ref: () => stdin,
    unref: () => stdin,
  });
  const store = options.session?.store ?? createStore<SessionState>(() => options.state ?? sessionState());
  const calls: Call[] = [];
  const recorded = recorder(calls);
  const app = runApp({
    store,
    commands: options.session?.commands ?? options.commands?.(store, recorded) ?? recorded,
    visibleRows:
      options.session?.visibleRows ?? memoized(options.visibleRows ?? ((state, pane) => state[pane])),
    terminal: {
      stdout: stdout as unknown as NodeJS.WriteStream,
      stdin: stdin as unknown as NodeJS.ReadStream,
    },
    color: options.color ?? 'always',
    ascii: options.ascii ?? false,
    environment: options.environment ?? { TERM: 'xterm', CI: 'true' },
    ...(options.theme === undefined ? {} : { theme: options.theme }),
    screenReader: options.screenReader ?? false,
    notify: options.notify,
    onNotice: options.onNotice,
    mouse: options.mouse,
    ...(options.onLogin === undefined ? {} : { onLogin: options.onLogin }),
    ...(options.onSuspend === undefined ? {} : { onSuspend: options.onSuspend }),
    ...(options.onInterrupt === undefined ? {} : { onInterrupt: options.onInterrupt }),
  });

  const lines = () => {
    const buffer = terminal.buffer.active;
    return Array.from(
      { length: buffer.length },
      (_, y) => buffer.getLine(y)?.translateToString(true).trimEnd() ?? '',
    );
  };
  const text = () => lines().join('\n');

  const until: Screen['until'] = (condition) => {
    const met = () => {
      const shown = text();
      if (typeof condition === 'string') return shown.includes(condition);
      return condition instanceof RegExp ? condition.test(shown) : condition(shown);
    };
    return new Promise((resolve, reject) => {
      if (met()) {
        resolve();
        return;
      }
      const parsed = terminal.onWriteParsed(() => {
        if (!met()) return;
        finish();
        resolve();
      });
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`The screen never satisfied ${String(condition)}:\n${text()}`));
      }, PATIENCE);
      const finish = () => {
        parsed.dispose();
        clearTimeout(timer);
      };
    });
  };

  return {
    store,
    calls,
    lines,
    text,
    title: () => title,
    bytes: () => sent.join(''),
    pressBytes: (...bytes) => void stdin.write(Buffer.from(bytes)),
    press: (...keys) => {
      for (const key of keys) stdin.write(KEYS[key] ?? key);
    },
    resize: (width, height) => {
      terminal.resize(width, height);
      Object.assign(stdout, { columns: width, rows: height });
      stdout.emit('resize');
    },
    set: (change) => store.setState(change),
    until,
    scribble: (text) => terminal.write(text),
    idle: () => stdout.writableLength === 0,
    settled: async () => {
      // React commits a change of size in a task of its own, and only then is there a frame to wait for.
      await new Promise((resolve) => setImmediate(resolve));
      await app.flushed();
      await new Promise<void>((resolve) => terminal.write('', resolve));
    },
    cell: (column, row) => {
      const cell = terminal.buffer.active.getLine(row)?.getCell(column);
      return {
        text: cell?.getChars() ?? '',
        bold: cell?.isBold() !== 0,
        dim: cell?.isDim() !== 0,
        inverse: cell?.isInverse() !== 0,
        colour: cell?.getFgColor() ?? -1,
        mode: cell?.isFgRGB() ? 'rgb' : cell?.isFgPalette() ? 'palette' : 'default',
      };
    },
    close: async () => {
      app.unmount();
      await app.done;
    },
    done: app.done,
  };
}

/** Commands that write down their calls: the other side of the port, seen from the views. */
function recorder(calls: Call[]): Commands {
  const note =
    (name: string) =>
    (...args: unknown[]): undefined => {
      calls.push([name, ...args]);
      return undefined;
    };
  const names = [
    'focus',
    'list',
    'focusNext',
    'zoom',
    'widen',
    'scrollSideways',
    'move',
    'moveTo',
    'scrollTo',
    'openSearch',
    'searchAt',
    'drill',
    'openReach',
    'openAttempts',
    'openHistory',
    'historyBack',
    'historyForward',
    'sort',
    'openColumns',
    'showColumn',
    'resetColumns',
    'pause',
    'toggleDropsOnly',
    'regroup',
    'markSource',
    'markDestination',
    'clearMarks',
    'bookmark',
    'openBookmarks',
    'markBookmark',
    'explain',
    'about',
    'detail',
    'openGrant',
    'openRevoke',
    'openExtend',
    'openReview',
    'openRefuse',
    'openHelp',
    'openMessages',
    'openLog',
    'toggleManifests',
    'openCharts',
    'openFilter',
    'openCommand',
    'pick',
    'allNamespaces',
    'back',
    'confirm',
    'type',
    'choose',
    'complete',
    'go',
    'remark',
    'grantField',
    'grantChoice',
    'grantScope',
    'grantPreset',
    'grantYaml',
    'promote',
    'dismiss',
    'pickField',
    'notify',
    'quit',
    'quitWith',
  ] as const satisfies readonly (keyof Commands)[];
  const noted = Object.fromEntries(names.map((name) => [name, note(name)])) as unknown as Commands;
  return {
    ...noted,
    copyables: () => [],
    moveTo: (key) => {
      noted.moveTo(key);
      return true;
    },
  };
}
