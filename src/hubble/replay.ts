import { open } from 'node:fs/promises';
import { SluiceError } from '../core/errors.ts';
import type { TrafficSink, TrafficSource } from '../core/ports.ts';
import type { Flow } from '../core/traffic/flow.ts';
import { fromJsonResponse, type JsonResponse, toJsonResponse } from './json-flow.ts';
import { createFlowMapper } from './map-flow.ts';

export type ReplayOptions = {
  /** Gets every response as JSON. */
  readonly onRaw?: (response: JsonResponse) => void;
};

/** Flows handed over at a time. */
const CHUNK = 1_000;

/**
 * Flows of a recording: a file of `hubble observe -o jsonpb`, of `sluice flows --raw` or `--record`, or its lines.
 * They come at once, in the order of the file, with the times they had. Lines that are no responses are counted and
 * told in the state.
 *
 * @throws SluiceError from `run`: `usage` when the file can't be read, `unsupported` when no line is a response
 */
export function createReplaySource(
  recording: string | Iterable<string> | AsyncIterable<string>,
  { onRaw }: ReplayOptions = {},
): TrafficSource {
  const name = typeof recording === 'string' ? recording : 'the recording';
  return {
    name: 'replay',
    async run(_context, sink, signal) {
      const lines = typeof recording === 'string' ? linesOf(recording) : recording;
      try {
        await replay(name, lines, sink, signal, onRaw);
      } catch (error) {
        if (!(error instanceof Error) || !('syscall' in error)) throw error;
        throw new SluiceError('usage', `${name} can't be read: ${error.message}.`, 'Check the path.', error);
      }
    },
  };
}

async function replay(
  name: string,
  lines: Iterable<string> | AsyncIterable<string>,
  sink: TrafficSink,
  signal: AbortSignal,
  onRaw: ReplayOptions['onRaw'],
): Promise<void> {
  const map = createFlowMapper();
  let flows: Flow[] = [];
  let lost = 0;
  let read = 0;
  let bad = 0;
  const say = (status: 'connecting' | 'live' | 'off', detail: string) =>
    sink.state({ source: 'replay', status, detail, lost });

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
    onRaw?.(toJsonResponse(response));
    if (response.lost_events !== null) lost += Number(response.lost_events.num_events_lost);
    if (response.flow !== null) flows.push(map(response.flow, 'replay', response.node_name));
    if (flows.length < CHUNK) continue;
    sink.flows(flows);
    flows = [];
  }
  if (read === 0) {
    throw new SluiceError(
      'unsupported',
      `${name} holds no Hubble flows.`,
      'Record one with: hubble observe -o jsonpb, or sluice flows --raw.',
    );
  }
  if (flows.length > 0) sink.flows(flows);
  say('live', bad === 0 ? name : `${name}: ${bad} ${bad === 1 ? 'line is' : 'lines are'} no flow`);
}

async function* linesOf(path: string): AsyncGenerator<string> {
  await using file = await open(path);
  yield* file.readLines();
}
