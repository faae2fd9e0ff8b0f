import { createClusterModel } from '../../core/cluster/model.ts';
import { SluiceError } from '../../core/errors.ts';
import { dialectOf } from '../../core/policy/dialect.ts';
import { createEngine } from '../../core/policy/engine.ts';
import type { TrafficSource } from '../../core/ports.ts';
import type { Attempt, AttemptRow } from '../../core/traffic/attempt.ts';
import { createFold, type Fold } from '../../core/traffic/fold.ts';
import { touches } from '../../session/app/publish.ts';
import { createAttemptLines } from '../../session/rows/attempt-lines.ts';
import type { AttemptLine } from '../../session/state.ts';
import { pause } from '../../session/wait.ts';
import { systemClock } from '../clock.ts';
import { openConnection, openHubbleServer, openReplay } from '../compose.ts';
import { attemptJson, attemptWords } from '../events.ts';
import { EXIT } from '../exit-codes.ts';
import { clockTime, pad } from '../output/text.ts';
import { writeEvent } from '../output/write.ts';
import { withRuntime } from '../with-runtime.ts';
import type { VerbContext } from './context.ts';

export type FlowsOptions = {
  readonly from?: string;
  readonly to?: string;
  readonly port?: string;
  readonly verdict?: string;
  readonly last?: string;
};

/** `sluice flows`: attempts as they get their verdict, one a line, until interrupted or `--last` are told. */
export async function flows(context: VerbContext, filters: FlowsOptions): Promise<number> {
  const wanted = matcher(filters);
  const limit = filters.last === undefined ? Number.POSITIVE_INFINITY : whole(filters.last);
  const { options } = context;
  if (options.source === 'replay') return withoutCluster(context, await openReplay(options), wanted, limit);
  if (options.hubbleServer !== undefined) {
    return withoutCluster(context, await openHubbleServer(options, options.hubbleServer), wanted, limit);
  }
  const connection = await openConnection(options, {}, context.signal);
  const telling = { call: () => {} };
  const view = options.allNamespaces === true ? undefined : connection.namespace;
  return withRuntime(
    connection,
    {
      traffic: true,
      signal: context.signal,
      listener: listenerOf(context, telling),
      ...(view === undefined ? {} : { view }),
    },
    async (runtime) => {
      const lines = createAttemptLines(runtime.model, runtime.engine);
      const inView = (line: AttemptLine) => (view === undefined || touches(line, view)) && wanted(line);
      return tell(context, runtime.fold, (rows) => lines(rows), inView, limit, telling);
    },
  );
}

/** From a Hubble server or a recording alone: no kubeconfig, so no policies and only what the flows say. */
async function withoutCluster(
  context: VerbContext,
  source: TrafficSource,
  wanted: Wanted,
  limit: number,
): Promise<number> {
  const model = createClusterModel();
  const engine = createEngine(model, dialectOf('unknown'));
  const fold = createFold({});
  const stop = new AbortController();
  const telling = { call: () => {} };
  const listener = listenerOf(context, telling);
  const running = source.run(
    { pods: () => [], podAt: () => undefined },
    {
      flows: (found) => {
        fold.add(found, systemClock.now());
        telling.call();
      },
      state: (state) => listener.traffic?.(state),
    },
    AbortSignal.any([context.signal, stop.signal]),
  );
  try {
    const lines = createAttemptLines(model, engine);
    const ended = running.then(() => 'ended' as const);
    return await tell(
      context,
      fold,
      (rows) => lines(rows).map(withoutVerdict),
      wanted,
      limit,
      telling,
      ended,
    );
  } finally {
    stop.abort();
    await running.catch(() => undefined);
  }
}

type Wanted = (line: AttemptLine) => boolean;

