import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditEntry, AuditRecord } from '../../../src/core/ports/ports.ts';

/** 2026-11-21 12:00:00 UTC. */
export const NOON = Date.UTC(2026, 10, 21, 12);

/** An entry about grant g1 by alice, at noon. */
export function auditEntry(more: Partial<AuditEntry> = {}): AuditEntry {
  return {
    type: 'intent',
    time: NOON,
    actor: { username: 'alice', groups: ['sre'], extra: {}, impersonating: false },
    cluster: { context: 'kind-prod', server: 'https://127.0.0.1:6443' },
    grant: { id: 'g1', source: 'payments/web', destination: 'payments/db', ports: '5432/tcp', seconds: 900 },
    reason: 'INC-4411: Zahlung hängt',
    outcome: 'about to open 2 pairs',
    ...more,
  };
}

/** A record of such an entry, whose hash is that of no line. */
export function auditRecord(more: Partial<AuditRecord> = {}): AuditRecord {
  return {
    ...auditEntry(),
    v: 1,
    seq: 7,
    prev: '0'.repeat(64),
    hash: 'a'.repeat(64),
    writer: { user: 'u', host: 'laptop', version: '1.2.3', pid: 4 },
    ...more,
  };
}

/** A folder of its own for a test, removed after it. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-audit-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
