import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Demo, startDemo } from '../../../src/demo/demo.ts';
import { toJsonResponse } from '../../../src/hubble/client/json-flow.ts';
import { decodeResponse } from '../../../src/hubble/wire/decoded.ts';
import { observerService, type WireFlow } from '../../../src/hubble/wire/protocol.ts';
import { eventually } from '../../helpers/eventually.ts';
import { type FakeHubble, flowResponse, startHubble } from '../../helpers/hubble/hubble-server.ts';
import { runProgram } from '../../helpers/program.ts';
import { runVerb } from '../../helpers/verb.ts';

let folder: string;
let demo: Demo;
let recording: string;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-flows-'));
  demo = await startDemo();
  await writeFile(join(folder, 'kubeconfig'), demo.kubeconfig);
  env = { KUBECONFIG: join(folder, 'kubeconfig'), XDG_CONFIG_HOME: folder };
  recording = join(folder, 'flows.jsonl');
  const old = Date.now() / 1_000 - 3_600;
  const lines = ['shop', 'shop', 'billing', 'shop'].map((namespace, index) =>
    recorded(namespace, index < 2 ? old : Date.now() / 1_000, `db-${index}`),
  );
  await writeFile(recording, `${lines.join('\n')}\n`);
});

afterAll(async () => {
  await demo.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A line of a recording: a pod of the namespace calls `name`. */
function recorded(namespace: string, seconds: number, name: string): string {
  const { responseSerialize } = observerService().GetFlows;
  const time = { seconds: Math.floor(seconds), nanos: 0 };
  const response = flowResponse({
    time,
    source: { namespace, pod_name: `web-${name}` },
    destination: { namespace, pod_name: name },
  });
  return JSON.stringify(toJsonResponse(decodeResponse(responseSerialize({ ...response, time }))));
}

/** Runs flows until it exits. */
const run = (...args: readonly string[]) => runVerb(['flows', ...args], env);

const names = (lines: readonly string[]) => lines.map((line) => /→ (?:[\w-]+\/)?(\S+)/.exec(line)?.[1]);
const destinations = (lines: readonly string[]) =>
  lines.map(
    (line) => (JSON.parse(line) as { flow: { destination: { pod_name: string } } }).flow.destination.pod_name,
  );

describe('a recording', () => {
  test('is read without --source', async () => {
    const { code, lines } = await run('--replay', recording);
    expect([code, names(lines).toSorted()]).toEqual([0, ['db-0', 'db-1', 'db-2', 'db-3']]);
  });

  test('is read even if HUBBLE_SERVER is set', async () => {
    const elsewhere = { ...env, HUBBLE_SERVER: '127.0.0.1:1' };
    const { code, lines } = await runVerb(['flows', '--replay', recording], elsewhere);
    expect(code).toBe(0);
    expect(lines).toHaveLength(4);
  });

  test.each<readonly [readonly string[], readonly string[]]>([
    [['-n', 'billing'], ['db-2']],
    [
      ['-n', 'billing', '-A'],
      ['db-0', 'db-1', 'db-2', 'db-3'],
    ],
    [
      ['--since', '10m'],
      ['db-2', 'db-3'],
    ],
    [
      ['--last', '3'],
      ['db-1', 'db-2', 'db-3'],
    ],
    [
      ['--last', '9'],
      ['db-0', 'db-1', 'db-2', 'db-3'],
    ],
    [
      ['--first', '2'],
      ['db-0', 'db-1'],
    ],
  ])('%j, as lines and raw', async (args, expected) => {
    const raw = await run('--replay', recording, '--raw', ...args);
    expect(destinations(raw.lines)).toEqual(expected);
    const told = await run('--replay', recording, ...args);
    expect(told.lines).toHaveLength(expected.length);
    expect([raw.code, told.code]).toEqual([0, 0]);
  });

  test.each([
    ['80', 4],
    ['80/tcp', 4],
    ['tcp/1-100', 4],
    ['80/udp', 0],
    ['5432', 0],
    ['icmp', 0],
  ])('is filtered by port %s', async (port, count) => {
    expect((await run('--replay', recording, '--port', port)).lines).toHaveLength(count);
  });

  test('cannot be filtered by the name of a port', async () => {
    const { code, errors } = await run('--replay', recording, '--port', 'http');
    expect(code).toBe(2);
    expect(errors).toContain('--port "http" is a name, and flows have numbers.');
  });

  test('can be recorded again, and the copy reads the same', async () => {
    const copy = join(folder, 'copy.jsonl');
    expect((await run('--replay', recording, '--record', copy)).code).toBe(0);
    expect(await readFile(copy, 'utf8')).toBe(
      (await run('--replay', copy, '--raw')).lines.join('\n').concat('\n'),
    );
    expect(destinations((await readFile(copy, 'utf8')).trim().split('\n'))).toHaveLength(4);
  });
});

test.each([
  [[], 'billing/web-db-2 → billing/db-2 :80/tcp'],
  [['-n', 'billing'], 'web-db-2 → db-2 :80/tcp'],
])('lines of %j name the namespaces that are not in view', async (args, path) => {
  const { lines } = await run('--replay', recording, '--to', 'billing/db-2', ...args);
  expect(lines).toEqual([expect.stringContaining(`allowed    ${path} `)]);
});

describe('a drop with one allowed half', () => {
  const meant = { IP: { source: '10.0.0.1', destination: '10.0.0.2' } };
  const syn = { TCP: { source_port: 41_000, destination_port: 5_432, flags: { SYN: true } } };
  const out = [{ name: 'web-out', namespace: 'shop' }];
  const dropped = {
    verdict: 'DROPPED',
    drop_reason_desc: 'POLICY_DENIED',
    traffic_direction: 'INGRESS',
  } as const;

  test.each([
    ['names the policy that denies it', [{ name: 'never', namespace: 'shop' }], 'shop/never denies it'],
    ['names no policy if the flow names none that denies it', [], 'policy denied'],
  ])('%s, as a line and as JSON', async (_, ingress_denied_by, why) => {
    const file = join(folder, 'halves.jsonl');
    const seconds = Math.floor(Date.now() / 1_000);
    const { responseSerialize } = observerService().GetFlows;
    const flows: readonly WireFlow[] = [
      { verdict: 'FORWARDED', traffic_direction: 'EGRESS', event_type: { type: 5 }, egress_allowed_by: out },
      { ...dropped, event_type: { type: 5 }, ingress_denied_by },
      { ...dropped, event_type: { type: 1, sub_type: 133 } },
    ];
    const lines = flows.map((flow, index) => {
      const time = { seconds, nanos: index * 1_000_000 };
      const response = flowResponse({ ...meant, l4: syn, trace_observation_point: 0, ...flow, time });
      return JSON.stringify(toJsonResponse(decodeResponse(responseSerialize({ ...response, time }))));
    });
    await writeFile(file, `${lines.join('\n')}\n`);
    const told = await run('--replay', file);
    expect(told.lines).toEqual([expect.stringMatching(new RegExp(`dropped .* {3}${why}$`))]);
    const [json] = (await run('--replay', file, '-o', 'json')).lines;
    expect(JSON.parse(json ?? '')).toMatchObject({ verdict: 'drop', why, allowedBy: [{ name: 'web-out' }] });
  });
});

describe('an option without effect is rejected in one sentence, with a next step', () => {
  test.each<readonly [readonly string[], RegExp]>([
    [['--source', 'probe', '--since', '5m'], /--since needs Hubble/],
    [['--source', 'probe', '--last', '5'], /--last needs Hubble/],
    [['--source', 'probe', '--raw'], /--raw needs Hubble/],
    [['--source', 'probe', '--record', 'x'], /--record needs Hubble/],
    [['--source', 'probe', '--replay', 'x'], /--replay can't be used with --source probe/],
    [['--source', 'probe', '--tls'], /--tls has no effect with --source probe/],
    [['--replay', 'x', '--hubble-namespace', 'y'], /--hubble-namespace has no effect with --source replay/],
    [['--replay', 'x', '-f'], /--follow can't be used with a recording/],
    [['--raw', '--verdict', 'drop'], /--verdict can't be used with --raw/],
    [['--raw', '-o', 'yaml'], /--raw can't be used with -o yaml/],
  ])('%j', async (args, says) => {
    const { code, errors, lines } = await run(...args);
    expect([code, lines]).toEqual([2, []]);
    expect(errors).toMatch(says);
    expect(errors).toMatch(/^sluice: [^\n]+\.\n {8}\S[^\n]*\.\n$/);
  });
});

describe('writing', () => {
  test('a full disk ends the verb with the file and the reason', async () => {
    const { code, errors } = await run('--replay', recording, '--record', '/dev/full');
    expect(code).toBe(1);
    expect(errors).toMatch(/^sluice: Unable to continue writing \/dev\/full: ENOSPC/);
  });

  test('an output that cannot be written is a failure', async () => {
    const child = spawn(
      'sh',
      ['-c', `"$0" dist/sluice.js flows --replay "$1" > /dev/full`, process.execPath, recording],
      {
        env: { ...process.env, ...env },
      },
    );
    let errors = '';
    child.stderr.on('data', (data: Buffer) => {
      errors += data.toString();
    });
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(1);
    expect(errors).toMatch(/^sluice: Unable to write the output: ENOSPC/);
  });

  test('a reader that goes away ends the verb quietly with exit code 0', async () => {
    const hubble = await startHubble((call) => {
      const timer = setInterval(() => call.write(flowResponse()), 20);
      call.on('cancelled', () => clearInterval(timer));
    });
    const child = spawn(
      process.execPath,
      ['dist/sluice.js', 'flows', '-f', '--raw', '--hubble-server', hubble.address],
      {
        env: { ...process.env, ...env },
      },
    );
    let errors = '';
    child.stderr.on('data', (data: Buffer) => {
      errors += data.toString();
    });
    child.stdout.once('data', () => child.stdout.destroy());
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
    expect(errors).toBe('');
    hubble.stop();
  });

  test('a slow reader applies backpressure to the server, and loses nothing', async () => {
    const wish = 8_000;
    let sent = 0;
    let held = 0;
    const hubble: FakeHubble = await startHubble((call) => {
      const pump = () => {
        while (sent < wish) {
          sent += 1;
          if (!call.write(flowResponse())) {
            held += 1;
            call.once('drain', pump);
            return;
          }
        }
      };
      pump();
    });
    const child = spawn(
      process.execPath,
      ['dist/sluice.js', 'flows', '-f', '--raw', '--first', String(wish), '--hubble-server', hubble.address],
      { env: { ...process.env, ...env } },
    );
    child.stdout.pause();
    await eventually(() => expect(held).toBeGreaterThan(0));
    let before = -1;
    await eventually(async () => {
      const was = before;
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(sent).toBe(was);
    });
    expect(sent).toBeLessThan(wish / 2);
    let lines = 0;
    child.stdout.on('data', (data: Buffer) => {
      for (const byte of data) if (byte === 0x0a) lines += 1;
    });
    child.stdout.resume();
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
    expect(lines).toBe(wish);
    hubble.stop();
  });
});

describe('past flows (HUB-40)', () => {
  /** A server that remembers this many flows, and whose following streams stay silent. */
  const remembering = (count: number) => {
    const flows = Array.from({ length: count }, (_, index) =>
      flowResponse({ destination: { namespace: 'shop', pod_name: `db-${index}` } }),
    );
    return startHubble((call) => {
      const { follow, first, number } = call.request;
      if (follow === true) return;
      const limit = number === undefined ? count : Number(number);
      for (const flow of first === true ? flows.slice(0, limit) : flows.slice(-limit)) call.write(flow);
      call.end();
    });
  };
  const numbered = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => `db-${from + index}`);

  test.each<readonly [readonly string[], number, readonly string[]]>([
    [[], 3, numbered(0, 2)],
    [[], 30, numbered(10, 29)],
    [['--verdict', 'drop'], 3, []],
    [['--to', 'db-4'], 30, ['db-4']],
    [['--last', '1000'], 3, numbered(0, 2)],
    [['--last', '2'], 3, numbered(1, 2)],
    [['--since', '5m'], 3, numbered(0, 2)],
    [['--first', '5'], 3, numbered(0, 2)],
    [['--first', '2'], 3, numbered(0, 1)],
  ])('flows %j of %i that a server remembers end with %j', async (args, count, expected) => {
    const hubble = await remembering(count);
    const { code, lines, errors } = await run('-A', '--hubble-server', hubble.address, ...args);
    expect([code, names(lines), errors]).toEqual([0, expected, '']);
    expect(hubble.requests.filter(({ follow }) => follow === true)).toEqual([]);
    hubble.stop();
  });

  test.each<readonly [readonly string[], readonly string[]]>([
    [[], numbered(10, 29)],
    [['--last', '1000'], numbered(0, 29)],
    [['--first', '2'], numbered(0, 1)],
  ])('raw flows %j end with %j', async (args, expected) => {
    const hubble = await remembering(30);
    const { code, lines } = await run('-A', '--raw', '--hubble-server', hubble.address, ...args);
    expect([code, destinations(lines)]).toEqual([0, expected]);
    hubble.stop();
  });

  test('of a cluster end too, as lines and raw', async () => {
    for (const raw of [[], ['--raw']]) {
      const { code, lines, errors } = await run('-n', 'shop', '--last', '50', ...raw);
      expect([code, errors]).toEqual([0, '']);
      expect(lines.length).toBeGreaterThan(0);
    }
  });
});

describe('a cluster', () => {
  test('is followed through its Relay, which is found and forwarded', async () => {
    const { code, lines, errors } = await run('-f', '-n', 'shop', '--first', '1');
    expect([code, errors]).toEqual([0, '']);
    expect(names(lines)).toHaveLength(1);
  });

  test('a namespace limits the flows of --hubble-server', async () => {
    const hubble = await startHubble((call) => {
      const timer = setInterval(() => {
        call.write(flowResponse({ destination: { namespace: 'billing', pod_name: 'db-0' } }));
        call.write(
          flowResponse({
            source: { namespace: 'a', pod_name: 'x' },
            destination: { namespace: 'a', pod_name: 'y' },
          }),
        );
      }, 50);
      call.on('cancelled', () => clearInterval(timer));
    });
    const server = ['-f', '--hubble-server', hubble.address];
    const { lines } = await run(...server, '-n', 'billing', '--raw', '--first', '3');
    expect(destinations(lines)).toEqual(['db-0', 'db-0', 'db-0']);
    const told = await run(...server, '-n', 'billing', '--first', '1');
    expect(names(told.lines)).toEqual(['db-0']);
    hubble.stop();
  });

  test('a permanent failure of the source after all lists are loaded ends the verb with the reason', async () => {
    const listed = Promise.withResolvers<void>();
    const refuse = { code: status.UNIMPLEMENTED, details: 'unknown service' };
    const hubble = await startHubble((call) => call.end(), {
      handlers: { ServerStatus: (_, answer) => void listed.promise.then(() => answer(refuse)) },
    });
    const viewer = join(folder, 'viewer');
    const rules = [
      { verbs: ['get', 'list'], groups: ['*'], resources: ['*'] },
      { verbs: ['create'], groups: ['authentication.k8s.io', 'authorization.k8s.io'], resources: ['*'] },
    ];
    await writeFile(viewer, demo.faults.addUser({ username: 'viewer', rules }));
    const program = runProgram(
      ['flows', '-f', '--kubeconfig', viewer, '--hubble-server', hubble.address],
      env,
    );
    await eventually(() =>
      expect(program.errors()).toMatch(
        /^sluice: (\S+): User "viewer" cannot watch \1 at the cluster scope; listing every 30s instead$/m,
      ),
    );
    listed.resolve();
    expect(await program.ended).toBe(1);
    expect(program.errors()).toMatch(/^sluice: The Hubble server .* is not a Hubble server\.$/m);
    expect(program.errors().match(/cannot watch/g)).toHaveLength(1);
    hubble.stop();
  });
});
