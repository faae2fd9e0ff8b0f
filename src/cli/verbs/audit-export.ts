import { readAuditLog, readRawAuditLog, verifyAuditLog } from '../../audit/audit.ts';
import { parseDuration, SluiceError } from '../../core/common/common.ts';
import type { AuditRecord } from '../../core/ports/ports.ts';
import { cloudEventOf, ocsfOf, timeLine } from '../../core/records/records.ts';
import { EXIT, systemClock, toJson, type VerbContext } from '../shared/shared.ts';
import { type AuditOptions, chosenLogs, recordText } from './audit-logs.ts';

export const EXPORT_FORMATS = ['table', 'json', 'cloudevents', 'ocsf', 'markdown'] as const;

export type AuditExportOptions = AuditOptions & {
  readonly output: (typeof EXPORT_FORMATS)[number];
  readonly grant?: string;
  readonly ticket?: string;
  readonly since?: string;
};

/** The longest time to look back, s. */
const LONGEST = 10 * 366 * 86_400;

/** How a record is written, one a line; `markdown` is one text for all. */
const LINES: Readonly<
  Record<Exclude<AuditExportOptions['output'], 'markdown'>, (record: AuditRecord, log: string) => string>
> = {
  table: recordText,
  json: (record) => toJson(record),
  cloudevents: (record, log) => toJson(cloudEventOf(record, log)),
  ocsf: (record) => toJson(ocsfOf(record)),
};

/** `sluice audit export`: the records of a grant, a ticket or a time, for other programs or for a post-mortem. */
export async function auditExport({ output }: VerbContext, asked: AuditExportOptions): Promise<number> {
  const { grant, ticket, output: format } = asked;
  if (grant === undefined && ticket === undefined && asked.since === undefined) {
    throw new SluiceError(
      'usage',
      'Nothing says what to export.',
      'Use --grant, --ticket or --since, such as --since 24h.',
    );
  }
  const filter = { grant, ticket, since: timeOf(asked.since) };
  let count = 0;
  for (const { cluster, path } of await chosenLogs(asked)) {
    if (format === 'markdown') {
      const records = await Array.fromAsync(readAuditLog(path, filter));
      count += records.length;
      if (records.length > 0) output.out(timeLine(records, cluster, (await verifyAuditLog(path)).text));
      continue;
    }
    // What goes into a terminal is sanitized; what other programs read keeps every character, escaped as JSON.
    const records = format === 'table' ? readAuditLog(path, filter) : readRawAuditLog(path, filter);
    for await (const record of records) {
      count += 1;
      output.out(`${LINES[format](record, cluster)}\n`);
      await output.slow?.();
    }
  }
  if (count > 0) return EXIT.done;
  throw new SluiceError(
    'not-found',
    'No audit record matches.',
    'Run sluice audit log to see what there is.',
  );
}

/** A time, or how long ago, in ms since the epoch. */
function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text)) {
    const time = Date.parse(text);
    if (!Number.isNaN(time)) return time;
  }
  if (/^(\d+[dhms])+$/.test(text)) return systemClock.now() - parseDuration(text, LONGEST) * 1_000;
  throw new SluiceError(
    'usage',
    `"${text}" is neither a time nor a duration.`,
    'Use a format like 24h, 2026-11-22 or 2026-11-22T10:00:00Z.',
  );
}
