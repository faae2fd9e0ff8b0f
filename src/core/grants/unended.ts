import type { AuditRecord } from '../ports/ports.ts';
import { MAKING_WITHIN } from './life.ts';

/** A grant of a log whose end is not in it, or an intent whose outcome is not. */
export type Unended = {
  /** The record of when it was granted, or extended; that of the intent where it was not. */
  readonly record: AuditRecord;
  /** When it ends by that record, ms; undefined if that can't be read. */
  readonly end: number | undefined;
  /** The intent after which nothing was recorded. */
  readonly intent?: AuditRecord;
};

/** The end of a grant is written down within this long after it, and after any other record, ms. */
const WRITTEN_WITHIN = 30_000;

/** A grant as far as its records tell. */
type Open = {
  readonly record: AuditRecord;
  readonly granted: boolean;
  readonly last: number;
  readonly intent?: AuditRecord;
};

/**
 * The grants of a log whose end is not in it, and the intents without an outcome (GRANT-20), oldest first. Those that
 * whoever keeps them may be about to write down are left out: of which there is a record, or whose window ended, a moment
 * ago, and those that may be in the making.
 *
 * @param now server time, ms
 */
export function unendedGrants(records: Iterable<AuditRecord>, now: number): readonly Unended[] {
  const open = new Map<string, Open>();
  for (const record of records) {
    const id = record.grant?.id;
    if (id === undefined) continue;
    const next = after(open.get(id), record);
    if (next === undefined) open.delete(id);
    else open.set(id, next);
  }
  return [...open.values()].flatMap(({ record, granted, last, intent }) => {
    const end = Date.parse(record.grant?.expiresAt ?? '');
    const within = granted ? WRITTEN_WITHIN : MAKING_WITHIN;
    const isSoon = now - last < within || (now >= end && now - end < WRITTEN_WITHIN);
    if (isSoon) return [];
    const known = { record, end: Number.isNaN(end) ? undefined : end };
    return [intent === undefined ? known : { ...known, intent }];
  });
}

/** What is known after one more record of it; undefined once it has its end. */
function after(known: Open | undefined, record: AuditRecord): Open | undefined {
  const { type, time: last } = record;
  switch (type) {
    case 'revoked':
    case 'expired':
    case 'swept':
    case 'rejected':
    case 'withdrawn':
      return undefined;
    case 'requested':
    case 'approved':
    case 'granted':
      return { record, granted: true, last };
    case 'intent':
      return known === undefined
        ? { record, granted: false, last, intent: record }
        : { ...known, last, intent: record };
    case 'extended':
      // One of another log has its end in the log of whoever extended it, too.
      return known?.granted === true
        ? { record: { ...known.record, grant: record.grant }, granted: true, last }
        : { record, granted: true, last };
    case 'failed':
    case 'refused':
      return known?.granted === true ? { record: known.record, granted: true, last } : undefined;
    case 'break-glass':
    case 'closed':
    case 'drift':
    case 'recovered':
    case 'key':
      return known === undefined ? undefined : { ...known, last };
  }
}
