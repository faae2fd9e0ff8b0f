import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runProgram } from '../helpers/program.ts';

let state: string;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'sluice-state-'));
});

afterEach(async () => {
  await rm(state, { recursive: true, force: true });
});

const ORDER = [
  'attempt',
  'verdict',
  'intent',
  'leased',
  'granted',
  'open',
  'countdown',
  'revoked',
  'closed',
  'audit',
];

test('the tour prints every step in order, proves the grant, and exits', async () => {
  const program = runProgram(['demo', '--plain', '-o', 'json'], { XDG_STATE_HOME: state });
  expect(await program.ended).toBe(0);
  const events = program.lines.map((line) => JSON.parse(line) as { event: string; [field: string]: unknown });
  expect(events.map(({ event }) => event)).toEqual(ORDER);
  expect(events[0]).toMatchObject({ verdict: 'drop', source: { name: 'web' }, port: 5_432 });
  expect(events[1]).toMatchObject({
    verdict: 'deny',
    ingress: { verdict: 'deny' },
    egress: { verdict: 'allow' },
  });
  expect(events[8]).toMatchObject({ closed: true });
  expect(events[9]).toMatchObject({ ok: true });
  expect(program.errors()).toBe('');
});

test('line mode writes plain text only: no control bytes except line feeds', async () => {
  const program = runProgram(['demo', '--plain'], { XDG_STATE_HOME: state });
  expect(await program.ended).toBe(0);
  const text = program.lines.join('\n');
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  expect(text).toMatch(/^\d\d:\d\d:\d\d {2}dropped {4}web → db :5432\/tcp {3}db-only-api admits/m);
});

test('SIGTERM during a grant revokes it, and the log records it', async () => {
  const program = runProgram(['demo', '--plain', '-o', 'json'], { XDG_STATE_HOME: state });
  await program.event('open');
  program.process.kill('SIGTERM');
  const revoked = await program.event('revoked');
  expect(revoked).toMatchObject({ by: 'revoke' });
  expect(await program.event('audit')).toMatchObject({ ok: true });
  expect(await program.ended).toBe(130);

  const log = runProgram(['audit', 'log', '-o', 'json'], { XDG_STATE_HOME: state });
  expect(await log.ended).toBe(0);
  const types = log.lines.map((line) => (JSON.parse(line) as { type: string }).type);
  expect(types.slice(0, 4)).toEqual(['intent', 'granted', 'intent', 'revoked']);
});

test('a served cluster works for other programs until it is interrupted', async () => {
  const cluster = runProgram(['demo', '--serve', '-o', 'json'], { XDG_STATE_HOME: state });
  const { kubeconfig } = await cluster.event('serving');
  const path = String(kubeconfig);
  const asked = runProgram(['explain', 'web', 'sts/db', '--port', '5432/tcp'], { KUBECONFIG: path });
  expect(await asked.ended).toBe(3);
  expect(asked.lines.join('\n')).toContain('db-only-api');

  cluster.process.kill('SIGINT');
  expect(await cluster.ended).toBe(130);
  await expect(access(path)).rejects.toThrow('ENOENT');
});
