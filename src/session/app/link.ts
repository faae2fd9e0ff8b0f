import { asSluiceError, SluiceError } from '../../core/common/common.ts';
import { recordEnds } from '../grants/grants.ts';
import {
  type Connection,
  type Runtime,
  type RuntimeListener,
  type SessionDeps,
  startRuntime,
} from '../runtime/runtime.ts';

/** Where to connect; defaults come from the command line and the kubeconfig. */
export type Target = { readonly context?: string; readonly namespace?: string };

export type LinkParts = {
  readonly deps: SessionDeps;
  /** The namespace in view, for sources that inspect pods one by one. */
  readonly view: () => string | undefined;
  /** Receives events of the connection that is shown, and of no other. */
  readonly listener: RuntimeListener;
  /** Called when another connection is about to be shown, before its first event. */
  readonly onShown: (runtime: Runtime) => void;
  /** Receives warnings about the connection that is shown. */
  readonly onWarning: (text: string) => void;
  /** Receives why a connection, shown or not yet, waits for a login; undefined when it does not any more. */
  readonly onLogin: (connection: Connection, why: string | undefined) => void;
};

/** The active connection, and how to switch to another one. */
export type Link = {
  readonly runtime: () => Runtime | undefined;
  /**
   * Connects and, once that succeeds, shows the new connection and leaves the old one. A later call supersedes this
   * one.
   *
   * @throws SluiceError if that fails: the old connection stays
   */
  readonly to: (target: Target, signal: AbortSignal) => Promise<void>;
  /** Nobody is there to log in any more: what waits for a login fails. */
  readonly leaveLogin: () => void;
  readonly dispose: () => Promise<void>;
};

type Opened = {
  readonly runtime: Runtime;
  readonly warnings: readonly string[];
  readonly show: () => void;
  readonly leaveLogin: () => void;
  readonly leave: () => Promise<void>;
};

/** Creates a link that is not connected yet. */
export function createLink(parts: LinkParts): Link {
  let shown: Opened | undefined;
  let attempt: AbortController | undefined;

  return {
    runtime: () => shown?.runtime,
    to: async (target, signal) => {
      attempt?.abort();
      const mine = new AbortController();
      attempt = mine;
      const within = AbortSignal.any([signal, mine.signal]);
      const opened = await open(parts, target, within).catch((error: unknown) => {
        throw within.aborted || shown === undefined ? error : stays(error, target, shown.runtime);
      });
      if (within.aborted) {
        await opened.leave();
        within.throwIfAborted();
      }
      const before = shown;
      shown = opened;
      parts.onShown(opened.runtime);
      opened.show();
      opened.warnings.forEach(parts.onWarning);
      await before?.leave();
    },
    leaveLogin: () => shown?.leaveLogin(),
    dispose: async () => {
      attempt?.abort();
      await shown?.leave();
    },
  };
}

/** Opens a connection whose events are held back until it is shown, and discarded once it is left. */
async function open(
  { deps, view, listener, onWarning, onLogin }: LinkParts,
  target: Target,
  signal: AbortSignal,
): Promise<Opened> {
  const connection = await deps.connect(target, signal);
  const stopListening = connection.login?.listen((why) => onLogin(connection, why));
  const leaveLogin = () => {
    stopListening?.();
    onLogin(connection, undefined);
  };
  const early: (() => void)[] = [];
  let stage: 'held back' | 'shown' | 'left' = 'held back';
  const tell = (news: () => void) => {
    if (stage === 'held back') early.push(news);
    else if (stage === 'shown') news();
  };
  const runtime = await startRuntime(
    connection,
    {
      namespace: connection.namespace,
      clock: deps.clock,
      version: deps.version,
      limits: deps.limits,
      traffic: true,
      view,
      listener: {
        cluster: (kind, events) => tell(() => listener.cluster?.(kind, events)),
        feed: (feed, state) => tell(() => listener.feed?.(feed, state)),
        scope: (namespace) => tell(() => listener.scope?.(namespace)),
        flows: (flows) => tell(() => listener.flows?.(flows)),
        traffic: (state) => tell(() => listener.traffic?.(state)),
        grants: () => tell(() => listener.grants?.()),
        called: (call) => tell(() => listener.called?.(call)),
        problem: (error, part) => tell(() => listener.problem?.(error, part)),
      },
    },
    signal,
  ).catch(async (error: unknown) => {
    leaveLogin();
    await connection.dispose();
    throw error;
  });
  const stop = new AbortController();
  connection.hooks?.start(runtime.info, (message, hint) => tell(() => onWarning(`${message} ${hint}`)));
  const ends = writeEnds(runtime, stop.signal, (text) => tell(() => onWarning(text)));
  return {
    runtime,
    warnings: connection.warnings ?? [],
    show: () => {
      stage = 'shown';
      for (const news of early.splice(0)) news();
    },
    leaveLogin,
    leave: async () => {
      stage = 'left';
      leaveLogin();
      stop.abort();
      await ends;
      await runtime.dispose();
    },
  };
}

/** Writes down the ends of grants that nobody did, in the background (GRANT-20). Never rejects. */
async function writeEnds(
  { connection, grantDeps }: Runtime,
  signal: AbortSignal,
  onWarning: (text: string) => void,
): Promise<void> {
  await recordEnds(grantDeps, connection, signal).catch((error: unknown) => {
    if (!signal.aborted)
      onWarning(`The ends of earlier grants could not be recorded: ${asSluiceError(error).message}`);
  });
}

function stays(error: unknown, { context = 'the other context' }: Target, { info }: Runtime): SluiceError {
  const { code, message, hint } = asSluiceError(error);
  return new SluiceError(
    code,
    `Still on ${info.context}: switching to ${context} failed. ${message}`,
    hint,
    error,
  );
}
