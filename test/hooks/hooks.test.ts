import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openAuditLog } from '../../src/audit/log.ts';
import { HOOK_EVENTS, type Hook } from '../../src/core/common/common.ts';
import { createHooks, type HooksOptions } from '../../src/hooks/hooks.ts';
import { auditEntry, inFolder as inNewFolder } from '../helpers/audit/audit-entries.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Reply, type ScriptedServer, scriptedServer } from '../helpers/servers/scripted-server.ts';

const on = HOOK_EVENTS;
const RUNNER = join(import.meta.dirname, '../helpers/hooks/hook-runner.ts');

const open: (() => Promise<unknown>)[] = [];
afterEach(() => void vi.unstubAllEnvs());

/** A folder for a test, removed once all that it opened is closed. */
const inFolder = (use: (folder: string) => Promise<void>) =>
  inNewFolder(async (folder) => {
    try {
      await use(folder);
    } finally {
      for (const close of open.splice(0).reverse()) await close();
    }
  });

async function server(reply: Reply): Promise<ScriptedServer> {
  const started = await scriptedServer(reply);
  open.push(() => started.close());
  return started;
}

const taken: Reply = (_, response) => void response.writeHead(204).end();

/** Hooks at work, and what they said went wrong. */
function hooksIn(folder: string, hooks: readonly Hook[], more: Partial<HooksOptions> = {}) {
  const problems: string[] = [];
  const made = createHooks({ hooks, directory: join(folder, 'hooks'), backOff: 1, ...more });
  const log = () =>
    openAuditLog({
      directory: join(folder, 'audit'),
      cluster: 'prod',
      version: '1',
      follower: made.follow('prod'),
    });
  const start = () => made.start((message, hint) => problems.push(`${message} ${hint}`), 'prod', log);
  return { made, problems, log, start };
}

/** A grant on record, told to a hook at `url`. */
async function told(folder: string, hook: Hook, more: Partial<HooksOptions> = {}) {
  const run = hooksIn(folder, [hook], more);
  open.push(() => run.made.dispose());
  run.start();
  const record = await (await run.log()).append(granted());
  return { ...run, record };
}

const granted = () => auditEntry({ type: 'granted', outcome: 'open until noon', time: Date.now() });

const waiting = (folder: string) => readdir(join(folder, 'hooks/queue')).catch(() => []);

/** What is not delivered: what waits, and what some process is delivering. */
async function left(folder: string) {
  const below = await readdir(join(folder, 'hooks'), { recursive: true }).catch(() => []);
  return below.filter((name) => name.endsWith('.json'));
}

const ids = ({ requests }: ScriptedServer) =>
  requests.map(({ body }) => (JSON.parse(body) as { id: string }).id);

