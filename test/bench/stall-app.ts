/** The measured half of `stall.ts`: bundled and run by it. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import type { Pod } from '../../src/core/cluster/objects.ts';
import { DEFAULT_LIMITS } from '../../src/core/common/limits.ts';
import type { ClusterEvent } from '../../src/core/live/events.ts';
import type { TrafficSink } from '../../src/core/ports/ports.ts';
import type { Flow, FlowEnd } from '../../src/core/traffic/flow.ts';
import type { Connection } from '../../src/session/runtime/connection.ts';
import { createSession } from '../../src/session/session.ts';
import { runApp } from '../../views/run-app.tsx';
import { sinkTerminal } from './sink-terminal.ts';
import { eventsOf, policyAt, seeded, seededWorld } from './worlds.ts';

const COLUMNS = 200;
const ROWS = 50;
const NAMESPACES = 200;
const SECONDS = Number(process.argv[2] ?? 8);
const PORTS = 8;

const random = seeded(3);
const world = seededWorld({ pods: 10_000, policies: 2_000, namespaces: NAMESPACES });
const pods: Pod[] = [...world.pods];
let listen: (events: readonly ClusterEvent[]) => void = () => undefined;
let sink: TrafficSink | undefined;

const never = () => new Promise<never>(() => undefined);
const api = {
  info: async () => ({
    context: 'bench',
    server: 'https://bench',
    version: '1.36',
    gitVersion: 'v1.36.0',
    minor: 36,
    enforcer: 'cilium',
    enforcerEvidence: 'bench',
  }),
  identity: async () => ({ username: 'bench', groups: [], extra: {}, impersonating: false }),
  read: async () => undefined,
  list: async () => [],
  workload: async () => undefined,
  create: never,
  clock: { now: () => Date.now(), error: 0, offset: 0 },
};
const nothingForeign: Connection['foreign'] = async () => ({ objects: [], denied: [] });
const connection = {
  api,
  context: 'bench',
  demo: false,
  records: async function* () {},
  feed: {
    run: async ({ onEvents, onState }: Parameters<Connection['feed']['run']>[0]) => {
      onState('pods', { state: 'live' });
      onState('networkpolicies', { state: 'live' });
      listen = onEvents;
      await never();
    },
  },
  foreign: nothingForeign,
  traffic: async () => ({
    name: 'hubble',
    run: async (_context: unknown, given: TrafficSink) => {
      sink = given;
      given.state({ source: 'hubble', status: 'live', detail: 'bench', lost: 0 });
      await never();
    },
  }),
  dispose: async () => undefined,
} as unknown as Connection;

let written = performance.now();
const { stdin, terminal } = sinkTerminal(COLUMNS, ROWS, () => {
  written = performance.now();
});

const session = createSession({
  connect: async () => connection,
  contexts: async () => ({ names: ['bench'], current: 'bench' }),
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  version: 'bench',
  limits: DEFAULT_LIMITS,
  allNamespaces: true,
});
runApp({
  ...session,
  terminal,
  color: 'always',
  ascii: false,
  screenReader: false,
});
await session.start();
const began = performance.now();
listen(eventsOf(world));
sendFlows(5_000);
const settled = await quiet();

const phases: Record<string, object> = {
  attempts: await phase(['3'], ['j', 'k']),
  pods: await phase(['1'], ['j', 'k']),
  'pods filtered and sorted': await phase(['/', 'in:iso', '\r', 'A'], ['j', 'k']),
  policies: await phase(['\u001b', '2'], ['j', 'k']),
  'policies filtered by lint': await phase(['/', 'lint:', '\r'], ['j', 'k']),
  'a policy in detail': await phase(['\r'], ['q', '\r']),
  'the path of an attempt': await phase(['\u001b', '3', 's', 'd', 'e'], ['q', 'e']),
  'the grant form': await phase(['\u001b', 'g'], ['r', 'e']),
};
console.log(
  JSON.stringify(
    {
      size: `${COLUMNS}×${ROWS}`,
      loadedMs: Math.round(settled - began),
      phases,
      heapMegabytes: heap(),
      rssMegabytes: Math.round(process.memoryUsage().rss / 1e6),
    },
    null,
    1,
  ),
);
process.exit(0);

/** Some seconds of changes, a key every 150 ms. Opening keys are pressed before it begins. */
async function phase(open: readonly string[], keys: readonly string[]) {
  for (const key of open) {
    stdin.write(key);
    await setTimeout(150);
  }
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const latencies: number[] = [];
  const stop = new AbortController();
  const streams = [stream(stop.signal)];
  const turns = watchTurns(stop.signal);
  delay.enable();
  const start = process.cpuUsage();
  const until = performance.now() + SECONDS * 1_000;
  for (let at = 0; performance.now() < until; at += 1) {
    const pressed = performance.now();
    stdin.write(keys[at % keys.length] ?? 'j');
    while (written < pressed && performance.now() < pressed + 1_000) await setTimeout(1);
    latencies.push(performance.now() - pressed);
    await setTimeout(150);
  }
  const used = process.cpuUsage(start);
  delay.disable();
  stop.abort();
  await Promise.all(streams);
  const own = await turns;
  latencies.sort((a, b) => a - b);
  return {
    longestTurn: round(own),
    longestStall: round(delay.max / 1e6),
    stallP99: round(delay.percentile(99) / 1e6),
    keyP95: round(latencies[Math.floor(latencies.length * 0.95)] ?? 0),
    cpuPercent: Math.round((used.user + used.system) / (SECONDS * 10_000)),
  };
}

