import { expect, test } from 'vitest';
import { AUDIT_TYPES } from '../../../src/core/ports/ports.ts';
import { noticeOfRecord } from '../../../src/core/records/hook.ts';
import { auditRecord } from '../../helpers/audit/audit-entries.ts';

test('hooks are told of a request and its answers, of a grant and its end, and of nothing else', () => {
  const told = AUDIT_TYPES.map((type) => [type, noticeOfRecord(auditRecord({ type }), 'prod')?.event]);
  expect(Object.fromEntries(told)).toEqual({
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
    closed: undefined,
    failed: 'failed',
    drift: 'drifted',
    swept: 'ended',
    recovered: undefined,
    key: undefined,
  });
});
