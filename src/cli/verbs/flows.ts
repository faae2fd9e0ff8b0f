import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { parseDuration, SluiceError } from '../../core/common/common.ts';
import type { JsonResponse } from '../../hubble/client/client.ts';
import {
  type ConnectionOptions,
  drainedOf,
  EXIT,
  systemClock,
  toJson,
  type VerbContext,
} from '../shared/shared.ts';
import { type Following, followAlone, followInCluster, matcher, type Wanted, whole } from './flows-follow.ts';

export type FlowsOptions = Wanted & {
  readonly follow?: boolean;
  readonly since?: string;
  readonly last?: string;
  readonly first?: string;
  readonly raw?: boolean;
  readonly record?: string;
};

/**
 * `sluice flows`: attempts as their verdicts settle, one a line, or raw flows with `--raw`; those that servers remember,
 * or with `--follow` new ones until interrupted (HUB-40). It ends when `--first` are written or the reader goes away,
 * which is not a failure. A slow reader or disk applies backpressure to the source, as with `hubble observe`; the server
 * then reports lost flows.
 */
export async function flows(context: VerbContext, asked: FlowsOptions): Promise<number> {
  refuseIdle(asked, context.options);
  const { output } = context;
  const limit = asked.first === undefined ? Number.POSITIVE_INFINITY : whole(asked.first, '--first');
  const wanted = matcher(asked);
  const past = pastOf(asked, context.options.source);
  const recording = asked.record === undefined ? undefined : await openRecording(asked.record);
  const over = new AbortController();
  const raw = asked.raw === true ? rawLines(output.out, limit) : undefined;
  const following = follow({
    context: {
      ...context,
      signal: AbortSignal.any([context.signal, over.signal]),
      options: { ...context.options, ...past.options, ...rawOptions(raw, recording) },
    },
    wanted,
    limit,
    newest: past.newest,
    raw: asked.raw === true,
    slow: () => output.slow?.() ?? recording?.slow(),
  });
  try {
    return await Promise.race([
      following,
      ...(raw === undefined ? [] : [raw.full]),
      ...(recording === undefined ? [] : [recording.broken]),
    ]);
  } catch (error) {
    if (output.isReaderGone?.() === true) return EXIT.done;
    throw error;
  } finally {
    over.abort();
    await following.catch(() => undefined);
    await recording?.close();
  }
}

/**
 * Uses the cluster for its policies and workloads, unless flows come from a recording or `--hubble-server` and no
 * cluster is given.
 */
function follow(following: Following): Promise<number> {
  const { source, hubbleServer, kubeconfig, context, as } = following.context.options;
  const isElsewhere = source === 'replay' || hubbleServer !== undefined;
  const isNamed = [kubeconfig, context, as].some((value) => value !== undefined);
  return isElsewhere && !isNamed ? followAlone(following) : followInCluster(following);
}

type RawLines = {
  readonly write: (line: string, isFlow: boolean) => void;
  readonly full: Promise<number>;
};

/** Writes lines until `limit` flows are written. */
function rawLines(out: (text: string) => void, limit: number): RawLines {
  const full = Promise.withResolvers<number>();
  let count = 0;
  return {
    write: (line, isFlow) => {
      if (count >= limit) return;
      if (isFlow) count += 1;
      out(line);
      if (count >= limit) full.resolve(EXIT.done);
    },
    full: full.promise,
  };
}

/** Where raw responses go. */
function rawOptions(
  raw: RawLines | undefined,
  recording: Recording | undefined,
): Pick<ConnectionOptions, 'onRaw'> {
  if (raw === undefined && recording === undefined) return {};
  return {
    onRaw: (response: JsonResponse) => {
      const line = `${toJson(response)}\n`;
      raw?.write(line, typeof response.flow === 'object');
      recording?.write(line);
    },
  };
}

/** How many attempts, or raw flows of each node, are shown when nothing else is asked for, as with `hubble observe`. */
const SHOWN = 20;

