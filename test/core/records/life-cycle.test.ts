import { expect, test } from 'vitest';
import type { AuditType } from '../../../src/core/ports/ports.ts';
import { followGrants } from '../../../src/core/records/records.ts';
import { auditRecord, NOON } from '../../helpers/audit/audit-entries.ts';

const END = NOON + 900_000;
const HOUR = 3_600_000;

/** What is unfinished an hour after noon, once records of these types about one grant were taken. */
function left(types: readonly AuditType[], now = NOON + HOUR) {
  const { take, unfinished } = followGrants();
  const grant = {
    id: 'g1',
    source: 'web',
    destination: 'db',
    ports: '1/tcp',
    expiresAt: new Date(END).toISOString(),
  };
  for (const [index, type] of types.entries()) take(auditRecord({ type, grant, seq: index + 1 }));
  return unfinished(now).map(({ what, seq }) => `${what} ${seq}`);
}

test.each<[readonly AuditType[], readonly string[]]>([
  [['intent'], ['intent 1']],
  [['intent', 'failed'], []],
  [['intent', 'granted', 'expired'], []],
  [['intent', 'granted'], ['grant 2']],
  [['intent', 'granted', 'extended'], ['grant 3']],
  [['intent', 'granted', 'drift'], ['grant 2']],
  [['intent', 'granted', 'extended', 'intent', 'revoked', 'closed'], []],
  [['intent', 'granted', 'intent'], ['intent 3']],
  [['intent', 'granted', 'intent', 'extended'], ['grant 4']],
  [['intent', 'refused'], []],
  [['intent', 'requested'], ['grant 2']],
  [['intent', 'requested', 'intent', 'withdrawn'], []],
  [['intent', 'rejected'], []],
  [['intent', 'approved'], ['grant 2']],
  [['intent', 'requested', 'approved', 'revoked'], []],
  [['break-glass', 'intent'], ['intent 2']],
  [['drift'], []],
])('after %j, %j is left', (types, expected) => {
  expect(left(types)).toEqual(expected);
});

test('a grant is unfinished only once its end could have been recorded', () => {
  expect(left(['intent', 'granted'], END + 60_000)).toEqual([]);
  expect(left(['intent', 'granted'], END + 180_000)).toEqual(['grant 2']);
});
