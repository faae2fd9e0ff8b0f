import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { HookEvent } from '../../src/core/common/common.ts';
import { noticeOfRecord } from '../../src/core/records/records.ts';
import { runProgram } from '../../src/hooks/program.ts';
import { signature } from '../../src/hooks/webhook.ts';
import { auditRecord } from '../helpers/audit/audit-entries.ts';
import { scriptedServer } from '../helpers/servers/scripted-server.ts';

const DOCS = readFileSync('docs/hooks.md', 'utf8');

/** The first code of a part of docs/hooks.md. */
function codeOf(part: string): string {
  const text = DOCS.split(`## ${part}\n`)[1] ?? '';
  return /```\w+\n(.*?)```/s.exec(text)?.[1] ?? '';
}

const record = auditRecord({ type: 'closed', proof: 'flowing', outcome: 'still "flowing": 1 connection' });

/** What the program of a part posts of a record. */
async function posted(part: string, variable: string, of = record): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-template-'));
  const server = await scriptedServer((_, response) => void response.end('ok'));
  try {
    const path = join(folder, 'hook');
    await writeFile(path, codeOf(part));
    await chmod(path, 0o755);
    const body = JSON.stringify(noticeOfRecord(of, 'prod')?.body);
    const env = ['env', `${variable}=${server.url}`, 'PAGERDUTY_KEY=R0', path] as const;
    expect(await runProgram(env, body, new AbortController().signal)).toEqual({ ok: true });
    expect(server.requests).toHaveLength(1);
    return JSON.parse(server.requests[0]?.body ?? '');
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

test('the program for Slack posts a line of text', async () => {
  expect(await posted('Slack', 'SLACK_URL')).toEqual({
    text: '*unproven* payments/web → payments/db 5432/tcp by alice: still "flowing": 1 connection (INC-4411: Zahlung hängt)',
  });
});

test('the program for PagerDuty triggers, and resolves the same at the end', async () => {
  expect(await posted('PagerDuty', 'PAGERDUTY_URL')).toEqual({
    routing_key: 'R0',
    event_action: 'trigger',
    dedup_key: 'sluice-g1',
    payload: {
      summary: 'grant g1 unproven: payments/web to payments/db: still "flowing": 1 connection',
      source: 'kind-prod',
      severity: 'warning',
      timestamp: '2026-11-21T12:00:00.000Z',
    },
  });
  expect(await posted('PagerDuty', 'PAGERDUTY_URL', auditRecord({ type: 'revoked' }))).toMatchObject({
    event_action: 'resolve',
    dedup_key: 'sluice-g1',
  });
});

test('the check of the signature takes what is signed, and nothing else', async () => {
  const code = codeOf('Checking the signature');
  const { isFromSluice } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
    isFromSluice: (header: string | undefined, body: string, secret: string) => boolean;
  };
  const now = Date.now();
  const header = signature('{"a":1}', 'hush', now);
  expect(isFromSluice(header, '{"a":1}', 'hush')).toBe(true);
  expect(isFromSluice(header, '{"a":2}', 'hush')).toBe(false);
  expect(isFromSluice(header, '{"a":1}', 'other')).toBe(false);
  expect(isFromSluice(signature('{"a":1}', 'hush', now - 3_600_000), '{"a":1}', 'hush')).toBe(false);
  expect(isFromSluice(undefined, '{"a":1}', 'hush')).toBe(false);
});

test('the docs name every event', async () => {
  const { HOOK_EVENTS } = await import('../../src/core/common/common.ts');
  const rows = DOCS.split('\n').filter((line) => line.startsWith('| `'));
  const named = rows.flatMap((line) => line.split('|')[1]?.match(/[a-z]+/g) ?? []);
  expect([...named].sort()).toEqual([...HOOK_EVENTS].sort() satisfies HookEvent[]);
});
