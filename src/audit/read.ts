import { join } from 'node:path';
import type { AuditRecord } from '../core/ports.ts';
import { safeDeep } from '../core/safe-text.ts';
import { parseRecord } from './chain/record.ts';
import { dayFiles } from './store/files.ts';
import { logLines, textOf } from './store/lines.ts';
import { auditTrouble } from './store/trouble.ts';

/** Which records to give: not before `since` (ms since the epoch), of one grant, of one type. */
export type AuditFilter = {
  readonly since?: number;
  readonly grant?: string;
  readonly type?: string;
  /** Told of lines that are no records; `verifyAuditLog` says what is wrong with a log. */
  readonly onUnreadable?: (file: string, line: number) => void;
};

/**
 * The records of one cluster's log, oldest first, safe to show. They are read, not verified; lines that are no
 * records are left out. A log that does not exist has none.
 */
export async function* readAuditLog(
  directory: string,
  filter: AuditFilter = {},
): AsyncGenerator<AuditRecord> {
  const files = await dayFiles(directory).catch((error: unknown) => {
    throw auditTrouble(directory, error);
  });
  for (const file of files) {
    for await (const line of logLines(join(directory, file))) {
      const text = textOf(line);
      const record = text === undefined ? undefined : parseRecord(text);
      if (record === undefined) filter.onUnreadable?.(file, line.number);
      else if (isWanted(record, filter)) yield safeDeep(record);
    }
  }
}

function isWanted(record: AuditRecord, { since, grant, type }: AuditFilter): boolean {
  if (since !== undefined && record.time < since) return false;
  if (grant !== undefined && record.grant?.id !== grant) return false;
  return type === undefined || record.type === type;
}
