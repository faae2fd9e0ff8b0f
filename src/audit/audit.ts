/*
 * The tamper-evident audit log: hash-chained records, written before and after every change; reading and verifying
 * them.
 */

export { openAuditLog } from './log.ts';
export { readAuditLog } from './read.ts';
export { auditRoot, isAuditLog, listAuditLogs, logDirectory } from './root.ts';
export { verifyAuditLog } from './verify.ts';