/** The most CPU that went into one turn of the event loop, ms: a stall without what other programs took meanwhile. */
async function watchTurns(signal: AbortSignal): Promise<number> {
  let longest = 0;
  let before = process.threadCpuUsage();
  while (!signal.aborted) {
    await setTimeout(1);
    const now = process.threadCpuUsage();
    longest = Math.max(longest, now.user + now.system - before.user - before.system);
    before = now;
  }
  return longest / 1_000;
}

/** 50 pod updates, 10 pods that come, go or change labels, 2 policies and 2,000 flows a second. */
async function stream(signal: AbortSignal): Promise<void> {
  for (let tick = 0; !signal.aborted; tick += 1) {
    const events: ClusterEvent[] = [];
    for (let index = 0; index < 5; index += 1) events.push(restarted());
    events.push(tick % 2 === 0 ? relabelled(tick) : replaced(tick));
    if (tick % 5 === 0) events.push(policyChange(tick));
    listen(events);
    sendFlows(200);
    await setTimeout(100);
  }
}

function place(): number {
  return random(pods.length);
}

function setPod(index: number, change: Partial<Pod>): ClusterEvent {
  const pod = pods[index] ?? never2();
  const object = { ...pod, ...change };
  pods[index] = object;
  return { type: 'set', kind: 'pods', source: 'bench', object };
}

function restarted(): ClusterEvent {
  return setPod(place(), { restarts: random(9) });
}

function relabelled(tick: number): ClusterEvent {
  const at = place();
  return setPod(at, { labels: { ...pods[at]?.labels, tier: tick % 4 === 0 ? 'web' : 'db' } });
}

/** A pod leaves the cluster's addresses, or is back. */
function replaced(tick: number): ClusterEvent {
  return setPod(place(), tick % 4 === 1 ? { phase: 'Succeeded' } : { phase: 'Running' });
}

function policyChange(tick: number): ClusterEvent {
  const round = Math.floor(tick / 10);
  const object = {
    ...policyAt(401 + (round % 18), `ns-${round % NAMESPACES}`, NAMESPACES, seeded(round)),
    name: `extra-${round}`,
  };
  if (tick % 10 === 0) return { type: 'set', kind: 'policies', source: 'bench', object };
  const home = object.namespace === undefined ? '' : `${object.namespace}/`;
  return { type: 'delete', kind: 'policies', source: 'bench', key: `${object.kind}/${home}${object.name}` };
}

function sendFlows(count: number): void {
  sink?.flows(Array.from({ length: count }, flow));
}

function flow(): Flow {
  const from = pods[random(700)] ?? never2();
  const to = pods[random(700)] ?? never2();
  return {
    time: Date.now(),
    seen: 'hubble',
    node: 'node-1',
    verdict: random(10) < 2 ? 'dropped' : 'forwarded',
    protocol: 'TCP',
    tcpFlags: ['SYN'],
    isReply: false,
    source: endOf(from, 32_768 + random(20_000)),
    destination: endOf(to, 8_080 + random(PORTS)),
    eventType: 5,
    direction: 'ingress',
    allowedBy: [],
    deniedBy: [],
  };
}

function endOf(pod: Pod, port: number): FlowEnd {
  const [ip] = pod.ips;
  const { namespace, name, labels, owner } = pod;
  return {
    ...(ip === undefined ? {} : { ip }),
    port,
    namespace,
    pod: name,
    labels,
    ...(owner === undefined ? {} : { workload: owner }),
  };
}

/** Waits until the first full picture is drawn and the app is idle again. */
async function quiet(): Promise<number> {
  for (;;) {
    const before = process.cpuUsage();
    await setTimeout(500);
    const used = process.cpuUsage(before);
    if (used.user + used.system < 100_000) return performance.now() - 500;
    if (performance.now() - began > 60_000) return performance.now();
  }
}

function heap(): number {
  globalThis.gc?.();
  return Math.round(process.memoryUsage().heapUsed / 1e6);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function never2(): never {
  throw new Error('the world is empty');
}
