import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { safeDeep } from '../core/common/common.ts';
import type { AuditRecord } from '../core/ports/ports.ts';
import { auditTrouble, dayFile, dayFiles } from './files.ts';
import { parseRecord } from './record.ts';

/** Which records to return: since `since` (ms since the epoch), of one grant, one ticket, one type. */
export type AuditFilter = {
  readonly since?: number;
  readonly grant?: string;
  readonly ticket?: string;
  readonly type?: string;
  /** Called with lines that are not records; use `verifyAuditLog` to check a log. */
  readonly onUnreadable?: (file: string, line: number) => void;
};

/**
 * The sanitized records of one cluster's log, oldest first. They are not verified; lines that are not records are skipped.
 * A log that does not exist has none.
 */
export async function* readAuditLog(
  directory: string,
  filter: AuditFilter = {},
): AsyncGenerator<AuditRecord> {
  for await (const record of readRawAuditLog(directory, filter)) yield safeDeep(record);
}

/** As `readAuditLog`, with every text as it is in the log: whoever writes it anywhere has to escape it. */
export async function* readRawAuditLog(
  directory: string,
  filter: AuditFilter = {},
): AsyncGenerator<AuditRecord> {
  const files = await dayFiles(directory).catch((error: unknown) => {
    throw auditTrouble(directory, error);
  });
  // A record is in the file of its day or a later one.
  const first = filter.since === undefined ? '' : dayFile(filter.since);
  const wanted = files.filter((name) => name >= first);
  for await (const lines of recordLines(directory, wanted)) {
    for (const { record, file, number } of lines) {
      if (record === undefined) filter.onUnreadable?.(file, number);
      else if (isWanted(record, filter)) yield record;
    }
  }
}

function isWanted(record: AuditRecord, { since, grant, ticket, type }: AuditFilter): boolean {
  if (since !== undefined && record.time < since) return false;
  if (ticket !== undefined && record.ticket !== ticket) return false;
  if (grant !== undefined && record.grant?.id !== grant) return false;
  return type === undefined || record.type === type;
}

/** The line of a record, and its file. */
export type RecordLine = LogLine & {
  readonly file: string;
  readonly text: string;
  readonly record: AuditRecord;
};

/** Any line of a log, and its file: `record` is undefined where there is none. */
type AnyLine = RecordLine | (LogLine & { readonly file: string; readonly record: undefined });

/** The lines of some files of a log, several at once. The last line of each may be a record without being whole. */
export async function* recordLines(
  directory: string,
  files: readonly string[],
): AsyncGenerator<readonly AnyLine[]> {
  for (const file of files) {
    for await (const lines of logLines(join(directory, file))) {
      yield lines.map((line) => {
        const text = textOf(line);
        const record = text === undefined ? undefined : parseRecord(text);
        return text === undefined || record === undefined
          ? { ...line, file, record: undefined }
          : { ...line, file, text, record };
      });
    }
  }
}

/** Longer than any record, in bytes; longer lines are truncated to bound memory. */
const LONGEST = 4 << 20;

/**
 * A line of a log file as bytes, without its line feed; `number` counts from 1. `whole` is false for bytes after the last
 * line feed.
 */
type LogLine = { readonly number: number; readonly bytes: Buffer; readonly whole: boolean };

/** How much of a file is read at once, bytes. */
const CHUNK = 1 << 18;

/** The lines of a file, several at once as they are read; split only at line feeds: a carriage return is part of its line. */
async function* logLines(path: string): AsyncGenerator<readonly LogLine[]> {
  let rest: Buffer[] = [];
  let kept = 0;
  let number = 1;
  const take = (part: Buffer) => {
    const fitting = part.subarray(0, Math.max(0, LONGEST - kept));
    rest.push(fitting);
    kept += fitting.length;
  };
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK })) {
    if (!Buffer.isBuffer(chunk)) continue;
    const lines: LogLine[] = [];
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      take(chunk.subarray(from, end));
      const [first = chunk.subarray(0, 0)] = rest;
      lines.push({ number, bytes: rest.length > 1 ? Buffer.concat(rest) : first, whole: true });
      number += 1;
      rest = [];
      kept = 0;
      from = end + 1;
    }
    if (from < chunk.length) take(chunk.subarray(from));
    yield lines;
  }
  if (kept > 0) yield [{ number, bytes: Buffer.concat(rest), whole: false }];
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of a line; undefined if it is not UTF-8. A byte order mark is kept, so that it is noticed. */
function textOf({ bytes }: LogLine): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}
