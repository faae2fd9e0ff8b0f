import { createWriteStream, type WriteStream } from 'node:fs';
import { parseDuration } from '../../core/access/duration.ts';
import { createClusterModel } from '../../core/cluster/model.ts';
import { SluiceError } from '../../core/errors.ts';
import { dialectOf } from '../../core/policy/dialect.ts';
import { createEngine } from '../../core/policy/engine.ts';
import type { TrafficSource, TrafficState } from '../../core/ports.ts';
import { createFold } from '../../core/traffic/fold.ts';
import type { JsonResponse } from '../../hubble/json-flow.ts';
import { touches } from '../../session/app/publish.ts';
import { createAttemptLines } from '../../session/rows/attempts/attempt-lines.ts';
import type { AttemptLine } from '../../session/state.ts';
import { systemClock } from '../clock.ts';
import { type ConnectionOptions, openConnection, openHubbleServer, openReplay } from '../connect/compose.ts';
import { withRuntime } from '../connect/with-runtime.ts';
import { type Telling, tellAttempts } from '../lines/tell-attempts.ts';
import { toJson } from '../output/json.ts';
import type { VerbContext } from './context.ts';

export type FlowsOptions = {
  readonly from?: string;
  readonly to?: string;
  readonly port?: string;
  readonly verdict?: string;
  readonly since?: string;
  readonly last?: string;
  readonly first?: string;
  readonly raw?: boolean;
  readonly record?: string;
};

/** `sluice flows`: attempts as they get their verdict, one a line, until interrupted or `--first` are told. */
export async function flows(context: VerbContext, asked: FlowsOptions): Promise<number> {
  const recording = asked.record === undefined ? undefined : await openRecording(asked.record);
  try {
    return await follow(withHistory(context, asked, recording), asked);
  } finally {
    await new Promise<void>((done) => (recording === undefined ? done() : recording.end(done)));
  }
}

async function follow(context: VerbContext, asked: FlowsOptions): Promise<number> {
  const { options, signal } = context;
  const wanted = asked.raw === true ? () => false : matcher(asked);
  const limit = asked.first === undefined ? Number.POSITIVE_INFINITY : whole(asked.first, '--first');
  const telling: Telling = { call: () => {} };
  const listener = { flows: () => telling.call(), traffic: traffic(context) };

  if (options.source === 'replay')
    return withoutCluster(context, await openReplay(options), wanted, limit, telling);
  if (options.hubbleServer !== undefined) {
    return withoutCluster(
      context,
      await openHubbleServer(options, options.hubbleServer),
      wanted,
      limit,
      telling,
    );
  }
  const connection = await openConnection(options, {}, signal);
  const view = options.allNamespaces === true ? undefined : connection.namespace;
  const inView = (line: AttemptLine) => (view === undefined || touches(line, view)) && wanted(line);
  const work = { traffic: true, signal, listener, ...(view === undefined ? {} : { view }) };
  return withRuntime(connection, work, (runtime) => {
    const lines = createAttemptLines(runtime.model, runtime.engine);
    return tellAttempts(context, { fold: runtime.fold, linesOf: lines, wanted: inView, limit, telling });
  });
}

/** From a Hubble server or a recording alone: no kubeconfig, so no policies and only what the flows say. */
async function withoutCluster(
  context: VerbContext,
  source: TrafficSource,
  wanted: (line: AttemptLine) => boolean,
  limit: number,
  telling: Telling,
): Promise<number> {
  const model = createClusterModel();
  const lines = createAttemptLines(model, createEngine(model, dialectOf('unknown')));
  const fold = createFold({});
  const stop = new AbortController();
  const running = source.run(
    { pods: () => [], podAt: () => undefined },
    {
      flows: (found) => {
        fold.add(found, systemClock.now());
        telling.call();
      },
      state: traffic(context),
    },
    AbortSignal.any([context.signal, stop.signal]),
  );
  try {
    return await tellAttempts(context, {
      fold,
      linesOf: (rows) => lines(rows).map(withoutVerdict),
      wanted,
      limit,
      telling,
      ended: running,
    });
  } finally {
    stop.abort();
    await running.catch(() => undefined);
  }
}