/** What to ask the source for, and how many of the attempts found to show, the newest. */
type PastFlows = { readonly options: Partial<ConnectionOptions>; readonly newest?: number };

/** A recording is shown whole, and sockets have no past, so they are followed (HUB-40). */
function pastOf(asked: FlowsOptions, source: ConnectionOptions['source']): PastFlows {
  const { since, last, first, raw, follow = source === 'probe' } = asked;
  const limits = {
    ...(since === undefined ? {} : { sinceTime: systemClock.now() - parseDuration(since, 86_400) * 1_000 }),
    ...(last === undefined ? {} : { lastFlows: whole(last, '--last') }),
  };
  if (follow || source === 'replay' || since !== undefined || last !== undefined)
    return { options: { ...limits, follow } };
  const isRaw = raw === true;
  if (first !== undefined)
    return { options: { follow, ...(isRaw ? { firstFlows: whole(first, '--first') } : {}) } };
  return isRaw ? { options: { follow, lastFlows: SHOWN } } : { options: { follow }, newest: SHOWN };
}

/** Rejects options that would have no effect: a filter that doesn't filter is worse than none. */
function refuseIdle(asked: FlowsOptions, { source, output }: ConnectionOptions): void {
  const given = (names: readonly (keyof FlowsOptions)[]) => names.find((name) => asked[name] !== undefined);
  if (source === 'replay' && asked.follow === true)
    throw new SluiceError(
      'usage',
      "--follow can't be used with a recording, because it has an end.",
      'Remove one of the two.',
    );
  const hubbleOnly = source === 'probe' ? given(['since', 'last', 'raw', 'record']) : undefined;
  if (hubbleOnly !== undefined)
    throw new SluiceError(
      'usage',
      `--${hubbleOnly} needs Hubble: the probe reads sockets, which have no history and are not flows.`,
      'Remove it, or use --source hubble.',
    );
  if (asked.raw !== true) return;
  const filter = given(['from', 'to', 'port', 'verdict']);
  if (filter !== undefined)
    throw new SluiceError(
      'usage',
      `--${filter} can't be used with --raw, because it filters attempts, not flows.`,
      'Remove one of the two; use -n to limit flows to a namespace.',
    );
  if (output === 'yaml')
    throw new SluiceError(
      'usage',
      "--raw can't be used with -o yaml, because it prints JSON.",
      'Remove one of the two.',
    );
}

/** A file that flows are recorded to, one a line. */
type Recording = {
  readonly write: (line: string) => void;
  /** Returns a promise while the disk is behind. */
  readonly slow: () => Promise<void> | undefined;
  /** Rejects when the file can no longer be written; otherwise never settles. */
  readonly broken: Promise<never>;
  /** Resolves when everything is written; rejects if that fails. */
  readonly close: () => Promise<void>;
};

/**
 * Opens a file, new or truncated, readable only by its owner, because flows reveal who talks to whom.
 *
 * @throws SluiceError `usage` when it can't be opened; `failed`, later, when a write fails
 */
async function openRecording(path: string): Promise<Recording> {
  const stream = createWriteStream(path, { mode: 0o600 });
  await new Promise((resolve, reject) => {
    stream.once('open', resolve);
    stream.once('error', (error) =>
      reject(
        new SluiceError('usage', `Unable to write ${path}: ${error.message}.`, 'Choose another file.', error),
      ),
    );
  });
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined);
  const failure = (error: unknown) =>
    new SluiceError(
      'failed',
      `Unable to continue writing ${path}: ${error instanceof Error ? error.message : String(error)}.`,
      'Free some disk space or choose another file; earlier flows are saved.',
      error,
    );
  stream.on('error', (error) => broken.reject(failure(error)));
  return {
    write: (line) => {
      if (!stream.destroyed) stream.write(line);
    },
    slow: drainedOf(stream, (go) => stream.once('close', go)),
    broken: broken.promise,
    close: async () => {
      stream.end();
      await finished(stream).catch((error: unknown) => {
        throw failure(error);
      });
    },
  };
}
