import { asSluiceError, isAbort } from '../../core/common/common.ts';
import type { Connection } from '../runtime/runtime.ts';
import type { App } from './app-parts.ts';
import { connectionOf } from './connection-state.ts';

/** The logins that connections wait for. */
export type LoggingIn = {
  /** A connection waits for a login, and why; undefined: it does not any more. */
  readonly onLogin: (connection: Connection, why: string | undefined) => void;
  /** Runs the login that was asked for last. The terminal must be free; failures become notices. */
  readonly logIn: (signal: AbortSignal) => Promise<void>;
};

export function loggingIn(app: App): LoggingIn {
  const waiting = new Map<Connection, string>();

  return {
    onLogin: (connection, why) => {
      const before = app.state().login;
      waiting.delete(connection);
      if (why !== undefined) waiting.set(connection, why);
      const last = [...waiting].at(-1);
      const login =
        last === undefined
          ? undefined
          : { context: last[0].context, why: last[1], since: before?.since ?? app.deps.clock.now() };
      if (login === undefined && before === undefined) return;
      const { feeds, cluster } = app.state();
      app.set({ login, cluster: { ...cluster, ...connectionOf({ feeds, cluster, login }) } });
      if (why !== undefined)
        app.notify('error', why, 'Press l to log in: the plug-in then gets the terminal.');
    },
    logIn: async (signal) => {
      const [connection] = [...waiting.keys()].slice(-1);
      if (connection?.login === undefined) return;
      try {
        await connection.login.run(signal);
        app.notify('info', `Logged in to ${connection.context}.`);
      } catch (error) {
        const { code, message, hint } = asSluiceError(error);
        if (signal.aborted || code === 'interrupted')
          app.notify('error', `The login to ${connection.context} was interrupted.`, AGAIN);
        else if (!isAbort(error)) app.notify('error', message, `${hint} ${AGAIN}`);
      }
    },
  };
}

const AGAIN = 'l logs in, q quits.';