async function tell(
  { output, options, signal }: VerbContext,
  fold: Fold,
  linesOf: (rows: readonly AttemptRow[]) => readonly AttemptLine[],
  wanted: Wanted,
  limit: number,
  telling: { call: () => void },
  ended: Promise<'ended'> = new Promise(() => {}),
): Promise<number> {
  let told = 0;
  const done = Promise.withResolvers<number>();
  const look = () => {
    const now = systemClock.now();
    const settled = fold.settled(now);
    if (settled.length === 0) return;
    const rows = new Map(fold.rows(now).map((row) => [row.key, row]));
    const asRows = settled.flatMap((attempt) => rowOf(rows.get(attempt.rowKey), attempt));
    for (const line of linesOf(asRows)) {
      if (!wanted(line) || told >= limit) continue;
      told += 1;
      writeEvent(
        output,
        options.output,
        { time: new Date(line.row.newest.last).toISOString(), ...attemptJson(line) },
        () => text(line),
      );
    }
    if (told >= limit) done.resolve(EXIT.done);
  };
  telling.call = look;
  const ticking = new AbortController();
  const ticks = (async () => {
    for (;;) {
      await pause(500, AbortSignal.any([signal, ticking.signal]));
      look();
    }
  })();
  try {
    return await Promise.race([
      done.promise,
      ticks,
      ended.then(async () => {
        await pause(FOLD_GRACE, signal);
        look();
        return EXIT.done;
      }),
    ]);
  } finally {
    ticking.abort();
    ticks.catch(() => undefined);
    telling.call = () => {};
  }
}

/** Attempts of a recording stay pending this long after its end: the fold's own grace. */
const FOLD_GRACE = 3_100;

/** The row as it was for this attempt: rows go on counting, a line is about one attempt. */
function rowOf(row: AttemptRow | undefined, attempt: Attempt): readonly AttemptRow[] {
  return row === undefined ? [] : [{ ...row, newest: attempt, verdict: attempt.verdict }];
}

function text(line: AttemptLine): string {
  const [word, rest] = attemptWords(line);
  return `${clockTime(line.row.newest.last)}  ${pad(word, 9)}  ${rest}`;
}

/** Without policies the evaluator has nothing to say: only what the flows themselves tell. */
function withoutVerdict({ key, row }: AttemptLine): AttemptLine {
  const { newest } = row;
  const named = [...newest.deniedBy, ...newest.allowedBy].map(({ namespace, name }) =>
    namespace === undefined ? name : `${namespace}/${name}`,
  );
  const why = [newest.dropReason?.text.toLowerCase(), ...named]
    .filter((part) => part !== undefined)
    .join(' ');
  return { key, row, why };
}

function listenerOf({ output }: VerbContext, telling: { call: () => void }) {
  let told = '';
  return {
    flows: () => telling.call(),
    traffic: (state: {
      readonly source: string;
      readonly status: string;
      readonly detail: string;
      readonly lost: number;
    }) => {
      const now = `${state.source} ${state.status}: ${state.detail}${state.lost > 0 ? `, ${state.lost} flows lost` : ''}`;
      if (now !== told && (state.status === 'failed' || state.status === 'reconnecting' || state.lost > 0))
        output.err(`sluice: ${now}\n`);
      told = now;
    },
  };
}

function matcher({ from, to, port, verdict }: FlowsOptions): Wanted {
  const wantedPort = port === undefined ? undefined : whole(port);
  const words = verdict?.toLowerCase();
  if (
    words !== undefined &&
    !['allow', 'drop', 'l7', 'audit', 'error', 'failed', 'pending'].includes(words)
  ) {
    throw new SluiceError(
      'usage',
      `"${verdict}" is no verdict.`,
      'Use allow, drop, l7, audit, error or failed.',
    );
  }
  return ({ row }) =>
    (from === undefined || isNamed(row.sourceName, row.source, from)) &&
    (to === undefined || isNamed(row.destinationName, row.destination, to)) &&
    (wantedPort === undefined || row.port === wantedPort) &&
    (words === undefined || row.verdict === words);
}

function isNamed(
  name: string,
  end: { readonly namespace?: string; readonly pod?: string; readonly ip?: string },
  text: string,
): boolean {
  return [
    name,
    end.pod,
    end.ip,
    `${end.namespace}/${end.pod}`,
    `${end.namespace}/${name}`,
    `${end.namespace}/`,
  ].includes(text);
}

function whole(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < 1 || number > 1_000_000) {
    throw new SluiceError('usage', `"${value}" is no count or port.`, 'Give a whole number from 1.');
  }
  return number;
}
