import { type Instance, render } from 'ink';
import type { StoreApi } from 'zustand/vanilla';
import type { ThemeSetting } from '../src/core/common/common.ts';
import type { Commands, Copyable, SessionState, VisibleRows } from '../src/session/session.ts';
import { createMouseInput, type MouseUse } from './keyboard/keyboard.ts';
import { LinearApp } from './linear/linear.ts';
import { App } from './screens/screens.ts';
import { cut } from './text/text.ts';
import { depthOf, hinted, paletteOf } from './themes/themes.ts';
import {
  clipboardCode,
  createAttention,
  createInput,
  createPainted,
  createTheme,
  MOUSE_OFF,
  MOUSE_ON,
  mayAnswer,
  type NotifyWishes,
  terminalTakes,
  UiContext,
  wantsColour,
  watchBackground,
} from './ui/ui.ts';

export type RunAppOptions = {
  readonly store: StoreApi<SessionState>;
  readonly commands: Commands;
  readonly visibleRows: VisibleRows;
  readonly terminal: { readonly stdout: NodeJS.WriteStream; readonly stdin: NodeJS.ReadStream };
  readonly color: 'auto' | 'always' | 'never';
  readonly ascii: boolean;
  /** By default, dark or light as the terminal is. */
  readonly theme?: ThemeSetting;
  /** What tells the abilities of the terminal; the process's own environment by default. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Append-only lines instead of a full screen. */
  readonly screenReader: boolean;
  /** What is told outside the screen; all of it unless said. */
  readonly notify?: Partial<NotifyWishes> | undefined;
  /** Gets the text of each notice about a grant. */
  readonly onNotice?: ((text: string) => void) | undefined;
  /** What the mouse does; `off` leaves it to the terminal, unless said. */
  readonly mouse?: 'off' | MouseUse | undefined;
  /** Called on a second ctrl-c in a row: exit immediately. */
  readonly onInterrupt?: () => void;
  /** Stops the process until the shell goes on with it. */
  readonly onSuspend?: () => void;
  /** Logs in on the terminal, which is free meanwhile. */
  readonly onLogin?: () => Promise<void>;
};

export type RunningApp = {
  /** Resolves once the app has ended and the terminal is restored. */
  readonly done: Promise<void>;
  readonly unmount: () => void;
  /** Resolves once all pending output has been written to the terminal. */
  readonly flushed: () => Promise<void>;
};

