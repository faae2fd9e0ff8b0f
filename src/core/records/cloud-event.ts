import type { AuditRecord } from '../ports/ports.ts';

/** A record as a CloudEvent 1.0, in its JSON form. */
export type CloudEvent = {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string;
  readonly subject?: string;
  readonly datacontenttype: 'application/json';
  readonly data: AuditRecord;
};

/**
 * The CloudEvent of a record: `source` is the log, and `id` the record's hash, so that the pair of both names one record
 * however often it is sent. The subject is the grant.
 *
 * @param log the name of the log, by its folder
 */
export function cloudEventOf(record: AuditRecord, log: string): CloudEvent {
  const { grant, hash, time, type } = record;
  return {
    specversion: '1.0',
    id: hash,
    source: `/sluice/audit/${encodeURIComponent(log)}`,
    type: `dev.sluice.audit.${type}`,
    time: new Date(time).toISOString(),
    ...(grant === undefined ? {} : { subject: `grants/${encodeURIComponent(grant.id)}` }),
    datacontenttype: 'application/json',
    data: record,
  };
}
