import type { AuditLog } from '../../core/ports.ts';

/**
 * A log that is opened when it is first written to, so that looking needs none. Where it can't be opened, each record
 * tries anew and rejects with the reason.
 */
export function lazyAudit(open: () => Promise<AuditLog>): Pick<AuditLog, 'append'> {
  let opened: Promise<AuditLog> | undefined;
  const get = () => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return { append: async (entry) => (await get()).append(entry) };
}
