import { SluiceError, safeText, type ThemeSetting } from '../../core/common/common.ts';
import type { Grant } from '../../core/grants/grants.ts';
import {
  type BookedGrant,
  type Connection,
  createSession,
  filterProblem,
  type PaneId,
  type Session,
  type SessionDeps,
} from '../../session/session.ts';
import { type Config, EXIT, systemClock, VERSION, type VerbContext } from '../shared/shared.ts';
import { bookmarkFiles } from './bookmarks.ts';
import { columnFile } from './column-file.ts';
import { createNoticeCommand } from './notice-command.ts';
import { quitSummary } from './quit-summary.ts';
import { leftOpen } from './run-grant.ts';

export type ScreenOptions = {
  readonly color?: 'auto' | 'always' | 'never';
  readonly ascii?: boolean;
  /** The name from the command line, or all that the configuration file sets. */
  readonly theme?: ThemeSetting['base'] | ThemeSetting;
  readonly screenReader?: boolean;
  readonly mouse?: 'off' | 'scroll' | 'click';
  readonly pane?: PaneId;
  readonly filter?: string;
};

/**
 * Runs the app on the terminal until the user quits or the signal aborts, then says what became of its grants. The screen appears first and fills as the
 * cluster responds; if the first connection fails, the screen closes and the error is printed on the normal terminal.
 */
export async function runScreen(
  { options, config, output, signal, lend }: VerbContext,
  screen: ScreenOptions,
  reach: Pick<SessionDeps, 'connect' | 'contexts'>,
): Promise<number> {
  const session = createSession({
    ...reach,
    bookmarks: bookmarkFiles(),
    columns: columnFile(),
    clock: systemClock,
    version: VERSION,
    limits: config.limits,
    allNamespaces: options.allNamespaces === true,
  });
  openOn(session, screen);
  // Reading a closed terminal fails; SIGHUP triggers the cleanup in that case.
  process.stdin.on('error', () => undefined);
  const { runApp } = await import('../../../views/run-app.tsx');
  const command = config.notify?.command;
  const app = runApp({
    store: session.store,
    commands: session.commands,
    visibleRows: session.visibleRows,
    terminal: { stdout: process.stdout, stdin: process.stdin },
    color: screen.color ?? 'auto',
    ascii: screen.ascii === true,
    theme: themeOf(screen.theme, config),
    onInterrupt: () => process.kill(process.pid, 'SIGINT'),
    // The whole group, as the terminal does it: the shell waits for npm or kubectl, which have started this.
    onSuspend: () => process.kill(0, 'SIGTSTP'),
    onLogin: () => lend(session.logIn),
    screenReader: wantsLines(screen, process.env),
    mouse: screen.mouse ?? config.mouse,
    notify: config.notify,
    onNotice:
      command === undefined
        ? undefined
        : createNoticeCommand(command, (text, hint) => session.commands.notify('error', text, hint)),
  });
  const stopped = new Promise<void>((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  let left: readonly Grant[] = [];
  let booked: readonly BookedGrant[] = [];
  try {
    const started = session.start();
    await Promise.race([app.done, stopped, started.then(() => new Promise<never>(() => {}))]);
    if (signal.aborted) left = await session.revokeAll();
  } finally {
    booked = session.booked();
    app.unmount();
    await app.done.catch(() => undefined);
    await closeWithin(session);
  }
  const told = booked.filter(({ grant }) => !left.some(({ id }) => id === grant.id));
  for (const line of quitSummary(told, Date.now())) output.out(`${line}\n`);
  if (left.length > 0) throw leftOpen(left, Date.now());
  return signal.aborted ? EXIT.interrupted : EXIT.done;
}

/**
 * Connects before the screen is there, so that a credential plug-in may ask on the terminal at once, as under kubectl
 * (API-15).
 *
 * @returns how to connect: that connection first
 */
export async function loggedIn(
  connect: SessionDeps['connect'],
  signal: AbortSignal,
): Promise<SessionDeps['connect']> {
  let first: Connection | undefined = await connect({}, signal);
  try {
    await first.login?.run(signal);
  } catch (error) {
    await first.dispose();
    throw error;
  }
  return async (target, within) => {
    const ready = first;
    first = undefined;
    return ready ?? connect(target, within);
  };
}

/**
 * Focuses and filters a pane before the app starts, as if it had been typed.
 *
 * @throws SluiceError `usage` for a filter that can't be read
 */
function openOn({ store }: Session, { pane, filter }: ScreenOptions): void {
  const problem = filter === undefined ? undefined : filterProblem(filter);
  if (problem !== undefined) {
    throw new SluiceError(
      'usage',
      `Invalid --filter "${safeText(filter ?? '')}": ${problem}.`,
      'Write it as after / in the app, such as web, -l app=web or lint:.',
    );
  }
  store.setState(({ focus, panes }) => {
    const at = pane ?? focus;
    return { focus: at, panes: { ...panes, [at]: { ...panes[at], filter: filter ?? '' } } };
  });
}

/** By the option, by Ink's own variable, or by `ACCESSIBLE`, which other terminal apps follow too. */
function wantsLines(
  { screenReader }: ScreenOptions,
  { ACCESSIBLE: accessible = '', INK_SCREEN_READER: ink }: NodeJS.ProcessEnv,
): boolean {
  const isAsked = !['', '0', 'false', 'no'].includes(accessible.toLowerCase());
  return screenReader === true || isAsked || ink === 'true';
}

/** A theme named on the command line keeps the roles of the configuration file. */
function themeOf(asked: ScreenOptions['theme'], { theme }: Config): ThemeSetting | undefined {
  return typeof asked === 'string' ? { base: asked, roles: theme?.roles ?? {} } : (asked ?? theme);
}

/** A connection that won't close must not hold the terminal. */
async function closeWithin(session: Session): Promise<void> {
  const timer = new Promise<void>((resolve) => setTimeout(resolve, 4_500).unref());
  await Promise.race([session.dispose(), timer]);
}
