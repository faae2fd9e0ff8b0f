import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import { eventually } from '../helpers/eventually.ts';
import { runProgram } from '../helpers/program.ts';
import { runInPty } from '../helpers/pty-app.ts';
import {
  type Reply,
  type ScriptedServer,
  scriptedServer,
  unusedPort,
} from '../helpers/servers/scripted-server.ts';

let folder: string;
let demo: Demo;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-hooks-'));
  demo = await startDemo();
  await writeFile(join(folder, 'kubeconfig'), demo.kubeconfig);
});

afterEach(async () => {
  await demo.stop();
  await rm(folder, { recursive: true, force: true });
});

const env = () => ({
  KUBECONFIG: join(folder, 'kubeconfig'),
  XDG_STATE_HOME: folder,
  XDG_CONFIG_HOME: folder,
});

const sluice = (...args: readonly string[]) => runProgram(args, env());

const GRANT = ['grant', '--from', 'deploy/web', '--to', 'sts/db', '--port', '5432/tcp', '--reason', 'why'];

const grant = (...args: readonly string[]) =>
  sluice(...GRANT, ...args, '--hubble-server', demo.hubbleAddress, '-o', 'json');

async function configure(hooks: string): Promise<void> {
  await mkdir(join(folder, 'sluice'), { recursive: true });
  await writeFile(join(folder, 'sluice/config.yaml'), `hooks: [${hooks}]\n`);
}

async function withServer(reply: Reply, use: (server: ScriptedServer) => Promise<void>): Promise<void> {
  const server = await scriptedServer(reply);
  await configure(`{webhook: "${server.url}"}`);
  try {
    await use(server);
  } finally {
    await server.close();
  }
}

type Told = { id: string; type: string; data: { outcome: string; grant?: { id: string } } };

const told = (text: string) => JSON.parse(text) as Told;

const events = ({ requests }: ScriptedServer) =>
  requests.map(({ body }) => told(body).type.replace('dev.sluice.grant.', ''));

test('the life of a grant is told step by step: granted, opened, expiring, ended', () =>
  withServer(
    (_, response) => void response.end(),
    async (server) => {
      const program = grant('--for', '61s', '--wait');
      await eventually(() => expect(events(server).sort()).toEqual(['expiring', 'granted', 'opened']));
      program.process.kill('SIGINT');
      expect(await program.ended).toBe(130);
      expect(events(server).at(-1)).toBe('ended');
      expect(events(server)[0]).toBe('granted');
      const [{ id } = { id: '' }] = server.requests.map(({ body }) => told(body).data.grant ?? { id: '' });
      expect(server.requests.every(({ body }) => told(body).data.grant?.id === id)).toBe(true);
      expect(program.errors()).not.toContain('hook');
    },
  ));

test('a refusal is told', () =>
  withServer(
    (_, response) => void response.end(),
    async (server) => {
      const program = sluice(
        'grant',
        '--from',
        'deploy/api',
        '--to',
        'sts/db',
        '--port',
        '5432/tcp',
        '--for',
        '5m',
        '--reason',
        'x',
      );
      expect(await program.ended).toBe(1);
      expect(events(server)).toEqual(['refused']);
    },
  ));

test('what a killed process had on record is told once, by the next start', async () => {
  const port = await unusedPort();
  await configure(`{webhook: "http://127.0.0.1:${port}", on: [granted, ended]}`);
  const program = grant('--for', '10m', '--wait');
  await program.event('granted');
  await eventually(() =>
    expect(program.errors()).toContain(`WARNING: The hook 127.0.0.1:${port} could not be reached`),
  );
  program.process.kill('SIGKILL');
  await program.ended;
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    request.on('data', (data: Buffer) => bodies.push(data.toString()));
    request.on('end', () => response.end());
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  for (const verb of ['grants', 'grants']) expect(await sluice(verb).ended).toBe(0);
  server.close();
  expect(bodies.map((body) => told(body).type)).toEqual(['dev.sluice.grant.granted']);
});

test('a revoke is done, and said to be, while its hook has not answered', () =>
  withServer(
    (request, response) => {
      if (!told(request.body).type.endsWith('.ended')) response.end();
    },
    async (server) => {
      const made = grant('--for', '10m');
      const { id } = await made.event('granted');
      expect(await made.ended).toBe(0);
      const revoke = sluice('revoke', String(id));
      await eventually(() => expect(events(server)).toEqual(['granted', 'ended']));
      await eventually(() => expect(revoke.lines.join('\n')).toContain(`${String(id)} revoked`));
      expect(await revoke.ended).toBe(0);
      expect(revoke.errors()).toBe('');
      // The notice is still there for the next start.
      expect(await sluice('grants').ended).toBe(0);
      expect(events(server)).toEqual(['granted', 'ended', 'ended']);
    },
  ));

test('the app tells of a hook that fails, once', async () => {
  await configure('{exec: ["false"]}');
  const app = runInPty(['--hubble-server', demo.hubbleAddress], { env: env() });
  await app.shows(/✗ DROP +web +db/);
  app.press('3/^web db');
  app.press('\r');
  app.press('g');
  await app.shows(/dry-run accepted/);
  app.press('why\r');
  await app.shows(/The hook false exited with 1/);
  app.kill('SIGTERM');
  await app.ended;
});

test('the embedded cluster of the demo tells nobody', () =>
  withServer(
    (_, response) => void response.end(),
    async (server) => {
      const program = sluice('demo', '--plain');
      expect(await program.ended).toBe(0);
      expect(server.requests).toEqual([]);
    },
  ));
