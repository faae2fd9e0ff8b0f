import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TrafficState } from '../../../src/core/ports/ports.ts';
import type { Flow } from '../../../src/core/traffic/flow.ts';
import { createReplaySource } from '../../../src/hubble/client/replay.ts';
import { hasRecordings, RECORDINGS } from '../../helpers/hubble/recordings.ts';

const CONTEXT = { pods: () => [], podAt: () => undefined };

async function play(
  recording: Parameters<typeof createReplaySource>[0],
  signal = new AbortController().signal,
) {
  const flows: Flow[] = [];
  const states: TrafficState[] = [];
  const sink = {
    flows: (more: readonly Flow[]) => flows.push(...more),
    state: (state: TrafficState) => states.push(state),
  };
  await createReplaySource(recording).run(CONTEXT, sink, signal);
  return { flows, states, last: states.at(-1) };
}

const LINE =
  '{"flow":{"uuid":"u1","verdict":"FORWARDED","IP":{"source":"10.0.0.1","destination":"10.0.0.2"}}}';
const LOST = '{"lost_events":{"source":"HUBBLE_RING_BUFFER","num_events_lost":"39"},"node_name":"node-1"}';

describe('a recording', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-replay-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('returns its flows, marked as replayed', async () => {
    const file = join(folder, 'flows.jsonl');
    await writeFile(file, `${LINE}\r\n\n${LINE}\n`);
    const { flows, last } = await play(file);
    expect(flows).toMatchObject([{ uuid: 'u1', seen: 'replay' }, { uuid: 'u1' }]);
    expect(last).toEqual({ source: 'replay', status: 'live', detail: file, lost: 0 });
  });

  it('may be an iterable of lines', async () => {
    expect((await play([LINE])).flows).toHaveLength(1);
  });

  it('passes its responses unchanged to onRaw', async () => {
    const raw: unknown[] = [];
    const source = createReplaySource([LINE, LOST], { onRaw: (response) => raw.push(response) });
    await source.run(CONTEXT, { flows: () => {}, state: () => {} }, new AbortController().signal);
    expect(raw).toEqual([JSON.parse(LINE), JSON.parse(LOST)]);
  });

  it('counts flows that were lost when it was recorded', async () => {
    expect((await play([LOST, LINE, LOST])).last?.lost).toBe(78);
  });

  it('reports how many lines are invalid', async () => {
    expect((await play(['oops', LINE])).last?.detail).toBe('the recording: 1 invalid line skipped');
  });

  it('is rejected if it has no flows', async () => {
    await expect(play(['oops'])).rejects.toMatchObject({
      code: 'unsupported',
      hint: expect.stringContaining('jsonpb'),
    });
  });

  it('is rejected if it is unreadable', async () => {
    await expect(play(join(folder, 'none'))).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(join(folder, 'none')),
    });
    await expect(play(folder)).rejects.toMatchObject({ code: 'usage' });
  });

  it('stops when it is aborted', async () => {
    const { flows } = await play([LINE], AbortSignal.abort());
    expect(flows).toEqual([]);
  });

  it.skipIf(!hasRecordings)('of the official CLI plays completely', async () => {
    const { flows, last } = await play(join(RECORDINGS, 'mixed.jsonl'));
    expect(flows).toHaveLength(194);
    expect(last).toMatchObject({ status: 'live', lost: 6449 });
  });
});
