import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Flow } from '../../../src/core/traffic/flow.ts';
import { createFold } from '../../../src/core/traffic/fold.ts';
import type { EvidenceDeps } from '../../../src/session/grants/evidence.ts';
import { startMeter } from '../../../src/session/grants/meter.ts';
import { pathOf } from '../../../src/session/grants/path.ts';
import { cluster, pod } from '../../helpers/builders.ts';
import { admitted, dropped, START } from '../../helpers/flows.ts';

const web = pod({ name: 'web-1' });
const api = pod({ name: 'api-1' });
const db = pod({ name: 'db-0' });
const model = cluster({ pods: [web, api, db] });
const path = pathOf(model, [
  {
    from: { namespace: 'shop', name: 'web-1' },
    to: { namespace: 'shop', name: 'db-0' },
    port: 5_432,
    protocol: 'TCP',
  },
]);
const WINDOW = { start: START, end: START + 900_000, seconds: 900 };

beforeEach(() => void vi.useFakeTimers({ now: START }));
afterEach(() => void vi.useRealTimers());

/** A meter over a fold that remembers this many attempts. */
function metered(isWatched = true, maxAttempts = 5_000) {
  const fold = createFold({ maxAttempts });
  const listeners = new Set<() => void>();
  const deps: EvidenceDeps = {
    attempts: (since) => fold.attempts({ since }),
    onFlows: (call) => {
      listeners.add(call);
      return () => listeners.delete(call);
    },
    keepsEstablished: () => 'no',
    isWatched: () => isWatched,
  };
  const meter = startMeter(
    deps,
    () => path,
    () => Date.now(),
  );
  const see = (at: number, flows: readonly Flow[]) => {
    vi.setSystemTime(START + at);
    fold.add(flows, Date.now());
    for (const call of listeners) call();
  };
  return { meter, see };
}

const along = (from: typeof web, at: number, source: number) => ({
  at,
  source: { ip: from.ips[0] ?? '', namespace: 'shop', pod: from.name, port: source },
  destination: { ip: db.ips[0] ?? '', namespace: 'shop', pod: 'db-0', port: 5_432 },
});

test('counts connections of its pairs, and the time from the beginning of the window to the last of them', () => {
  const { meter, see } = metered();
  see(5_000, [admitted('ingress', along(web, 5_000, 40_001))]);
  see(200_000, [admitted('ingress', along(web, 200_000, 40_002))]);
  see(400_000, [admitted('ingress', along(api, 400_000, 40_003))]);
  see(500_000, dropped('ingress', along(web, 500_000, 40_004)));
  expect(meter.read(WINDOW)).toEqual({ connections: 2, seconds: 200, of: 900 });
});

test('counts what the fold has forgotten since', () => {
  const { meter, see } = metered(true, 2);
  for (let index = 0; index < 10; index += 1)
    see(index * 10_000, [admitted('ingress', along(web, index * 10_000, 40_000 + index))]);
  expect(meter.read(WINDOW)).toMatchObject({ connections: 10, seconds: 90 });
});

test('knows that nothing was seen, where somebody watched', () => {
  expect(metered().meter.read(WINDOW)).toEqual({ connections: 0, seconds: 0, of: 900 });
});

test('does not know without a source of traffic', () => {
  expect(metered(false).meter.read(WINDOW)).toBeUndefined();
});
