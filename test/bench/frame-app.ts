/** The measured half of `frame.ts`: bundled and run by it. */
import { setTimeout } from 'node:timers/promises';
import { createStore } from 'zustand/vanilla';
import type { Commands } from '../../src/session/state/commands.ts';
import type { AttemptLine, SessionState } from '../../src/session/state/session-state.ts';
import { runApp } from '../../views/run-app.tsx';
import { attemptLine, NOW, podRow, policyRow, sessionState } from '../helpers/session-state.ts';
import { sinkTerminal } from './sink-terminal.ts';

const COLUMNS = 160;
const ROWS = 52;
const FRAMES = 150;
const WARM_UP = 40;
const VERDICTS = ['allow', 'allow', 'allow', 'drop', 'l7'] as const;

let bytes = 0;
let writes = 0;
const { stdin, terminal } = sinkTerminal(COLUMNS, ROWS, (chunk) => {
  bytes += Buffer.byteLength(chunk);
  writes += 1;
});

const attempts = Array.from({ length: 5_000 }, (_, index) =>
  attemptLine({
    from: `workload-${index % 70}`,
    to: `service-${index % 50}`,
    port: 1_000 + index,
    verdict: VERDICTS[index % VERDICTS.length] ?? 'allow',
    count: index,
  }),
);
const store = createStore<SessionState>(() =>
  sessionState({
    pods: Array.from({ length: 10_000 }, (_, index) => podRow(`workload-${index % 70}-7d9f4c8b6-${index}`)),
    policies: Array.from({ length: 300 }, (_, index) => policyRow(`policy-${index}`)),
    attempts,
  }),
);
const moveTo = (key: string | undefined): boolean => {
  const { panes } = store.getState();
  const index = attempts.findIndex((line) => line.key === key);
  store.setState({ panes: { ...panes, attempts: { ...panes.attempts, index, key } } });
  return true;
};
const app = runApp({
  store,
  commands: { moveTo } as unknown as Commands,
  visibleRows: (state, pane) => state[pane],
  terminal,
  color: 'always',
  ascii: false,
  screenReader: false,
});

const changed = (lines: readonly AttemptLine[], places: readonly number[], tick: number) =>
  lines.map((line, index) =>
    places.includes(index) ? { ...line, row: { ...line.row, count: (line.row.count + tick) % 9_000 } } : line,
  );
const someRows = (tick: number) => [0, 1, 2, 3, 4].map((step) => (tick + step * 6) % 30);
const allRows = () => Array.from({ length: 30 }, (_, index) => index);

const results = {
  'five rows change': await measure((tick) =>
    store.setState({ attempts: changed(store.getState().attempts, someRows(tick), tick) }),
  ),
  'all visible rows change': await measure((tick) =>
    store.setState({ attempts: changed(store.getState().attempts, allRows(), tick) }),
  ),
  'the clock ticks': await measure((tick) =>
    store.setState({ now: NOW + tick * 1_000, serverNow: NOW + tick * 1_000 }),
  ),
  'the cursor moves': await measure(() => stdin.write('j')),
  'nothing that is seen changes': await measure((tick) =>
    store.setState({ pods: store.getState().pods.with(9_000 + tick, podRow(`x-${tick}`)) }),
  ),
};
const idle = await idlePercent();
console.log(
  JSON.stringify(
    {
      size: `${COLUMNS}×${ROWS}`,
      results,
      idlePercent: idle,
      rssMegabytes: Math.round(process.memoryUsage().rss / 1e6),
    },
    null,
    1,
  ),
);
app.unmount();
await app.done;

/** CPU and bytes of a frame, each drawn before the next: median and lowest tenth, as other programs share the CPU. */
async function measure(change: (tick: number) => void) {
  for (let tick = 0; tick < WARM_UP; tick++) await draw(change, tick);
  const before = { bytes, writes };
  const costs: number[] = [];
  for (let tick = 0; tick < FRAMES; tick++) {
    const start = process.cpuUsage();
    await draw(change, WARM_UP + tick);
    const used = process.cpuUsage(start);
    costs.push((used.user + used.system) / 1_000);
  }
  costs.sort((a, b) => a - b);
  return {
    cpuMilliseconds: round(costs[FRAMES / 2] ?? 0),
    lowestTenth: round(costs[FRAMES / 10] ?? 0),
    bytes: Math.round((bytes - before.bytes) / FRAMES),
    writes: round((writes - before.writes) / FRAMES),
  };
}

async function draw(change: (tick: number) => void, tick: number): Promise<void> {
  change(tick);
  await setTimeout(26);
  await app.flushed();
}

async function idlePercent(): Promise<number> {
  const start = process.cpuUsage();
  await setTimeout(3_000);
  const used = process.cpuUsage(start);
  return round(((used.user + used.system) / 1_000 / 3_000) * 100);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
