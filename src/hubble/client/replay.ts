import { open } from 'node:fs/promises';
import { SluiceError } from '../../core/common/common.ts';
import type { TrafficSink, TrafficSource } from '../../core/ports/ports.ts';
import type { Flow } from '../../core/traffic/traffic.ts';
import type { DecodedResponse } from '../wire/wire.ts';
import { fromJsonResponse, type JsonResponse, toJsonResponse } from './json-flow.ts';
import { createFlowMapper } from './map-flow.ts';
import { isWanted } from './request.ts';

export type ReplayOptions = {
  /** Only flows since this time, ms since the epoch. */
  readonly since?: number;
  /** Only this many of the last flows. */
  readonly last?: number;
  /** Only flows with an end in one of these; absent: all. */
  readonly namespaces?: readonly string[];
  /** Called with every selected response as JSON. */
  readonly onRaw?: (response: JsonResponse) => void;
};

type Entry = { readonly response: DecodedResponse; readonly flow: Flow | undefined };

/** Flows per delivery. */
const CHUNK = 1_000;

/**
 * Flows of a recording: a file from `hubble observe -o jsonpb`, `sluice flows --raw` or `--record`, or its lines. They
 * are delivered at once, in file order, with their original times. Invalid lines are counted in the state.
 *
 * @throws SluiceError from `run`: `usage` for an unreadable file, `unsupported` when no line is a response
 */
export function createReplaySource(
  recording: string | Iterable<string> | AsyncIterable<string>,
  options: ReplayOptions = {},
): TrafficSource {
  const name = typeof recording === 'string' ? recording : 'the recording';
  return {
    name: 'replay',
    async run(_context, sink, signal) {
      const lines = typeof recording === 'string' ? linesOf(recording) : recording;
      try {
        await replay(name, lines, sink, signal, options);
      } catch (error) {
        if (!(error instanceof Error) || !('syscall' in error)) throw error;
        throw new SluiceError('usage', `Unable to read ${name}: ${error.message}.`, 'Check the path.', error);
      }
    },
  };
}

async function replay(
  name: string,
  lines: Iterable<string> | AsyncIterable<string>,
  sink: TrafficSink,
  signal: AbortSignal,
  options: ReplayOptions,
): Promise<void> {
  const {
    since = Number.NEGATIVE_INFINITY,
    last = Number.POSITIVE_INFINITY,
    namespaces = [],
    onRaw,
  } = options;
  const map = createFlowMapper();
  let held: Entry[] = [];
  let lost = 0;
  let read = 0;
  let bad = 0;
  const say = (status: 'connecting' | 'live' | 'off', detail: string) =>
    sink.state({ source: 'replay', status, detail, lost });

  const handOver = async () => {
    const entries = held;
    held = [];
    for (const { response } of entries) onRaw?.(toJsonResponse(response));
    const flows = entries.flatMap(({ flow }) => flow ?? []);
    if (flows.length > 0) sink.flows(flows);
    await sink.slow?.();
  };

  say('connecting', name);
  for await (const line of lines) {
    if (signal.aborted) return;
    if (line.trim() === '') continue;
    const response = fromJsonResponse(line);
    if (response === undefined) {
      bad += 1;
      continue;
    }
    read += 1;
    if (response.lost_events !== null) lost += Number(response.lost_events.num_events_lost);
    const flow = response.flow === null ? undefined : map(response.flow, 'replay', response.node_name);
    if (flow !== undefined && (flow.time < since || !isWanted({ namespaces, everything: true }, flow)))
      continue;
    held.push({ response, flow });
    if (held.length < CHUNK + (last === Number.POSITIVE_INFINITY ? 0 : last)) continue;
    if (last === Number.POSITIVE_INFINITY) await handOver();
    else held = lastFlows(held, last);
  }
  if (read === 0) {
    throw new SluiceError(
      'unsupported',
      `No Hubble flows found in ${name}.`,
      'Record flows with hubble observe -o jsonpb or sluice flows --raw.',
    );
  }
  held = lastFlows(held, last);
  await handOver();
  say('live', bad === 0 ? name : `${name}: ${bad} invalid ${bad === 1 ? 'line' : 'lines'} skipped`);
}

/** The last `count` flows, including other responses among them. */
function lastFlows(entries: readonly Entry[], count: number): Entry[] {
  let left = count;
  const from = entries.findLastIndex(({ flow }) => {
    if (flow !== undefined) left -= 1;
    return left === 0;
  });
  return entries.slice(Math.max(0, from));
}

async function* linesOf(path: string): AsyncGenerator<string> {
  await using file = await open(path);
  yield* file.readLines();
}
