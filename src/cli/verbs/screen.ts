import type { ThemeSetting } from '../../core/common/common.ts';
import type { Grant } from '../../core/grants/grants.ts';
import { createSession, type Session, type SessionDeps } from '../../session/session.ts';
import { type Config, EXIT, systemClock, VERSION, type VerbContext } from '../shared/shared.ts';
import { leftOpen } from './run-grant.ts';

export type ScreenOptions = {
  readonly color?: 'auto' | 'always' | 'never';
  readonly ascii?: boolean;
  /** The name from the command line, or all that the configuration file sets. */
  readonly theme?: ThemeSetting['base'] | ThemeSetting;
  readonly screenReader?: boolean;
};

/**
 * Runs the app on the terminal until the user quits or the signal aborts. The screen appears first and fills as the
 * cluster responds; if the first connection fails, the screen closes and the error is printed on the normal terminal.
 */
export async function runScreen(
  { options, config, signal }: VerbContext,
  screen: ScreenOptions,
  reach: Pick<SessionDeps, 'connect' | 'contexts'>,
): Promise<number> {
  const session = createSession({
    ...reach,
    clock: systemClock,
    version: VERSION,
    limits: config.limits,
    allNamespaces: options.allNamespaces === true,
  });
  // Reading a closed terminal fails; SIGHUP triggers the cleanup in that case.
  process.stdin.on('error', () => undefined);
  const { runApp } = await import('../../../views/run-app.tsx');
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
    screenReader: screen.screenReader === true || process.env.INK_SCREEN_READER === 'true',
  });
  const stopped = new Promise<void>((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  let left: readonly Grant[] = [];
  try {
    const started = session.start();
    await Promise.race([app.done, stopped, started.then(() => new Promise<never>(() => {}))]);
    if (signal.aborted) left = await session.revokeAll();
  } finally {
    app.unmount();
    await app.done.catch(() => undefined);
    await closeWithin(session);
  }
  if (left.length > 0) throw leftOpen(left);
  return signal.aborted ? EXIT.interrupted : EXIT.done;
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
