import type { HookEvent } from '../common/common.ts';
import type { AuditEntry, AuditRecord, LiveNews } from '../ports/ports.ts';
import { type CloudEvent, cloudEventOf } from './cloud-event.ts';

/** What a hook gets: one JSON document, a CloudEvent 1.0, with a record of the log or what no record says. */
export type HookNotice = {
  readonly event: HookEvent;
  readonly body: Omit<CloudEvent, 'data'> & { readonly data: AuditRecord | LiveNews };
};

/** The event that a type of record is. A path that was proven closed is no news after its end. */
const EVENTS: Readonly<Record<string, HookEvent>> = {
  requested: 'requested',
  approved: 'approved',
  refused: 'refused',
  granted: 'granted',
  extended: 'extended',
  drift: 'drifted',
  revoked: 'ended',
  expired: 'ended',
  swept: 'ended',
  failed: 'failed',
};

/**
 * What hooks are told of a record (GRANT-50); undefined for what is none of their events.
 *
 * @param log the name of the log, by its folder
 */
export function noticeOfRecord(record: AuditRecord, log: string): HookNotice | undefined {
  const event = eventOf(record);
  return event === undefined
    ? undefined
    : { event, body: { ...cloudEventOf(record, log), type: typeOf(event) } };
}

function eventOf({ type, proof }: AuditEntry): HookEvent | undefined {
  if (type === 'closed') return proof === undefined || proof === 'closed' ? undefined : 'unproven';
  return EVENTS[type];
}

/**
 * What hooks are told that no record says.
 *
 * @param id names it among all that is told of its grant: the same again is the same notice
 */
export function noticeOfNews(news: LiveNews, id: string, log: string): HookNotice {
  const { type: event, time, grant } = news;
  return {
    event,
    body: {
      specversion: '1.0',
      id: `${grant.id}-${id}`,
      source: `/sluice/audit/${encodeURIComponent(log)}`,
      type: typeOf(event),
      time: new Date(time).toISOString(),
      subject: `grants/${encodeURIComponent(grant.id)}`,
      datacontenttype: 'application/json',
      data: news,
    },
  };
}

function typeOf(event: HookEvent): string {
  return `dev.sluice.grant.${event}`;
}
