/*
 * The tamper-evident audit log: hash-chained records, written before and after every change; reading and verifying
 * them.
 */

export type { Finding } from './finding.ts';
export { type Kept, keptIn, logKeys, newestCheckpoint, witnessRequest } from './kept.ts';
export { openAuditLog } from './log.ts';
export { readAuditLog, readRawAuditLog } from './read.ts';
export { auditRoot, isAuditLog, listAuditLogs, logDirectory } from './root.ts';
export { placeOf, type Verification } from './verification.ts';
export { verifyAuditLog } from './verify.ts';
