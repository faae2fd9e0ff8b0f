import { wallClock } from '../../../views/text/text.ts';
import { SluiceError } from '../../core/common/common.ts';
import type { FeedState } from '../../core/live/live.ts';
import { parseAskedPorts } from '../../core/policy/path/path.ts';
import type { TrafficSource, TrafficState } from '../../core/ports/ports.ts';
import {
  type Attempt,
  type AttemptRow,
  BLIND_SPOTS,
  createFold,
  type Fold,
} from '../../core/traffic/traffic.ts';
import {
  type AttemptLine,
  createAttemptLines,
  lineOfFlows,
  touches,
  untilAborted,
} from '../../session/session.ts';
import { pause } from '../../wait.ts';
import { openConnection, openHubbleServer, openReplay, withRuntime } from '../connect/connect.ts';
import {
  type ConnectionOptions,
  EXIT,
  type Output,
  systemClock,
  type VerbContext,
  writeEvent,
} from '../shared/shared.ts';
import { type FlowScope, flowEndFilter } from './flow-ends.ts';
import { attemptJson, attemptWords } from './line-events.ts';
import { pad } from './table.ts';

/** Which attempts to follow, and how many. */
export type Following = {
  readonly context: VerbContext;
  readonly wanted: Matcher;
  readonly limit: number;
  /** Show only this many attempts, the newest, once there are no more. */
  readonly newest?: number;
  /** Whether raw responses are written instead of attempts. */
  readonly raw: boolean;
  /** Returns a promise while the output is behind. */
  readonly slow: () => Promise<void> | undefined;
};

/** Attempts in a cluster, with the policies that decided them; rejects with the signal's reason when it aborts. */
export async function followInCluster({
  context,
  wanted,
  limit,
  newest,
  raw,
  slow,
}: Following): Promise<number> {
  const { options, output, signal } = context;
  const telling: Telling = { call: () => {} };
  const connection = await openConnection(options, {}, signal);
  const view = options.allNamespaces === true ? undefined : connection.namespace;
  const over = Promise.withResolvers<void>();
  const listener = { flows: () => telling.call(), trafficOver: over.resolve, ...tellSource(output) };
  const work = {
    traffic: true,
    streams: true,
    signal,
    listener,
    slow,
    view,
    asked: options.allNamespaces === true ? undefined : options.namespace,
  };
  return withRuntime(connection, work, (runtime, within) => {
    if (raw) return Promise.race([untilAborted(within), over.promise.then(() => EXIT.done)]);
    const lines = createAttemptLines(runtime.model, runtime.engine);
    const isPast = options.sinceTime !== undefined || options.lastFlows !== undefined;
    const onMissing = ({ message, hint }: SluiceError) => output.err(`sluice: ${message} ${hint}\n`);
    const fits = wanted({ namespace: view, model: runtime.model, ...(isPast ? { onMissing } : {}) });
    return tellAttempts(
      { ...context, signal: within },
      {
        fold: runtime.fold,
        linesOf: lines,
        wanted: inView(view, fits),
        view,
        limit,
        newest,
        telling,
        ended: over.promise,
      },
    );
  });
}

