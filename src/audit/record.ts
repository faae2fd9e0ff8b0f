import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import * as v from 'valibot';
import { AUDIT_TYPES, type AuditRecord } from '../core/ports/ports.ts';

/** The previous hash of the first record of a log. */
export const GENESIS = '0'.repeat(64);

const hash = v.pipe(v.string(), v.regex(/^[\da-f]{64}$/));
const text = v.string();
const maybe = v.exactOptional(text);

/** Unknown fields of later versions are accepted: the hash covers them too. */
const SCHEMA = v.looseObject({
  v: v.literal(1),
  seq: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  prev: hash,
  hash,
  type: v.picklist(AUDIT_TYPES),
  time: v.number(),
  actor: v.looseObject({
    username: text,
    uid: maybe,
    groups: v.array(text),
    extra: v.record(text, v.array(text)),
    impersonating: v.boolean(),
  }),
  cluster: v.looseObject({ context: text, server: text, clusterUid: maybe, caSha256: maybe }),
  grant: v.exactOptional(
    v.looseObject({
      id: text,
      source: text,
      destination: text,
      ports: text,
      seconds: v.exactOptional(v.number()),
      expiresAt: maybe,
    }),
  ),
  reason: maybe,
  ticket: maybe,
  outcome: text,
  objects: v.exactOptional(
    v.array(v.looseObject({ kind: text, namespace: text, name: text, uid: maybe, auditId: maybe })),
  ),
  writer: v.looseObject({ user: text, host: text, version: text, pid: v.number() }),
});

/** The hash of a record: SHA-256, hex, over its canonical form without the field `hash`, including `prev`. */
export function hashOf(record: Omit<AuditRecord, 'hash'>): string {
  return createHash('sha256')
    .update(canonicalJson({ ...record, hash: undefined }))
    .digest('hex');
}

/** The record with its hash, and its line: canonical, with a line feed at the end. */
export function sealed(record: Omit<AuditRecord, 'hash'>): {
  readonly record: AuditRecord;
  readonly line: string;
} {
  const whole: AuditRecord = { ...record, hash: hashOf(record) };
  return { record: whole, line: `${canonicalJson(whole)}\n` };
}

/**
 * Parses a line of the log, without its line feed; undefined if it is not a record. Only the canonical form is accepted,
 * so that no byte of a line can change unnoticed. The hash is not checked here.
 */
export function parseRecord(line: string): AuditRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const result = v.safeParse(SCHEMA, value);
    return result.success && canonicalJson(value) === line ? result.output : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The canonical form of a JSON value (RFC 8785), without undefined fields. Throws on values that JSON can't represent:
 * NaN, infinities, lone surrogates.
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError(`${typeof value} is not a JSON value`);
  return text;
}
