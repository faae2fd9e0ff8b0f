import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Demo, startDemo } from '../../../src/demo/demo.ts';
import { runVerb } from '../../helpers/verb.ts';

let folder: string;
let demo: Demo;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-live-'));
  demo = await startDemo();
  await writeFile(join(folder, 'kubeconfig'), demo.kubeconfig);
});

afterAll(async () => {
  await demo.stop();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: readonly string[]) =>
  runVerb([...args, '-n', 'shop'], { KUBECONFIG: join(folder, 'kubeconfig') });

test('matrix lists the pairs of a namespace in a cluster', async () => {
  const { code, lines, errors } = await run('matrix');
  expect(errors).toBe('');
  expect(code).toBe(0);
  expect(lines.some((line) => /^shop\/api\[Deployment\] +shop\/db\[StatefulSet\] +tcp 5432/.test(line))).toBe(
    true,
  );
  expect(lines.some((line) => /^shop\/web\[Deployment\] +shop\/db\[/.test(line))).toBe(false);
  for (const line of lines.slice(1, lines.indexOf(''))) expect(line).toContain('shop/');
});

test('explain evaluates a change on a cluster without applying it', async () => {
  const path = ['explain', 'deploy/web', 'sts/db', '--port', '5432/tcp'];
  const before = await run(...path);
  expect(before.code).toBe(3);
  const names = /isolated by (.*)/.exec(before.text)?.[1]?.split(', ') ?? [];
  const policies = names.map((name) => `netpol/shop/${name.trim()}`);
  expect(policies.length).toBeGreaterThan(0);
  const tried = await run(...path, ...policies.flatMap((name) => ['--without', name]));
  expect(tried.text).toMatch(/✗ DENY[\s\S]*✓ ALLOW/);
  expect(tried.code).toBe(0);
  expect((await run(...path)).code).toBe(3);
});

test('explain evaluates a batch on a cluster, with an assumption', async () => {
  const file = join(folder, 'queries.txt');
  await writeFile(
    file,
    '{"from":"deploy/web","to":"sts/db","port":5432}\n{"from":"deploy/api","to":"sts/db","port":5432}\n',
  );
  const { code, lines } = await run('explain', '--batch', file, '--assume', 'ipblock-matches-pods=false');
  expect(lines.map((line) => (JSON.parse(line) as { verdict: string }).verdict)).toEqual(['deny', 'allow']);
  expect(code).toBe(0);
});

test('check and lint evaluate a cluster', async () => {
  const file = join(folder, 'expect.yaml');
  await writeFile(file, 'expect:\n  - deny: { from: deploy/web, to: sts/db, port: 5432 }\n');
  expect(await run('check', file)).toMatchObject({ code: 0 });
  const lint = await run('lint');
  expect(lint.code).toBe(0);
  expect(lint.text).toMatch(/(?:findings?|mistakes) /);
});
