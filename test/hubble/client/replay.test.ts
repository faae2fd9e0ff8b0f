import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
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

  const PRETTY = JSON.stringify(JSON.parse(LINE), null, 2);
  const LIST = JSON.stringify([JSON.parse(LINE), JSON.parse(LINE)], null, 2);
  const CAMEL = '{"flow":{"uuid":"u1","dropReasonDesc":"133","eventType":{"type":1}},"nodeName":"node-1"}';
  const CRI = '2026-01-05T10:00:01.1Z stdout';

  test.each<readonly [string, readonly string[], number, readonly number[]]>([
    ['a list on one line', [`[${LINE},${LINE}]`], 2, []],
    ['a list over several lines', LIST.split('\n'), 2, []],
    ['a list, an element a line', ['[', `${LINE},`, LINE, ']'], 2, []],
    ['values with an indent', `${PRETTY}\n${PRETTY}`.split('\n'), 2, []],
    ['a value with an indent that is cut off', [...PRETTY.split('\n').slice(0, -2), LINE], 1, [1]],
    ['a line that is cut off', [LINE.slice(0, 40), LINE], 1, [1]],
    ['a container log', [`${CRI} F ${LINE}`, `${CRI} F ${LINE}`], 2, []],
    [
      'a container log with a split line',
      [`${CRI} P ${LINE.slice(0, 40)}`, `${CRI} F ${LINE.slice(40)}`],
      1,
      [],
    ],
    ['an agent log', ['time=2026-01-05 level=info msg="{a}"', LINE, 'level=warn', LINE], 2, [1, 3]],
    ['kubectl logs --prefix', [`[pod/cilium-x/cilium-agent] ${LINE}`], 1, []],
    ["Docker's log", [JSON.stringify({ log: `${LINE}\n`, stream: 'stdout' })], 1, []],
    ['names in lowerCamelCase', [CAMEL], 1, []],
    ['a bare flow', [JSON.stringify(JSON.parse(LINE).flow)], 1, []],
  ])('%s is read, and what is no flow is named (HUB-43)', async (_, lines, count, bad) => {
    const { flows, last } = await play(lines);
    expect(flows.map(({ uuid }) => uuid)).toEqual(Array.from({ length: count }, () => 'u1'));
    expect(last?.unread?.match(/\d+(?=.* (?:is|are) not)/g)?.map(Number) ?? []).toEqual(bad);
  });

  it('has drop reasons by number and nodes in lowerCamelCase', async () => {
    expect((await play([CAMEL])).flows).toMatchObject([
      { node: 'node-1', eventType: 1, dropReason: { code: 133, text: 'Policy denied' } },
    ]);
  });

  test.each<readonly [string, Buffer]>([
    ['gzip', gzipSync(`${LINE}\n${LINE}\n`)],
    ['gzip in two parts', Buffer.concat([gzipSync(`${LINE}\n`), gzipSync(LINE)])],
    ['UTF-16', Buffer.from(`\ufeff${LINE}\r\n${LINE}\r\n`, 'utf16le')],
    ['big-endian UTF-16', Buffer.from(`\ufeff${LINE}\n${LINE}`, 'utf16le').swap16()],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${LINE}\n${LINE}`)],
  ])('a file in %s is read whatever its name (HUB-43)', async (_, bytes) => {
    const file = join(folder, 'flows.log');
    await writeFile(file, bytes);
    const { flows, last } = await play(file);
    expect(flows.map(({ uuid }) => uuid)).toEqual(['u1', 'u1']);
    expect(last?.unread).toBeUndefined();
  });

  it('is rejected if its gzip is broken', async () => {
    const file = join(folder, 'broken.gz');
    await writeFile(file, gzipSync(LINE).subarray(0, 30));
    await expect(play(file)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(file) });
  });

  it('counts flows that were lost when it was recorded', async () => {
    expect((await play([LOST, LINE, LOST])).last?.lost).toBe(78);
  });

  it('reports how many lines are invalid', async () => {
    const { last } = await play(['oops', LINE]);
    expect(last?.unread).toBe('line 1 is not a flow, such as "oops"');
    const many = await play([...Array.from({ length: 9 }, () => 'oops'), LINE]);
    expect(many.last?.unread).toBe('lines 1, 2, 3, 4, 5 and 4 more are not flows, such as "oops"');
  });

  it('is rejected if it has no flows', async () => {
    await expect(play(['oops'])).rejects.toMatchObject({
      code: 'unsupported',
      message: 'No Hubble flows found in the recording: line 1 is not a flow, such as "oops".',
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