/** Attempts from only a Hubble server or a recording: no kubeconfig, so no policies beyond what the flows name. */
export async function followAlone(following: Following): Promise<number> {
  const { context, wanted, limit, newest, raw, slow } = following;
  const { options, output, signal } = context;
  const view = options.allNamespaces === true ? undefined : options.namespace;
  const fits = wanted({ namespace: view, model: undefined });
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
      wanted: inView(view, fits),
      view,
      limit,
      newest,
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

/** Called after every batch of flows. */
type Telling = { call: () => void };

type TellOptions = {
  readonly fold: Fold;
  readonly linesOf: (rows: readonly AttemptRow[]) => readonly AttemptLine[];
  readonly wanted: (line: AttemptLine) => boolean;
  /** The namespace in view, which lines leave out. */
  readonly view: string | undefined;
  readonly limit: number;
  readonly newest: number | undefined;
  readonly telling: Telling;
  /** Resolves when no more flows will come. */
  readonly ended: Promise<void>;
};

/** Attempts stay pending this long after the last flow: the fold's grace period. */
const FOLD_GRACE = 3_100;

/** Verdicts may settle without another flow, when a grace period ends. */
const LOOK_EVERY = 500;

/**
 * Writes attempts as their verdicts settle or change, one a line, until `limit` are written or the flows end.
 *
 * @returns the exit code; rejects with the reason when the verb is interrupted, or with the source's error
 */
async function tellAttempts({ output, options, signal }: VerbContext, told: TellOptions): Promise<number> {
  const { fold, linesOf, wanted, view, limit, newest, telling, ended } = told;
  const full = Promise.withResolvers<number>();
  const kept = newest === undefined ? undefined : createNewest(newest);
  let count = 0;
  const write = (line: AttemptLine) => {
    const value = { time: new Date(line.row.newest.last).toISOString(), ...attemptJson(line) };
    writeEvent(output, options.output, value, () => lineText(line, view));
  };
  const look = (later = 0) => {
    const now = systemClock.now() + later;
    const settled = fold.settled(now);
    if (settled.length === 0) return;
    const rows = new Map(fold.rows(now).map((row) => [row.key, row]));
    for (const line of linesOf(settled.flatMap((attempt) => rowFor(rows.get(attempt.rowKey), attempt)))) {
      if (count >= limit || !wanted(line)) continue;
      if (kept !== undefined) kept.add(line);
      else {
        count += 1;
        write(line);
      }
    }
    if (count >= limit) full.resolve(EXIT.done);
  };
  telling.call = () => look();
  const stop = new AbortController();
  const ticks = lookOften(look, AbortSignal.any([signal, stop.signal]));
  try {
    return await Promise.race([
      full.promise,
      ticks,
      ended.then(() => {
        lastLook(look, signal);
        for (const line of kept?.list() ?? []) write(line);
        return EXIT.done;
      }),
    ]);
  } finally {
    stop.abort();
    ticks.catch(() => undefined);
    telling.call = () => {};
  }
}

async function lookOften(look: () => void, signal: AbortSignal): Promise<never> {
  for (;;) {
    await pause(LOOK_EVERY, signal);
    look();
  }
}

/** No more flows will come, so pending attempts count as settled. */
function lastLook(look: (later: number) => void, signal: AbortSignal): void {
  signal.throwIfAborted();
  look(FOLD_GRACE);
}

/** The attempts with the latest flows. */
type Newest = {
  readonly add: (line: AttemptLine) => void;
  /** At most `limit`, the oldest first. */
  readonly list: () => readonly AttemptLine[];
};

function createNewest(limit: number): Newest {
  let kept = new Map<string, AttemptLine>();
  const list = () =>
    [...kept.values()].sort((one, other) => one.row.newest.last - other.row.newest.last).slice(-limit);
  const keyOf = ({ row: { newest } }: AttemptLine) => `${newest.key} ${newest.first}`;
  return {
    list,
    add(line) {
      kept.set(keyOf(line), line);
      if (kept.size >= 50 * limit) kept = new Map(list().map((one) => [keyOf(one), one]));
    },
  };
}

/** The row as of this attempt: rows keep counting, but a line is about one attempt. */
function rowFor(row: AttemptRow | undefined, attempt: Attempt): readonly AttemptRow[] {
  return row === undefined ? [] : [{ ...row, newest: attempt, verdict: attempt.verdict }];
}

function lineText(line: AttemptLine, view: string | undefined): string {
  const [word, rest] = attemptWords(line, view);
  return `${wallClock(line.row.newest.last)}  ${pad(word, 9)}  ${rest}`;
}

/** The filters on attempts from the command line. */
export type Wanted = {
  readonly from?: string;
  readonly to?: string;
  readonly port?: string;
  readonly verdict?: string;
};

/** The values of `--verdict`. */
export const VERDICTS: readonly string[] = ['allow', 'drop', 'l7', 'audit', 'error', 'failed', 'pending'];

/** Makes the filter for attempts once it is known what names mean. */
export type Matcher = (scope: FlowScope) => (line: AttemptLine) => boolean;

/**
 * Reads the filters; ends take every form that `explain` takes, and ports too, by number.
 *
 * @throws SluiceError `usage` for an invalid port or verdict; the matcher throws as `flowEndFilter`
 */
export function matcher({ from, to, port, verdict }: Wanted): Matcher {
  const isPort = port === undefined ? undefined : portFilter(port);
  const word = verdict?.toLowerCase();
  if (word !== undefined && !VERDICTS.includes(word)) {
    throw new SluiceError('usage', `Unknown verdict "${verdict}".`, `Use one of: ${VERDICTS.join(', ')}.`);
  }
  return (scope) => {
    const isSource = from === undefined ? undefined : flowEndFilter(from, scope);
    const isDestination = to === undefined ? undefined : flowEndFilter(to, scope);
    return ({ row }) =>
      isSource?.(row.source) !== false &&
      isDestination?.(row.destination) !== false &&
      isPort?.(row) !== false &&
      (word === undefined || row.verdict === word);
  };
}

/** A number alone is that port of any protocol. */
function portFilter(text: string): (row: AttemptRow) => boolean {
  const asked = parseAskedPorts(text);
  if (asked.type === 'named') {
    throw new SluiceError(
      'usage',
      `--port "${text}" is a name, and flows have numbers.`,
      'Use a format like 5432, 5432/tcp, tcp/8000-8100 or icmp.',
    );
  }
  if (asked.type === 'icmp') return ({ protocol }) => protocol === 'ICMP';
  const isAny = /^\d+$/.test(text.trim());
  return ({ port, protocol }) =>
    port !== undefined && port >= asked.from && port <= asked.to && (isAny || protocol === asked.protocol);
}

/** Parses the value of an option as a positive integer. */
export function whole(value: string, option: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < 1 || number > 1_000_000) {
    throw new SluiceError(
      'usage',
      `${option} must be an integer from 1 to 1000000, got "${value}".`,
      `For example: ${option} 20.`,
    );
  }
  return number;
}

