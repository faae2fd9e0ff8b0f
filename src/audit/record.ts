import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { isRecord, type Raw } from '../core/common/common.ts';
import { AUDIT_TYPES, type AuditRecord } from '../core/ports/ports.ts';

/** The previous hash of the first record of a log. */
export const GENESIS = '0'.repeat(64);

const HEX = /^[\da-f]{64}$/;

/**
 * Whether a value is a record. Checked by hand, as a log may have a hundred thousand. Unknown fields of later versions are
 * accepted: the hash covers them too.
 */
function isAuditRecord(value: unknown): value is AuditRecord {
  if (!isRecord(value)) return false;
  const { v, seq, prev, hash, type, time, actor, cluster, grant, objects, key, writer } = value;
  return (
    v === 1 &&
    Number.isSafeInteger(seq) &&
    Number(seq) >= 1 &&
    isHex(prev) &&
    isHex(hash) &&
    TYPES.has(type) &&
    typeof time === 'number' &&
    hasTexts(value, ['outcome'], ['reason', 'ticket']) &&
    isActor(actor) &&
    hasTexts(cluster, ['context', 'server'], ['clusterUid', 'caSha256']) &&
    (grant === undefined || isGrant(grant)) &&
    (objects === undefined || (Array.isArray(objects) && objects.every(isObject))) &&
    (key === undefined || hasTexts(key, ['verifier'], ['endorsement'])) &&
    hasTexts(writer, ['user', 'host', 'version']) &&
    typeof writer.pid === 'number'
  );
}

const TYPES: ReadonlySet<unknown> = new Set(AUDIT_TYPES);

function isHex(value: unknown): boolean {
  return typeof value === 'string' && HEX.test(value);
}

function isActor(value: unknown): boolean {
  if (!hasTexts(value, ['username'], ['uid'])) return false;
  const { groups, extra, impersonating } = value;
  return (
    isTexts(groups) &&
    isRecord(extra) &&
    Object.values(extra).every(isTexts) &&
    typeof impersonating === 'boolean'
  );
}

function isGrant(value: unknown): boolean {
  if (!hasTexts(value, ['id', 'source', 'destination', 'ports'], ['expiresAt'])) return false;
  return value.seconds === undefined || typeof value.seconds === 'number';
}

function isObject(value: unknown): boolean {
  return hasTexts(value, ['kind', 'namespace', 'name'], ['uid', 'auditId']);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** Whether a value has these fields as texts, and those of `maybe` as texts or not at all. */
function hasTexts(value: unknown, fields: readonly string[], maybe: readonly string[] = []): value is Raw {
  if (!isRecord(value)) return false;
  return (
    fields.every((field) => typeof value[field] === 'string') &&
    maybe.every((field) => value[field] === undefined || typeof value[field] === 'string')
  );
}

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
    return isAuditRecord(value) && isCanonical(value, line) ? value : undefined;
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
  const keys = Object.keys(value);
  return (
    keys.every((key, index) => index === 0 || (keys[index - 1] ?? '') < key) &&
    Object.values(value).every(isSorted)
  );
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