/** Shows the app on a terminal until `state.ended` or `unmount`. See TERM-3 for the settings. */
export function runApp(options: RunAppOptions): RunningApp {
  const { store, commands, visibleRows, terminal, ascii, screenReader } = options;
  const { environment = process.env, theme: setting = AUTO } = options;
  const colour = !screenReader && wantsColour(options.color, environment);
  const themeOn = (background: Parameters<typeof paletteOf>[2]) =>
    createTheme({ colour, ascii, palette: paletteOf(setting, depthOf(environment), background) });
  let theme = themeOn(hinted(environment));
  const takes = terminalTakes(environment, terminal.stdout.isTTY, screenReader);
  const painted = createPainted(store, visibleRows);
  const copy = (one?: Copyable) => copyTo(terminal.stdout, commands, one ?? commands.copyables()[0]);
  const redraw = () => {
    instance.clear();
    terminal.stdout.write(ERASE_AND_HOME);
    instance.rerender(view());
  };
  const onInterrupt = options.onInterrupt ?? (() => {});
  const write = (codes: string) => void terminal.stdout.write(codes);
  const use = takes.mouse && options.mouse !== 'off' ? options.mouse : undefined;
  const input = createInput(terminal.stdin);
  const mouse = use === undefined ? undefined : { input: createMouseInput(input.stdin), use };
  // Before the answers of the terminal are: they are read as UTF-8, and an old report may hold any byte.
  const stdin = mouse?.input.stdin ?? input.stdin;
  let isReporting = false;
  const report = (on: boolean) => {
    if (mouse === undefined || isReporting === on) return;
    write(on ? MOUSE_ON : MOUSE_OFF);
    isReporting = on;
  };
  const leave = () => {
    report(false);
    attention.leave();
  };
  const enter = () => {
    report(true);
    attention.enter();
  };
  let hasEnded = false;
  const lending = (use: (() => void | Promise<void>) | undefined) => async () => {
    input.pause();
    watch?.pause();
    leave();
    try {
      await use?.();
    } finally {
      if (!hasEnded) {
        await input.resume();
        enter();
        watch?.resume();
      }
    }
  };
  const onLogin = async () => {
    const { login } = store.getState();
    if (login !== undefined) write(`Logging in to ${login.context}; ctrl-c goes back to sluice.\n`);
    await options.onLogin?.();
    // An answer that was broken off leaves the cursor in the middle of a line, and Ink draws its frame at the cursor.
    write('\r\n');
  };
  const away = { suspend: lending(options.onSuspend), login: lending(onLogin) };
  const shared = { store, commands, copy, redraw, onInterrupt, away, mouse };
  const view = () => (
    <UiContext value={{ store, theme, visibleRows, painted }}>
      {screenReader ? <LinearApp {...shared} /> : <App {...shared} />}
    </UiContext>
  );
  // Type-ahead is echoed until raw mode is on, and Ink draws its first frame at the cursor.
  terminal.stdin.setRawMode?.(true);
  terminal.stdout.write('\r');
  const follows =
    colour && setting.base !== 'dark' && setting.base !== 'light' && depthOf(environment) !== 16;
  const watch =
    follows && mayAnswer(terminal, environment)
      ? watchBackground({ stdout: terminal.stdout, stdin }, (background) => {
          theme = themeOn(background);
          instance.rerender(view());
        })
      : undefined;
  const instance: Instance = render(view(), {
    stdout: terminal.stdout,
    stdin: watch?.stdin ?? stdin,
    interactive: true,
    alternateScreen: !screenReader,
    incrementalRendering: true,
    maxFps: 40,
    patchConsole: false,
    exitOnCtrlC: false,
    isScreenReaderEnabled: screenReader,
    // Ink calls this once the frame has been written.
    onRender: screenReader ? undefined : painted.written,
  });
  const attention = createAttention({
    store,
    notify: commands.notify,
    write,
    takes,
    wishes: { title: true, bell: true, desktop: true, ...options.notify },
    ascii,
    onNotice: options.onNotice,
  });
  enter();
  // A process that breaks down leaves the terminal as it was, too. Not `once`: charts put listeners back unwrapped (TERM-8).
  process.on('exit', leave);
  const unmount = () => {
    hasEnded = true;
    // While Ink still reads: the shell would echo a report.
    leave();
    instance.unmount();
  };
  const unsubscribe = store.subscribe(({ ended }) => ended && unmount());
  if (store.getState().ended) unmount();
  const restore = async () => {
    unsubscribe();
    leave();
    attention.dispose();
    process.off('exit', leave);
    await watch?.dispose();
    mouse?.input.dispose();
    input.dispose();
  };
  return {
    done: finished(instance, restore),
    unmount,
    flushed: () => instance.waitUntilRenderFlush(),
  };
}

async function finished(instance: Instance, restore: () => Promise<void>): Promise<void> {
  try {
    await instance.waitUntilExit();
  } finally {
    await restore();
  }
}

const AUTO: ThemeSetting = { base: 'auto', roles: {} };

/** Before a redraw: the frame must start in the first cell, wherever the cursor is. */
const ERASE_AND_HOME = '\u001b[2J\u001b[H';

/** Bypasses Ink, which would clear and repaint the frame (TERM-3). */
function copyTo(stdout: NodeJS.WriteStream, commands: Commands, one: Copyable | undefined): void {
  if (one === undefined) {
    commands.notify('warn', 'Nothing to copy here.', 'Move to a row, or open a text.');
    return;
  }
  const code = clipboardCode(one.text);
  if (code === undefined) {
    commands.notify('warn', 'Too long for the terminal clipboard.', 'Use the CLI with -o yaml instead.');
    return;
  }
  stdout.write(code);
  commands.notify('info', `Copied ${copiedText(one)}, unless this terminal blocks OSC 52.`);
}

/** `name "web-7d9f"`; of a longer text, how many lines. */
function copiedText({ what, text }: Copyable): string {
  const lines = text.split('\n');
  return lines.length > 1 ? `${what}, ${lines.length} lines` : `${what} "${cut(text, 60)}"`;
}