describe('a web address', () => {
  test('gets a record as a CloudEvent, signed over time and body, with an id to tell it by', () =>
    inFolder(async (folder) => {
      const to = await server(taken);
      await writeFile(join(folder, 'secret'), 'hush\n');
      const { record, problems } = await told(folder, {
        webhook: `${to.url}/x`,
        secret: { file: join(folder, 'secret') },
        on,
      });
      await eventually(() => expect(to.requests).toHaveLength(1));
      const [{ method = '', headers = {}, body = '' } = {}] = to.requests;
      expect(method).toBe('POST');
      expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
      expect(headers['sluice-id']).toBe(record.hash);
      expect(JSON.parse(body)).toMatchObject({
        specversion: '1.0',
        id: record.hash,
        type: 'dev.sluice.grant.granted',
        subject: 'grants/g1',
        data: { type: 'granted', outcome: 'open until noon' },
      });
      const [, time = '', mac] = /^t=(\d+),v1=([\da-f]{64})$/.exec(String(headers['sluice-signature'])) ?? [];
      expect(mac).toBe(createHmac('sha256', 'hush').update(`${time}.${body}`).digest('hex'));
      expect(Math.abs(Number(time) * 1_000 - Date.now())).toBeLessThan(600_000);
      await eventually(async () => expect(await left(folder)).toEqual([]));
      expect(problems).toEqual([]);
    }));

  test('is not told of events that it did not ask for', () =>
    inFolder(async (folder) => {
      const to = await server(taken);
      const { log } = await told(folder, { webhook: to.url, on: ['ended'] });
      await (await log()).append(auditEntry({ type: 'revoked', time: Date.now() }));
      await eventually(() => expect(to.requests).toHaveLength(1));
      expect(to.requests[0]?.body).toContain('dev.sluice.grant.ended');
    }));

  test('that is down at first is tried again until it is up, and told of once', () =>
    inFolder(async (folder) => {
      const gone = createServer().listen(0, '127.0.0.1');
      await once(gone, 'listening');
      const { port } = gone.address() as AddressInfo;
      gone.close();
      await once(gone, 'close');
      const run = await told(folder, { webhook: `http://127.0.0.1:${port}`, on });
      await eventually(() => expect(run.problems).toHaveLength(1));
      expect(run.problems[0]).toMatch(
        new RegExp(`^The hook 127\\.0\\.0\\.1:${port} could not be reached: ECONNREFUSED\\. Check hooks in `),
      );
      const bodies: string[] = [];
      const back = createServer((request, response) => {
        request.on('data', (data: Buffer) => bodies.push(data.toString()));
        request.on('end', () => response.end());
      }).listen(port, '127.0.0.1');
      open.push(async () => back.close());
      await eventually(async () => expect(await left(folder)).toEqual([]));
      expect(bodies).toHaveLength(1);
      expect(run.problems).toHaveLength(1);
    }));

  test.each([
    [500, {}],
    [401, {}],
    [404, {}],
    [429, { 'retry-after': '0' }],
    [503, { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }],
    [302, { location: '/elsewhere' }],
  ])(
    'that answers %i is told the same again, under the same id, where it was told before',
    (status, headers) =>
      inFolder(async (folder) => {
        const to = await server((_, response, index) => {
          response.writeHead(index === 0 ? status : 200, headers).end();
        });
        const { record, problems } = await told(folder, { webhook: `${to.url}/here`, on });
        await eventually(async () => {
          expect(to.requests).toHaveLength(2);
          expect(await left(folder)).toEqual([]);
        });
        expect(ids(to)).toEqual([record.hash, record.hash]);
        expect(to.requests.map(({ path }) => path)).toEqual(['/here', '/here']);
        expect(problems).toEqual([expect.stringContaining(`answered ${status}`)]);
      }),
  );

  test('is left alone for as long as its Retry-After says', () =>
    inFolder(async (folder) => {
      const to = await server((_, response) => void response.writeHead(429, { 'retry-after': '3600' }).end());
      const { problems, made } = await told(folder, { webhook: to.url, on });
      await eventually(() => expect(problems).toHaveLength(1));
      // Nothing is tried on the way out either: what waits is for the next start.
      await made.dispose();
      expect(to.requests).toHaveLength(1);
      expect(await waiting(folder)).toHaveLength(1);
    }));

  test.each([400, 413, 422])('that answers %i is not told it again, and told the next', (status) =>
    inFolder(async (folder) => {
      const to = await server(
        (_, response, index) => void response.writeHead(index === 0 ? status : 200).end(),
      );
      const { log, record, problems } = await told(folder, { webhook: to.url, on });
      const next = await (await log()).append(granted());
      await eventually(() => expect(ids(to)).toEqual([record.hash, next.hash]));
      expect(problems).toEqual([expect.stringMatching(`answered ${status}, and did not get ${record.hash}`)]);
    }),
  );

  test.each([
    ['env', { env: 'SLUICE_TEST_NO_SECRET' }, 'has no secret: SLUICE_TEST_NO_SECRET is not set'],
    ['file', { file: '/nowhere/secret' }, 'has no secret: ENOENT'],
  ])('whose secret is missing (%s) is told nothing unsigned', (_, secret, why) =>
    inFolder(async (folder) => {
      const to = await server(taken);
      const { problems } = await told(folder, { webhook: to.url, secret, on });
      await eventually(() => expect(problems).toEqual([expect.stringContaining(why)]));
      expect(to.requests).toEqual([]);
    }),
  );

  test('gets the secret from the environment as it is at that time', () =>
    inFolder(async (folder) => {
      vi.stubEnv('SLUICE_TEST_SECRET', 'one');
      const to = await server(taken);
      await told(folder, { webhook: to.url, secret: { env: 'SLUICE_TEST_SECRET' }, on });
      await eventually(() => expect(to.requests).toHaveLength(1));
      const [{ headers = {}, body = '' } = {}] = to.requests;
      const [, time = '', mac] = /^t=(\d+),v1=(.*)$/.exec(String(headers['sluice-signature'])) ?? [];
      expect(mac).toBe(createHmac('sha256', 'one').update(`${time}.${body}`).digest('hex'));
    }));

  test('that never answers does not hold up the end of the process, and is told at the next start', () =>
    inFolder(async (folder) => {
      const to = await server((_, response, index) => {
        if (index > 0) response.end();
      });
      const hook: Hook = { webhook: to.url, on };
      const first = hooksIn(folder, [hook]);
      first.start();
      const record = await (await first.log()).append(granted());
      await eventually(() => expect(to.requests).toHaveLength(1));
      await first.made.dispose();
      expect(await waiting(folder)).toHaveLength(1);
      const next = hooksIn(folder, [hook]);
      open.push(() => next.made.dispose());
      next.start();
      await eventually(() => expect(ids(to)).toEqual([record.hash, record.hash]));
      expect([...first.problems, ...next.problems]).toEqual([]);
    }));
});

