import type { AuditRecord, AuditType } from '../ports/ports.ts';

/** A grant of a log whose end is not in it. */
export type Unended = {
  /** The record of when it was granted, or extended last. */
  readonly record: AuditRecord;
  /** When it ends by that record, ms; undefined if that can't be read. */
  readonly end: number | undefined;
};

/** A request ends by an end of its own, or as the grant that somebody else's approval made of it. */
const BEGINS: ReadonlySet<AuditType> = new Set(['requested', 'approved', 'granted']);
const ENDS: ReadonlySet<AuditType> = new Set(['rejected', 'withdrawn', 'revoked', 'expired', 'swept']);

/** The end of a grant is written down within this long after it, and after any other record, ms. */
const WRITTEN_WITHIN = 30_000;

/**
 * The grants of a log whose end is not in it (GRANT-20), oldest first. Those that whoever keeps them may be about to write
 * down are left out: of which there is a record, or whose window ended, a moment ago.
 *
 * @param now server time, ms
 */
export function unendedGrants(records: Iterable<AuditRecord>, now: number): readonly Unended[] {
  const open = new Map<string, { record: AuditRecord; last: number }>();
  for (const record of records) {
    const id = record.grant?.id;
    if (id === undefined) continue;
    const known = open.get(id);
    if (ENDS.has(record.type)) open.delete(id);
    else if (BEGINS.has(record.type)) open.set(id, { record, last: record.time });
    else if (known !== undefined)
      open.set(id, {
        record: record.type === 'extended' ? { ...known.record, grant: record.grant } : known.record,
        last: record.time,
      });
  }
  return [...open.values()].flatMap(({ record, last }) => {
    const end = Date.parse(record.grant?.expiresAt ?? '');
    const isSoon = now - last < WRITTEN_WITHIN || (now >= end && now - end < WRITTEN_WITHIN);
    return isSoon ? [] : [{ record, end: Number.isNaN(end) ? undefined : end }];
  });
}
