/**
 * Measures five walks through `src` by what really runs, as few files and calls between them as possible being the aim:
 * `node scripts/house/walks.ts [--files]`.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { traceModules, type Walk, walkOf } from './trace.ts';

traceModules();
// What the app waits for does not keep a process alive.
const alive = setInterval(() => undefined, 1_000);
const { DEFAULT_LIMITS } = await import('../../src/core/common/limits.ts');
const { openDemo } = await import('../../src/cli/connect/compose.ts');
const { main } = await import('../../src/cli/cli.ts');
const { startDemo } = await import('../../src/demo/demo.ts');
const { createSession } = await import('../../src/session/session.ts');
const { fedConnection } = await import('../../test/helpers/fed-connection.ts');
const { eventsOf, seededWorld } = await import('../../test/bench/worlds.ts');
const { flow } = await import('../../test/helpers/flows.ts');

const clock = { now: () => Date.now(), monotonic: () => performance.now() };
const world = seededWorld({ pods: 60, policies: 12, namespaces: 4 });
const folder = await mkdtemp(join(tmpdir(), 'sluice-walks-'));
process.env.XDG_STATE_HOME = folder;

const OBJECTS = `
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {template: {metadata: {labels: {app: web}}, spec: {containers: []}}}}
---
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, namespace: shop}, spec: {template: {metadata: {labels: {app: db}}, spec: {containers: []}}}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: db-only-api, namespace: shop}, spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: 5432}]}]}}
`;

/** Waits until something is so; what is asked meanwhile runs outside the house. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setTimeout(2);
}

/** A session over a small cluster, with the cursor on its pods, that has come to rest. */
async function fedSession() {
  const fed = fedConnection();
  const session = createSession({
    connect: async () => fed.connection,
    contexts: async () => ({ names: ['fed'], current: 'fed' }),
    clock,
    version: 'walk',
    limits: DEFAULT_LIMITS,
    allNamespaces: true,
  });
  await session.start();
  fed.objects(eventsOf(world));
  const isSettled = () => {
    const { pods, policies } = session.store.getState();
    return pods.length === world.pods.length && policies.every(({ assessment }) => assessment !== undefined);
  };
  await until(isSettled);
  return { ...fed, session, state: () => session.store.getState() };
}

const labelOf = (pod: unknown) => (pod as { labels: Record<string, string> }).labels.app;

/** The way of one flow that no row is there for, from its source to the row on the screen. */
async function flowToRow(): Promise<Walk> {
  const { session, flows, state } = await fedSession();
  const walk = await walkOf(async () => {
    flows([flow({ time: Date.now(), verdict: 'dropped' })]);
    await until(() => session.visibleRows(state(), 'attempts').length > 0 && state().attempts[0]?.why !== '');
  });
  await session.dispose();
  return walk;
}

/** The way of one pod that changes its labels, to its row and the verdict of an attempt that it takes part in. */
async function podToRow(): Promise<Walk> {
  const { session, objects, flows, state } = await fedSession();
  const [pod] = world.pods;
  const end = { ...flow().source, namespace: pod?.namespace, pod: pod?.name, ip: pod?.ips[0] ?? '' };
  flows([flow({ time: Date.now(), verdict: 'dropped', destination: { ...end, port: 8080 } })]);
  await until(() => (state().attempts[0]?.why ?? '') !== '');
  const before = state().attempts[0];
  const walk = await walkOf(async () => {
    if (pod !== undefined)
      objects([{ type: 'set', kind: 'pods', source: 'bench', object: { ...pod, labels: { app: 'new' } } }]);
    await until(() =>
      session.visibleRows(state(), 'pods').some((row) => 'pod' in row && labelOf(row.pod) === 'new'),
    );
    await until(() => state().attempts[0] !== before);
  });
  await session.dispose();
  return walk;
}

/** From `g` on a dropped attempt to the policy that stands in the cluster. */
async function grantToPolicy(): Promise<Walk> {
  const demo = await startDemo();
  const session = createSession({
    connect: () => openDemo(demo, { output: 'table', source: 'hubble' }),
    contexts: async () => ({ names: ['demo'], current: 'demo' }),
    clock,
    version: 'walk',
    limits: DEFAULT_LIMITS,
    allNamespaces: false,
  });
  const state = () => session.store.getState();
  await session.start();
  session.commands.focus('attempts');
  session.commands.openFilter();
  session.commands.type({ type: 'insert', text: '^web db' });
  session.commands.confirm();
  await until(() => state().path.verdict?.verdict === 'deny');
  const walk = await walkOf(async () => {
    session.commands.openGrant();
    session.commands.type({ type: 'insert', text: 'walk' });
    session.commands.confirm();
    await until(() => state().grants.length > 0);
  });
  await session.dispose();
  await demo.stop();
  return walk;
}

/** A verb over three objects, from its arguments to its text. */
async function verb(...args: readonly string[]): Promise<Walk> {
  const manifests = join(folder, 'objects.yaml');
  await writeFile(manifests, OBJECTS);
  const output = { out: () => undefined, err: (text: string) => process.stderr.write(text) };
  return walkOf(() => main({ argv: [...args, '--manifests', manifests], output, interactive: false }));
}

const walks: Readonly<Record<string, Walk>> = {
  'flow → row': await flowToRow(),
  'pod event → row and verdict': await podToRow(),
  'g → policy in the cluster': await grantToPolicy(),
  'explain → text': await verb('explain', 'shop/web', 'shop/db', '--port', '5432'),
  'manifest → matrix line': await verb('matrix'),
};
console.log(
  `${'walk'.padEnd(30)}${'files'.padStart(6)}${'folders'.padStart(9)}${'hops'.padStart(6)}  most entered`,
);
for (const [name, { files, folders, hops, doors }] of Object.entries(walks)) {
  const most = doors.slice(0, 2).map(([file, count]) => `${file} from ${count}`);
  console.log(
    `${name.padEnd(30)}${String(files.length).padStart(6)}${String(folders.length).padStart(9)}${String(hops).padStart(6)}  ${most.join(', ')}`,
  );
  if (process.argv.includes('--files')) console.log(files.map((file) => `  ${file}`).join('\n'));
}
await rm(folder, { recursive: true });
clearInterval(alive);
process.exit();
