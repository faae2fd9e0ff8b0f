import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import { expectRefused } from '../helpers/bad-input.ts';
import { eventually } from '../helpers/eventually.ts';
import { runProgram } from '../helpers/program.ts';
import { runVerb } from '../helpers/verb.ts';

let folder: string;
let demo: Demo;
let deaf: Server;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-bad-'));
  demo = await startDemo();
  await writeFile(join(folder, 'demo.kubeconfig'), demo.kubeconfig);
  deaf = createServer((socket) => socket.end('not http\n')).listen(0, '127.0.0.1');
  const broken = (user: string, server = 'http://127.0.0.1:1') =>
    `apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{name: c, cluster: {server: "${server}"}}]\ncontexts: [{name: c, context: {cluster: c, user: u, namespace: shop}}]\nusers: [{name: u, user: ${user}}]\n`;
  await writeFile(join(folder, 'nobody-home.kubeconfig'), broken('{token: x}'));
  const plugin =
    '{exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin-here, interactiveMode: Never}}';
  await writeFile(join(folder, 'plugin.kubeconfig'), broken(plugin, 'https://127.0.0.1:1'));
  const server = /server: (\S+)/.exec(demo.kubeconfig)?.[1]?.replaceAll('"', '') ?? '';
  await writeFile(join(folder, 'expired.kubeconfig'), broken('{}', `${server}/as/expired`));
});

afterAll(async () => {
  await demo.stop();
  deaf.close();
  await rm(folder, { recursive: true, force: true });
});

const grant = (...change: readonly string[]) => {
  const options = new Map([
    ['--from', 'deploy/web'],
    ['--to', 'sts/db'],
    ['--port', '5432/tcp'],
    ['--for', '10s'],
    ['--reason', 'test'],
  ]);
  for (let index = 0; index < change.length; index += 2)
    options.set(change[index] ?? '', change[index + 1] ?? '');
  return ['grant', '--source', 'probe', ...[...options].flat()];
};

type Case = readonly [name: string, args: readonly string[], config: string, code: number, says: RegExp];

