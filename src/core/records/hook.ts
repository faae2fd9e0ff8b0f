import type { HookEvent } from '../common/common.ts';
import type { AuditEntry, AuditRecord, AuditType, LiveNews } from '../ports/ports.ts';
import { type CloudEvent, cloudEvent } from './cloud-event.ts';

/** What a hook gets: one JSON document, a CloudEvent 1.0, with a record of the log or what no record says. */
export type HookNotice = {
  readonly event: HookEvent;
  readonly body: CloudEvent<AuditRecord | LiveNews>;
};

/**
 * The event that a type of record is; undefined for what is none. What is about to be done is no news yet, and neither is a
 * path that was proven closed after its end, nor a key; a grant without approval is told as `granted`.
 */
const EVENTS: Readonly<Record<AuditType, HookEvent | undefined>> = {
  intent: undefined,
  requested: 'requested',
  approved: 'approved',
  rejected: 'refused',
  withdrawn: 'ended',
  'break-glass': undefined,
  granted: 'granted',
  refused: 'refused',
  extended: 'extended',
  revoked: 'ended',
  expired: 'ended',
  closed: 'unproven',
  failed: 'failed',
  drift: 'drifted',
  swept: 'ended',
  recovered: undefined,
  key: undefined,
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
    : { event, body: cloudEvent(record, { id: record.hash, type: typeOf(event), log }) };
}

function eventOf({ type, proof }: AuditEntry): HookEvent | undefined {
  const isClosed = type === 'closed' && (proof === undefined || proof === 'closed');
  return isClosed ? undefined : EVENTS[type];
}

/**
 * What hooks are told that no record says.
 *
 * @param id names it among all that is told of its grant: the same again is the same notice
 */
export function noticeOfNews(news: LiveNews, id: string, log: string): HookNotice {
  const { type: event, grant } = news;
  return { event, body: cloudEvent(news, { id: `${grant.id}-${id}`, type: typeOf(event), log }) };
}

function typeOf(event: HookEvent): string {
  return `dev.sluice.grant.${event}`;
}
