/**
 * What folding costs: `node test/bench/fold.ts`. Flows as Hubble sends them with sluice's filters: 5,000 rows, each
 * attempt two to four flows, three in ten dropped. Rows are asked for ten times a second of flow time at 20,000
 * flows a second, as the screen does. Prints one JSON object.
 */
import { EVENT, type Flow, type FlowEnd, TRACE } from '../../src/core/traffic/flow.ts';
import { createFold } from '../../src/core/traffic/fold.ts';

const RATE = 20_000;
const SECONDS = 15;
const WARM_UP = 5;
const WORKLOADS = 200;
const START = Date.UTC(2026, 0, 5, 10);

let seed = 42;

/** The same series on every run (mulberry32). */
function random(limit: number): number {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
}

function pod(workload: number, replica: number, port: number, isLocal: boolean): FlowEnd {
  return {
    ip: `10.${workload % 250}.${replica}.${(workload % 200) + 1}`,
    port,
    namespace: `team-${workload % 20}`,
    pod: `app-${workload}-7d9f4c6b5-${replica}`,
    labels: { app: `app-${workload}` },
    ...(isLocal ? { workload: { kind: 'Deployment', name: `app-${workload}` } } : {}),
  };
}

let uuid = 0;

function flow(time: number, more: Partial<Flow> & Pick<Flow, 'source' | 'destination'>): Flow {
  uuid += 1;
  return {
    uuid: `36a213ff-d5f4-447a-aa56-${uuid.toString(16).padStart(12, '0')}`,
    time,
    seen: 'hubble',
    node: `node-${random(3)}`,
    verdict: 'forwarded',
    protocol: 'TCP',
    tcpFlags: ['SYN'],
    isReply: false,
    allowedBy: [],
    deniedBy: [],
    ...more,
  };
}

/** The flows of one attempt. */
function attempt(time: number): Flow[] {
  const from = random(WORKLOADS);
  const to = (from + 1 + random(25)) % WORKLOADS;
  const ports = [32_768 + random(28_000), 8_080] as const;
  const [replicaFrom, replicaTo] = [random(5), random(5)];
  const near = {
    source: pod(from, replicaFrom, ports[0], true),
    destination: pod(to, replicaTo, ports[1], false),
  };
  const far = {
    source: pod(from, replicaFrom, ports[0], false),
    destination: pod(to, replicaTo, ports[1], true),
  };
  const egress = flow(time, { ...near, direction: 'egress', eventType: EVENT.policyVerdict });
  if (random(10) < 3) {
    const drop = {
      ...far,
      verdict: 'dropped',
      direction: 'ingress',
      isReply: undefined,
      dropReason: { code: 133, text: 'Policy denied' },
    } as const;
    return [
      egress,
      flow(time + 1, { ...drop, eventType: EVENT.policyVerdict }),
      flow(time + 1, { ...drop, eventType: EVENT.drop, eventSubType: 133 }),
    ];
  }
  const trace = { eventType: EVENT.trace, eventSubType: TRACE.toEndpoint };
  const { source, destination } = near;
  return [
    egress,
    flow(time + 1, {
      ...far,
      direction: 'ingress',
      eventType: EVENT.policyVerdict,
      allowedBy: [{ name: 'web' }],
    }),
    flow(time + 1, { ...far, ...trace, direction: 'ingress' }),
    flow(time + 2, {
      source: destination,
      destination: source,
      ...trace,
      isReply: true,
      tcpFlags: ['SYN', 'ACK'],
    }),
  ];
}

/** The flows of a tenth of a second. */
function batchAt(time: number): Flow[] {
  const flows: Flow[] = [];
  while (flows.length < RATE / 10) flows.push(...attempt(time));
  return flows;
}

/** CPU used so far, ms. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

const before = heap();
const fold = createFold();
let adding = 0;
let listing = 0;
const costs: number[] = [];
let flows = 0;
for (let index = 0; index < SECONDS * 10; index += 1) {
  const now = START + index * 100;
  const batch = batchAt(now);
  const began = cpu();
  fold.add(batch, now);
  const added = cpu();
  fold.rows(now);
  fold.attempts();
  const listed = cpu();
  if (index < WARM_UP * 10) continue;
  flows += batch.length;
  adding += added - began;
  listing += listed - added;
  costs.push(listed - began);
}
const foldMiB = heap() - before;
console.log(
  JSON.stringify({
    bench: 'fold',
    flows,
    rows: fold.rows(START + SECONDS * 1_000).length,
    usPerFlow: round((adding * 1_000) / flows),
    msPerList: round(listing / ((SECONDS - WARM_UP) * 10)),
    coreAt20kPerSecond: round((adding + listing) / ((SECONDS - WARM_UP) * 1_000)),
    batchP50Ms: round(quantile(0.5)),
    batchP95Ms: round(quantile(0.95)),
    foldMiB: round(foldMiB),
    forgotten: fold.forgotten(),
  }),
);

function quantile(share: number): number {
  return costs.sort((one, other) => one - other)[Math.floor(costs.length * share)] ?? 0;
}

/** Heap in use, MiB; exact only with `--expose-gc`. */
function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