const CASES: readonly Case[] = [
  ['no kubeconfig', ['grants'], 'nothing-here', 2, /nothing-here/],
  ['unreachable server', ['grants'], 'nobody-home.kubeconfig', 1, /127\.0\.0\.1:1/],
  ['expired credentials', ['grants'], 'expired.kubeconfig', 1, /credentials|token/i],
  ['exec plug-in missing', ['grants'], 'plugin.kubeconfig', 1, /no-such-plugin-here/],
  ['no such context', ['grants', '--context', 'dem'], 'demo.kubeconfig', 2, /"?dem"?/],
  ['--for 0', grant('--for', '0'), 'demo.kubeconfig', 2, /"0"/],
  ['--for 400h', grant('--for', '400h'), 'demo.kubeconfig', 2, /"400h".*8h/],
  ['--port 70000', grant('--port', '70000'), 'demo.kubeconfig', 2, /70000/],
  ['unknown pod', ['explain', 'pod/wep', 'sts/db', '--port', '5432/tcp'], 'demo.kubeconfig', 1, /wep/],
  ['a range too wide', grant('--port', '1-2000'), 'demo.kubeconfig', 2, /1-2000.* 2000 ports.*1024/],
  ['a range backwards', grant('--port', '90-80'), 'demo.kubeconfig', 2, /"90-80" ends before it starts/],
  [
    'no CIDR',
    grant('--to', '198.51.100.0/33'),
    'demo.kubeconfig',
    2,
    /"198\.51\.100\.0\/33" is not a valid CIDR/,
  ],
  [
    'a CIDR with host bits',
    grant('--to', '198.51.100.7/24'),
    'demo.kubeconfig',
    2,
    /"198\.51\.100\.7\/24" is not/,
  ],
  [
    'everything outside',
    grant('--from', 'deploy/cart', '--to', '0.0.0.0/0'),
    'demo.kubeconfig',
    1,
    /0\.0\.0\.0\/0 is wider than \/8/,
  ],
  [
    'a block of pods',
    grant('--from', 'deploy/cart', '--to', '10.1.0.0/24'),
    'demo.kubeconfig',
    1,
    /10\.1\.0\.0\/24 holds addresses of pods/,
  ],
  [
    'a block of Services',
    grant('--from', 'deploy/cart', '--to', '10.96.0.0/16'),
    'demo.kubeconfig',
    1,
    /10\.96\.0\.0\/16 holds addresses of Services/,
  ],
  [
    'a block of nodes',
    grant('--from', 'deploy/cart', '--to', '192.168.10.0/28'),
    'demo.kubeconfig',
    1,
    /192\.168\.10\.0\/28 holds addresses of nodes/,
  ],
  [
    'addresses alone',
    grant('--from', '198.51.100.0/24', '--to', '203.0.113.7'),
    'demo.kubeconfig',
    1,
    /Neither 198\.51\.100\.0\/24 nor 203\.0\.113\.7 is a pod/,
  ],
  [
    'a wide block that nobody confirmed',
    grant('--from', 'deploy/cart', '--to', '172.0.0.0/10', '--port', '443'),
    'demo.kubeconfig',
    1,
    /would admit whatever has an address in 172\.0\.0\.0\/10 \(4,194,304 addresses\)/,
  ],
  [
    'a port that a Service lacks',
    grant('--from', 'deploy/cart', '--to', 'svc/api', '--port', '81'),
    'demo.kubeconfig',
    1,
    /svc\/api has no port 81\/tcp/,
  ],
  ['a DNS name', grant('--to', 'api.example.com'), 'demo.kubeconfig', 2, /cannot have api\.example\.com/],
  ['empty reason', grant('--reason', '  '), 'demo.kubeconfig', 2, /reason/],
  ['source without pods', grant('--from', 'deploy/wep'), 'demo.kubeconfig', 1, /wep/],
  ['destination already open', grant('--from', 'deploy/api'), 'demo.kubeconfig', 1, /already open/],
  ['unknown verb', ['grnat'], 'demo.kubeconfig', 2, /grnat/],
  ['unknown option', ['grants', '--fro', 'x'], 'demo.kubeconfig', 2, /--fro/],
  ['missing option', ['explain', 'a', 'b'], 'demo.kubeconfig', 2, /--port/],
  ['unknown format', ['grants', '-o', 'xml'], 'demo.kubeconfig', 2, /xml/],
  ['unknown grant', ['revoke', 'zzzz'], 'demo.kubeconfig', 1, /zzzz/],
  ['no grant specified', ['revoke'], 'demo.kubeconfig', 2, /No grant specified/],
  [
    'missing recording',
    ['flows', '--source', 'replay', '--replay', '/no/such'],
    'demo.kubeconfig',
    2,
    /\/no\/such/,
  ],
];

describe('bad input', () => {
  test.each(CASES)('%s: one sentence, one next step, exit code', async (_, args, config, code, says) => {
    const env = { KUBECONFIG: join(folder, config), XDG_STATE_HOME: folder };
    expectRefused(await runVerb(args, env), code, says);
  });

  test('is one JSON object on stderr with -o json', async () => {
    const { code, errors } = await runVerb(
      ['explain', 'pod/wep', 'sts/db', '--port', '5432/tcp', '-o', 'json'],
      { KUBECONFIG: join(folder, 'demo.kubeconfig') },
    );
    expect(code).toBe(1);
    expect(JSON.parse(errors)).toMatchObject({
      error: { code: 'not-found', message: expect.stringContaining('wep') },
    });
  });

  test('a forbidden list names verb, resource and namespace', async () => {
    const undo = demo.faults.forbid({ verb: 'list', resource: 'networkpolicies' });
    const env = { KUBECONFIG: join(folder, 'demo.kubeconfig') };
    const { code, errors } = await runVerb(['grants', '-n', 'shop'], env);
    expect(code).toBe(1);
    expect(errors).toMatch(/User "responder@demo" cannot list networkpolicies in namespace "shop"/);
    undo();
  });

  test('an address that is not a Hubble server is reported', async () => {
    const address = deaf.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const program = runProgram(['flows', '--hubble-server', `127.0.0.1:${port}`, '--first', '1'], {});
    await eventually(() => expect(program.errors()).toMatch(/^sluice: .*127\.0\.0\.1/));
    program.process.kill('SIGTERM');
    await program.ended;
  });

  test('a reader that goes away ends the verb quietly', async () => {
    const program = runProgram(['flows', '--source', 'replay', '--replay', '/dev/stdin'], {});
    program.process.stdout?.destroy();
    expect(program.errors()).not.toContain('EPIPE');
    program.process.kill('SIGTERM');
    await program.ended;
  });
});