/** The connection's options with what to show of the time before, and where raw responses go. */
function withHistory(
  context: VerbContext,
  asked: FlowsOptions,
  recording: WriteStream | undefined,
): VerbContext {
  const { output, options } = context;
  const write = (response: JsonResponse) => {
    const line = `${toJson(response)}\n`;
    if (asked.raw === true) output.out(line);
    recording?.write(line);
  };
  const history: Partial<ConnectionOptions> = {
    ...(asked.since === undefined
      ? {}
      : { sinceTime: systemClock.now() - parseDuration(asked.since, 86_400) * 1_000 }),
    ...(asked.last === undefined ? {} : { lastFlows: whole(asked.last, '--last') }),
    ...(asked.raw === true || recording !== undefined ? { onRaw: write } : {}),
  };
  return { ...context, options: { ...options, ...history } };
}

/** The file of `--record`, new or emptied, readable by its owner alone: flows tell who talks to whom. */
function openRecording(path: string): Promise<WriteStream> {
  const stream = createWriteStream(path, { mode: 0o600 });
  return new Promise((resolve, reject) => {
    stream.once('open', () => resolve(stream));
    stream.once('error', (error) =>
      reject(
        new SluiceError('usage', `${path} can't be written: ${error.message}.`, 'Name another file.', error),
      ),
    );
  });
}

/** Without policies the evaluator has nothing to say: only what the flows themselves tell. */
function withoutVerdict({ key, row }: AttemptLine): AttemptLine {
  const { newest } = row;
  const named = [...newest.deniedBy, ...newest.allowedBy].map(({ namespace, name }) =>
    namespace === undefined ? name : `${namespace}/${name}`,
  );
  const reason = newest.dropReason?.text.toLowerCase();
  const why = [reason, newest.l7?.text, ...named].filter((part) => part !== undefined).join(' ');
  return { key, row, why };
}

/** Tells on stderr when the source fails, reconnects or loses flows; once for each change. */
function traffic({ output }: VerbContext): (state: TrafficState) => void {
  let told = '';
  return ({ source, status, detail, lost }) => {
    const now = `${source} ${status}: ${detail}${lost > 0 ? `, ${lost} flows lost` : ''}`;
    const wrong = status === 'failed' || status === 'reconnecting' || lost > 0;
    if (now !== told && wrong) output.err(`sluice: ${now}\n`);
    told = now;
  };
}

const VERDICTS: readonly string[] = ['allow', 'drop', 'l7', 'audit', 'error', 'failed', 'pending'];

function matcher({ from, to, port, verdict }: FlowsOptions): (line: AttemptLine) => boolean {
  const number = port === undefined ? undefined : whole(port, '--port');
  const word = verdict?.toLowerCase();
  if (word !== undefined && !VERDICTS.includes(word)) {
    throw new SluiceError(
      'usage',
      `"${verdict}" is no verdict.`,
      'Use allow, drop, l7, audit, error or failed.',
    );
  }
  return ({ row }) =>
    (from === undefined || isNamed(row.sourceName, row.source, from)) &&
    (to === undefined || isNamed(row.destinationName, row.destination, to)) &&
    (number === undefined || row.port === number) &&
    (word === undefined || row.verdict === word);
}

type Named = { readonly namespace?: string; readonly pod?: string; readonly ip?: string };

function isNamed(name: string, { pod, ip, namespace }: Named, text: string): boolean {
  return [name, pod, ip, `${namespace}/${pod}`, `${namespace}/${name}`, `${namespace}/`].includes(text);
}

function whole(value: string, option: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < 1 || number > 1_000_000) {
    throw new SluiceError(
      'usage',
      `${option} "${value}" is no whole number from 1.`,
      `Write it like ${option} 20.`,
    );
  }
  return number;
}