describe('a program', () => {
  /** A program that appends its stdin to a file, and exits with the codes that it is given, one after the other. */
  async function program(folder: string, ...codes: readonly number[]) {
    const path = join(folder, 'hook.mjs');
    const out = join(folder, 'out');
    await writeFile(out, '');
    await writeFile(
      path,
      `import { appendFileSync, readFileSync } from 'node:fs';
const earlier = readFileSync(${JSON.stringify(out)}, 'utf8').split('\\n').length - 1;
appendFileSync(${JSON.stringify(out)}, readFileSync(0, 'utf8') + '\\n');
console.error('first\\nno good.');
process.exit(${JSON.stringify(codes)}[earlier] ?? 0);`,
    );
    const lines = async () => (await readFile(out, 'utf8')).split('\n').filter((line) => line !== '');
    return { exec: [process.execPath, path] as const, lines };
  }

  test('gets the same document on its stdin', () =>
    inFolder(async (folder) => {
      const { exec, lines } = await program(folder);
      const { record } = await told(folder, { exec, on });
      await eventually(async () => expect(await lines()).toHaveLength(1));
      expect(JSON.parse((await lines())[0] ?? '')).toMatchObject({
        id: record.hash,
        data: { type: 'granted' },
      });
      await eventually(async () => expect(await left(folder)).toEqual([]));
    }));

  test('that fails is run again, and told of once with its last words', () =>
    inFolder(async (folder) => {
      const { exec, lines } = await program(folder, 3, 4);
      const { problems } = await told(folder, { exec, on });
      await eventually(async () => expect(await lines()).toHaveLength(3));
      await eventually(async () => expect(await left(folder)).toEqual([]));
      expect(problems).toEqual([expect.stringMatching(/^The hook .* exited with 3: no good\. /)]);
    }));

  test('that is not there is told once', () =>
    inFolder(async (folder) => {
      const { problems } = await told(folder, { exec: [join(folder, 'gone')], on });
      await eventually(() =>
        expect(problems).toEqual([expect.stringMatching(/gone could not be run: .*ENOENT/)]),
      );
    }));

  test('that does not read its stdin is no failure', () =>
    inFolder(async (folder) => {
      const { problems, log } = await told(folder, { exec: ['true'], on });
      await (await log()).append(auditEntry({ ...granted(), outcome: 'x'.repeat(1_000_000) }));
      await eventually(async () => expect(await left(folder)).toEqual([]));
      expect(problems).toEqual([]);
    }));

  test('that hangs is ended with what it started when the process ends', () =>
    inFolder(async (folder) => {
      const pids = join(folder, 'pids');
      const script = `sleep 1000 & echo $! > ${pids}.new; mv ${pids}.new ${pids}; wait`;
      const { made } = await told(folder, { exec: ['sh', '-c', script], on });
      const pid = await eventually(async () => Number(await readFile(pids, 'utf8')));
      await made.dispose();
      expect(await waiting(folder)).toHaveLength(1);
      await eventually(async () => {
        const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
        expect(state).toMatch(/\) Z/);
      });
    }));
});