/**
 * Prints the state of the flow source on stderr: failures, reconnects, lost flows, what sockets can't show, and lists
 * that are not being watched. Each is printed once until it changes; a reason shared by all lists is printed only for
 * the first.
 */
export function tellSource({ err }: Output): {
  readonly traffic: (state: TrafficState) => void;
  readonly feed: (feed: string, state: FeedState) => void;
} {
  let told = '';
  let warned = false;
  let missed: TrafficState['gap'];
  const feeds = new Map<string, string>();
  return {
    traffic: ({ source, status, detail, lost, gap, unread }) => {
      if (unread !== undefined) err(`sluice: ${detail}: ${unread}\n`);
      if (gap !== undefined && gap !== missed) {
        const [from, to] = [wallClock(gap.from), wallClock(gap.to)];
        err(
          `sluice: ${source}: flows from ${from} to ${to} may be missing, the servers no longer send them\n`,
        );
      }
      missed = gap;
      const now = `${source} ${status}: ${detail}${lost > 0 ? `, ${lost} flows lost` : ''}`;
      const wrong = status === 'failed' || status === 'reconnecting' || lost > 0;
      if (now !== told && wrong) err(`sluice: ${now}\n`);
      told = now;
      if (source !== 'probe' || status !== 'live' || warned) return;
      warned = true;
      err(`sluice: probe: ${detail}; sockets can't show ${BLIND_SPOTS.join('; ')}\n`);
    },
    feed: (feed, state) => {
      const reason = state.state === 'stale' ? state.reason : '';
      const alike = reason.replaceAll(feed, '*');
      if (reason !== '' && ![...feeds.values()].includes(alike)) err(`sluice: ${feed}: ${reason}\n`);
      feeds.set(feed, alike);
    },
  };
}
