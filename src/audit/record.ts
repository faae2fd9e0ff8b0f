import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import * as v from 'valibot';
import { AUDIT_TYPES, type AuditRecord } from '../core/ports/ports.ts';

/** The previous hash of the first record of a log. */
export const GENESIS = '0'.repeat(64);

const hex = v.pipe(v.string(), v.regex(/^[\da-f]{64}$/));
const text = v.string();
const maybe = v.exactOptional(text);

/** Unknown fields of later versions are accepted: the hash covers them too. */
const SCHEMA = v.looseObject({
  v: v.literal(1),
  seq: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  prev: hex,
  hash: hex,
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
  key: v.exactOptional(v.looseObject({ verifier: text, endorsement: maybe })),
  writer: v.looseObject({ user: text, host: text, version: text, pid: v.number() }),
});

/** The hash of a record: SHA-256, hex, over its canonical form without the field `hash`, including `prev`. */
export function hashOf(record: Omit<AuditRecord, 'hash'>): string {
  return hash('sha256', canonicalJson({ ...record, hash: undefined }), 'hex');
}

/** Whether a record's hash is right, given its line: `hashOf` without writing the record anew. */
export function hasOwnHash(record: AuditRecord, line: string): boolean {
  const field = `"hash":"${record.hash}",`;
  const at = line.indexOf(field);
  // A field of this name and value further inside would be another one.
  if (line.indexOf(field, at + 1) >= 0) return hashOf(record) === record.hash;
  return hash('sha256', line.slice(0, at) + line.slice(at + field.length), 'hex') === record.hash;
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
    return result.success && isCanonical(value, line) ? result.output : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a line is the canonical form of its value; the usual record is compared without sorting its keys anew. */
function isCanonical(value: unknown, line: string): boolean {
  const isPlain = isSorted(value) && !line.includes('\\ud') && JSON.stringify(value) === line;
  return isPlain || canonicalJson(value) === line;
}

function isSorted(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return true;
  if (Array.isArray(value)) return value.every(isSorted);
  let last = '';
  for (const [key, item] of Object.entries(value)) {
    if (key < last || !isSorted(item)) return false;
    last = key;
  }
  return true;
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
