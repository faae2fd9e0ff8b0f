import type { TrafficSource } from '../../core/ports.ts';
import { createFold } from '../../core/traffic/fold.ts';
import { touches } from '../../session/app/publish.ts';
import { createAttemptLines, lineOfFlows } from '../../session/rows/attempts/attempt-lines.ts';
import type { AttemptLine } from '../../session/state.ts';
import { untilAborted } from '../../session/wait.ts';
import { systemClock } from '../clock.ts';
import { type ConnectionOptions, openConnection } from '../connect/compose.ts';
import { openHubbleServer, openReplay } from '../connect/traffic.ts';
import { withRuntime } from '../connect/with-runtime.ts';
import { EXIT } from '../exit-codes.ts';
import { type Telling, tellAttempts } from '../lines/tell-attempts.ts';
import type { VerbContext } from '../verbs/context.ts';
import { tellSource } from './tell-source.ts';

/** What to follow, and how far. */
export type Following = {
  readonly context: VerbContext;
  readonly wanted: (line: AttemptLine) => boolean;
  readonly limit: number;
  /** Whether responses are written as they come, and no attempts. */
  readonly raw: boolean;
  /** Gives a promise while what is written is not taken. */
  readonly slow: () => Promise<void> | undefined;
};

/** Attempts of a cluster, with the policies that decided them; rejects with the reason when its signal aborts. */
export async function followInCluster({ context, wanted, limit, raw, slow }: Following): Promise<number> {
  const { options, output, signal } = context;
  const telling: Telling = { call: () => {} };
  const connection = await openConnection(options, {}, signal);
  const view = options.allNamespaces === true ? undefined : connection.namespace;
  const listener = { flows: () => telling.call(), ...tellSource(output) };
  const work = {
    traffic: true,
    streams: true,
    signal,
    listener,
    slow,
    view,
  };
  return withRuntime(connection, work, (runtime, within) => {
    if (raw) return untilAborted(within);
    const lines = createAttemptLines(runtime.model, runtime.engine);
    return tellAttempts(
      { ...context, signal: within },
      { fold: runtime.fold, linesOf: lines, wanted: inView(view, wanted), limit, telling },
    );
  });
}

/** From a Hubble server or a recording alone: no kubeconfig, so no policies and only what the flows say. */
export async function followAlone(following: Following): Promise<number> {
  const { context, wanted, limit, raw, slow } = following;
  const { options, output, signal } = context;
  const view = options.allNamespaces === true ? undefined : options.namespace;
  const source = await openAlone({ ...options, ...(view === undefined ? {} : { rawNamespace: view }) });
  const fold = createFold({});
  const telling: Telling = { call: () => {} };
  const stop = new AbortController();
  const running = source.run(
    { pods: () => [], podAt: () => undefined },
    {
      flows: (found) => {
        if (raw) return;
        fold.add(found, systemClock.now());
        telling.call();
      },
      state: tellSource(output).traffic,
      slow,
    },
    AbortSignal.any([signal, stop.signal]),
  );
  try {
    if (raw) return await running.then(() => (signal.aborted ? untilAborted(signal) : EXIT.done));
    return await tellAttempts(context, {
      fold,
      linesOf: (rows) => rows.map(lineOfFlows),
      wanted: inView(view, wanted),
      limit,
      telling,
      ended: running,
    });
  } finally {
    stop.abort();
    await running.catch(() => undefined);
  }
}

function openAlone(options: ConnectionOptions): Promise<TrafficSource> {
  return options.hubbleServer === undefined
    ? openReplay(options)
    : openHubbleServer(options, options.hubbleServer);
}

function inView(
  view: string | undefined,
  wanted: (line: AttemptLine) => boolean,
): (line: AttemptLine) => boolean {
  return view === undefined ? wanted : (line) => touches(line, view) && wanted(line);
}