describe('the queue', () => {
  test('is readable by its owner only', () =>
    inFolder(async (folder) => {
      const { log } = hooksIn(folder, [{ webhook: 'http://127.0.0.1:1', on }]);
      await (await log()).append(granted());
      const [name = ''] = await waiting(folder);
      expect((await stat(join(folder, 'hooks/queue', name))).mode & 0o777).toBe(0o600);
      expect((await stat(join(folder, 'hooks/queue'))).mode & 0o777).toBe(0o700);
    }));

  test('has a notice for each hook, and one that fails does not hold up another', () =>
    inFolder(async (folder) => {
      const to = await server(taken);
      const run = hooksIn(folder, [
        { exec: ['false'], on },
        { webhook: to.url, on },
      ]);
      open.push(() => run.made.dispose());
      run.start();
      const log = await run.log();
      await log.append(granted());
      await log.append(granted());
      await eventually(() => expect(to.requests).toHaveLength(2));
      expect(await left(folder)).toHaveLength(2);
    }));

  test('keeps the newest, and says how many are lost', () =>
    inFolder(async (folder) => {
      const { log, start, problems, made } = hooksIn(folder, [{ exec: ['false'], on }], { bound: 2 });
      const audit = await log();
      const [, , third, fourth] = await Promise.all([1, 2, 3, 4].map(() => audit.append(granted())));
      const kept = await Promise.all(
        (await waiting(folder)).sort().map((name) => readFile(join(folder, 'hooks/queue', name), 'utf8')),
      );
      expect(kept.map((text) => (JSON.parse(text) as { id: string }).id).sort()).toEqual(
        [third?.hash, fourth?.hash].sort(),
      );
      start();
      await eventually(() =>
        expect(problems[0]).toMatch(
          /^Notices for a hook are lost: more than 2 are waiting\. Check hooks in /,
        ),
      );
      await made.dispose();
    }));

  test('drops what nobody took for three days, and says so', () =>
    inFolder(async (folder) => {
      const to = await server(taken);
      const run = hooksIn(folder, [{ webhook: to.url, on }]);
      open.push(() => run.made.dispose());
      await (await run.log()).append({ ...granted(), time: Date.now() - 4 * 86_400_000 });
      const fresh = await (await run.log()).append(granted());
      run.start();
      await eventually(() => expect(ids(to)).toEqual([fresh.hash]));
      expect(run.problems).toEqual([expect.stringMatching(/^Notices for a hook are lost: nobody took/)]);
    }));

  test('says nothing of what was on record before there were hooks', () =>
    inFolder(async (folder) => {
      const to = await server(taken);
      const before = await openAuditLog({ directory: join(folder, 'audit'), cluster: 'prod', version: '1' });
      await before.append(granted());
      const { record } = await told(folder, { webhook: to.url, on });
      await eventually(() => expect(ids(to)).toEqual([record.hash]));
    }));

  test('gets what a process recorded and could not queue before it died, at the next start', () =>
    inFolder(async (folder) => {
      const to = await server(taken);
      const hook: Hook = { webhook: to.url, on };
      const first = await (await hooksIn(folder, [hook]).log()).append(granted());
      const dying = await openAuditLog({
        directory: join(folder, 'audit'),
        cluster: 'prod',
        version: '1',
        // As of a process that is killed once the record is on disk.
        follower: { last: async () => 1, take: async () => undefined },
      });
      const second = await dying.append(granted());
      const { made, start } = hooksIn(folder, [hook]);
      open.push(() => made.dispose());
      start();
      await eventually(() => expect(ids(to)).toEqual([first.hash, second.hash]));
    }));

  test('is emptied by eight processes at once, each notice by one of them', () =>
    inFolder(async (folder) => {
      const to = await server(taken);
      const hook: Hook = { webhook: to.url, on };
      const run = hooksIn(folder, [hook]);
      const log = await run.log();
      const hashes: string[] = [];
      for (let index = 0; index < 60; index += 1) hashes.push((await log.append(granted())).hash);
      const runners = Array.from({ length: 8 }, () => startRunner(folder, to.url));
      await Promise.all(runners.map((runner) => once(runner.stdout, 'data')));
      await eventually(async () => {
        expect(await left(folder)).toEqual([]);
        expect(to.requests.length).toBeGreaterThanOrEqual(60);
      });
      for (const runner of runners) runner.stdin.end();
      await Promise.all(runners.map((runner) => once(runner, 'close')));
      expect(ids(to).sort()).toEqual(hashes.sort());
      expect(await readdir(join(folder, 'hooks/claimed'))).toEqual([]);
    }));

  test('gets back what a killed process was delivering', () =>
    inFolder(async (folder) => {
      const to = await server((_, response, index) => {
        if (index > 0) response.end();
      });
      const hook: Hook = { webhook: to.url, on };
      const record = await (await hooksIn(folder, [hook]).log()).append(granted());
      const runner = startRunner(folder, to.url);
      await eventually(() => expect(to.requests).toHaveLength(1));
      runner.kill('SIGKILL');
      await once(runner, 'close');
      expect(await waiting(folder)).toEqual([]);
      const next = hooksIn(folder, [hook]);
      open.push(() => next.made.dispose());
      next.start();
      await eventually(() => expect(ids(to)).toEqual([record.hash, record.hash]));
      await eventually(async () => expect(await readdir(join(folder, 'hooks/claimed'))).toHaveLength(1));
    }));

  test('that can not be written is told once, and the record is on disk all the same', () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, 'hooks'), '');
      const run = hooksIn(folder, [{ exec: ['true'], on }]);
      run.start();
      const log = await run.log();
      await log.append(granted());
      expect((await log.append(granted())).seq).toBe(2);
      await run.made.dispose();
      expect(run.problems).toEqual([expect.stringContaining(`in ${join(folder, 'hooks')}: `)]);
    }));
});

test('what no record says is told once, however often it is said', () =>
  inFolder(async (folder) => {
    const { made } = hooksIn(folder, [{ exec: ['true'], on: ['opened'] }]);
    const { type: _, grant, ...rest } = granted();
    if (grant === undefined) throw new Error('no grant');
    const news = { ...rest, grant, type: 'opened' } as const;
    await made.tell(news, 'opened', 'prod');
    await made.tell(news, 'opened', 'prod');
    expect(await waiting(folder)).toHaveLength(1);
  }));

function startRunner(folder: string, url: string) {
  return spawn(process.execPath, [RUNNER, join(folder, 'hooks'), url], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}
