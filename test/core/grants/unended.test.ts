import { expect, test } from 'vitest';
import { MAKING_WITHIN } from '../../../src/core/grants/life.ts';
import { unendedGrants } from '../../../src/core/grants/unended.ts';
import type { AuditRecord, AuditType } from '../../../src/core/ports/ports.ts';
import { auditRecord, NOON } from '../../helpers/audit/audit-entries.ts';

const iso = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`;

function record(type: AuditType, at: number, id = 'a', end = NOON + 60_000): AuditRecord {
  const grant = { id, source: 'web', destination: 'db', ports: '5432/tcp', expiresAt: iso(end) };
  return auditRecord({ type, time: NOON + at, grant, seq: at, hash: `${id}-${type}` });
}

const unended = (records: readonly AuditRecord[], now = NOON + 200_000) =>
  unendedGrants(records, now).map(({ record: { hash }, end }) => [hash, end]);

test('a grant whose records end at granted has no end', () => {
  const records = [record('intent', 0), record('granted', 1), record('drift', 2), record('granted', 3, 'b')];
  expect(unended(records)).toEqual([
    ['a-granted', NOON + 60_000],
    ['b-granted', NOON + 60_000],
  ]);
});

test.each<AuditType>(['revoked', 'expired', 'swept'])('one that was %s has', (type) => {
  expect(unended([record('granted', 1), record(type, 60_000), record('closed', 61_000)])).toEqual([]);
});

test.each<AuditType>(['requested', 'approved'])('one that was %s is followed to its end', (type) => {
  expect(unended([record(type, 1)])).toEqual([[`a-${type}`, NOON + 60_000]]);
  for (const end of ['rejected', 'withdrawn', 'revoked'] as const)
    expect(unended([record(type, 1), record(end, 2)])).toEqual([]);
});

test('an extension that was refused ends nothing', () => {
  expect(unended([record('granted', 1), record('refused', 2)])).toHaveLength(1);
});

test('one that was never granted, or failed to be, is none', () => {
  expect(unended([record('intent', 0), record('failed', 1), record('refused', 2, 'none')])).toEqual([]);
});

test('an extension moves its end', () => {
  const records = [record('granted', 1), record('extended', 50_000, 'a', NOON + 100_000)];
  expect(unended(records)).toEqual([['a-granted', NOON + 100_000]]);
});

test('one that may be about to be written down is left alone for a moment', () => {
  const granted = [record('granted', 0)];
  expect(unended(granted, NOON + 29_999)).toEqual([]);
  expect(unended(granted, NOON + 59_999)).toHaveLength(1);
  expect(unended(granted, NOON + 60_000)).toEqual([]);
  expect(unended(granted, NOON + 90_000)).toHaveLength(1);
  expect(unended([...granted, record('intent', 85_000)], NOON + 90_000)).toEqual([]);
});

test('an intent without an outcome has none either, once nobody can be at it any more', () => {
  const intent = [record('intent', 0)];
  expect(unended(intent, NOON + MAKING_WITHIN - 1)).toEqual([]);
  expect(unended(intent, NOON + MAKING_WITHIN)).toMatchObject([['a-intent', NOON + 60_000]]);
});

test.each<AuditType>(['failed', 'refused', 'revoked', 'expired', 'swept'])(
  'an intent about a grant of another log that %s has an outcome',
  (type) => {
    expect(unended([record('intent', 0), record(type, 1)], NOON + MAKING_WITHIN + 1)).toEqual([]);
  },
);

test('a grant tells the intent after which nothing was recorded', () => {
  const intents = (records: readonly AuditRecord[]) =>
    unendedGrants(records, NOON + 200_000).map(({ record: { type }, intent }) => [type, intent?.time]);
  const granted = record('granted', 1);
  expect(intents([granted, record('intent', 2)])).toEqual([['granted', NOON + 2]]);
  expect(intents([granted, record('intent', 2), record('failed', 3)])).toEqual([['granted', undefined]]);
  expect(intents([granted, record('intent', 2), record('extended', 3)])).toEqual([['granted', undefined]]);
});

test('a grant of another log that was extended has none either', () => {
  const records = [record('intent', 0), record('extended', 1)];
  expect(unended(records)).toEqual([['a-extended', NOON + 60_000]]);
});
