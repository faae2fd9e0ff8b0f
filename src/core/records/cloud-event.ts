import type { AuditRecord, LiveNews } from '../ports/ports.ts';

/** A record, or what no record says, as a CloudEvent 1.0 in its JSON form. */
export type CloudEvent<Data extends AuditRecord | LiveNews = AuditRecord> = {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string;
  readonly subject?: string;
  readonly datacontenttype: 'application/json';
  readonly data: Data;
};

/**
 * The CloudEvent of a record: `source` is the log, and `id` the record's hash, so that the pair of both names one record
 * however often it is sent. The subject is the grant.
 *
 * @param log the name of the log, by its folder
 */
export function cloudEventOf(record: AuditRecord, log: string): CloudEvent {
  return cloudEvent(record, { id: record.hash, type: `dev.sluice.audit.${record.type}`, log });
}

/** The same of anything that is told of a grant, under another id and type. */
export function cloudEvent<Data extends AuditRecord | LiveNews>(
  data: Data,
  { id, type, log }: { readonly id: string; readonly type: string; readonly log: string },
): CloudEvent<Data> {
  const { grant, time } = data;
  return {
    specversion: '1.0',
    id,
    source: `/sluice/audit/${encodeURIComponent(log)}`,
    type,
    time: new Date(time).toISOString(),
    ...(grant === undefined ? {} : { subject: `grants/${encodeURIComponent(grant.id)}` }),
    datacontenttype: 'application/json',
    data,
  };
}
