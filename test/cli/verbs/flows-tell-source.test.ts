import { expect, test } from 'vitest';
import { tellSource } from '../../../src/cli/verbs/flows-follow.ts';
import type { TrafficState } from '../../../src/core/ports/ports.ts';
import { wallClock } from '../../../views/text/time.ts';

function telling() {
  const lines: string[] = [];
  const told = tellSource({ out: () => {}, err: (text) => lines.push(text.trimEnd()) });
  return { ...told, lines };
}

const state = (change: Partial<TrafficState>): TrafficState => ({
  source: 'hubble',
  status: 'live',
  detail: 'relay',
  lost: 0,
  ...change,
});

test('a working source is not reported; a failing one is reported once per failure', () => {
  const { traffic, lines } = telling();
  for (const status of [
    'connecting',
    'live',
    'reconnecting',
    'reconnecting',
    'live',
    'reconnecting',
  ] as const)
    traffic(state({ status }));
  expect(lines).toEqual(['sluice: hubble reconnecting: relay', 'sluice: hubble reconnecting: relay']);
});

test('lost flows are reported as they grow', () => {
  const { traffic, lines } = telling();
  for (const lost of [0, 3, 3, 9]) traffic(state({ lost }));
  expect(lines).toEqual([
    'sluice: hubble live: relay, 3 flows lost',
    'sluice: hubble live: relay, 9 flows lost',
  ]);
});

test('the probe reports once what it cannot see', () => {
  const { traffic, lines } = telling();
  traffic(state({ source: 'probe', detail: 'sockets of 3/5 pods' }));
  traffic(state({ source: 'probe', detail: 'sockets of 4/5 pods' }));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^sluice: probe: sockets of 3\/5 pods; sockets can't show refused attempts; /);
});

test('a server that goes away is reported once for all lists, and again the next time', () => {
  const { feed, lines } = telling();
  const stale = { state: 'stale', since: 0, reason: 'connection refused' } as const;
  for (const name of ['pods', 'nodes', 'services']) feed(name, stale);
  for (const name of ['pods', 'nodes', 'services']) feed(name, { state: 'live' });
  feed('nodes', stale);
  expect(lines).toEqual(['sluice: pods: connection refused', 'sluice: nodes: connection refused']);
});

test('a stretch that flows may be missing from is reported once', () => {
  const { traffic, lines } = telling();
  const gap = { from: Date.UTC(2026, 0, 5, 10), to: Date.UTC(2026, 0, 5, 10, 0, 9) };
  traffic(state({ gap }));
  traffic(state({ gap, nodes: { connected: 1, total: 1 } }));
  expect(lines).toEqual([
    `sluice: hubble: flows from ${wallClock(gap.from)} to ${wallClock(gap.to)} may be missing, the servers no longer send them`,
  ]);
});
