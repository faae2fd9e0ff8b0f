import { SluiceError, safeText } from '../../core/common/common.ts';
import type { TrafficSink, TrafficSource } from '../../core/ports/ports.ts';
import type { Flow } from '../../core/traffic/traffic.ts';
import type { DecodedResponse } from '../wire/wire.ts';
import { type JsonResponse, responseFromJson, toJsonResponse } from './json-flow.ts';
import { createFlowMapper } from './map-flow.ts';
import { valuesIn } from './recorded-values.ts';
import { linesOfFile } from './recording-file.ts';
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
 * Flows of a recording: a file from `hubble observe -o jsonpb`, `sluice flows --raw` or `--record`, an export of an
 * agent, or such lines in a log (HUB-43). They are delivered at once, in file order, with their original times. What is
 * no flow is told in the state.
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
      const lines = typeof recording === 'string' ? linesOfFile(recording) : recording;
      try {
        await replay(name, lines, sink, signal, options);
      } catch (error) {
        if (!(error instanceof Error) || !('syscall' in error || 'errno' in error)) throw error;
        throw new SluiceError(
          'usage',
          `Unable to read ${name}: ${error.message}.`,
          'Check the path, and that the file is complete.',
          error,
        );
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
  const bad: Bad[] = [];
  let skipped = 0;
  const say = (status: 'connecting' | 'live' | 'off', unread?: string) =>
    sink.state({ source: 'replay', status, detail: name, lost, ...(unread === undefined ? {} : { unread }) });

  const handOver = async () => {
    const entries = held;
    held = [];
    for (const { response } of entries) onRaw?.(toJsonResponse(response));
    const flows = entries.flatMap(({ flow }) => flow ?? []);
    if (flows.length > 0) sink.flows(flows);
    await sink.slow?.();
  };

  say('connecting');
  for await (const found of valuesIn(lines)) {
    if (signal.aborted) return;
    const response = 'value' in found ? responseFromJson(found.value) : undefined;
    if (response === undefined) {
      skipped += 1;
      const text = 'value' in found ? JSON.stringify(found.value) : found.unread;
      if (bad.length < NAMED) bad.push({ line: found.line, text: safeText(text.slice(0, SHOWN), SHOWN) });
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
      `No Hubble flows found in ${name}${skipped === 0 ? '' : `: ${unreadText(bad, skipped)}`}.`,
      'Record flows with hubble observe -o jsonpb or sluice flows --raw.',
    );
  }
  held = lastFlows(held, last);
  await handOver();
  say('live', skipped === 0 ? undefined : unreadText(bad, skipped));
}

type Bad = { readonly line: number; readonly text: string };

/** How many lines that are no flows are named, and how much of the first is shown. */
const NAMED = 5;
const SHOWN = 60;

/** `lines 1, 3 and 4 are not flows, such as "time=2026…"`. */
function unreadText(bad: readonly Bad[], count: number): string {
  const numbers = bad.map(({ line }) => String(line));
  if (count > numbers.length) numbers.push(`${count - numbers.length} more`);
  const last = numbers.pop();
  const named =
    numbers.length === 0
      ? `line ${last} is not a flow`
      : `lines ${numbers.join(', ')} and ${last} are not flows`;
  return `${named}, such as "${bad[0]?.text ?? ''}"`;
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
