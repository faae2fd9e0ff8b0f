import { expect, test } from 'vitest';
import { MAKING_WITHIN } from '../../../src/core/grants/life.ts';
import { TIMEOUT } from '../../../src/kube/http/client.ts';
import { LEASE_START } from '../../../src/session/grants/make-grant.ts';
import { UNDO_WITHIN } from '../../../src/session/grants/roll-back.ts';

/** Two leases and two policies are created, and after the leases, the first policy and its lease are read back. */
const CALLS = 7;

test('a lease without a policy is no leftover for as long as making a grant may take (GRANT-21)', () => {
  expect(MAKING_WITHIN).toBeGreaterThan(2 * LEASE_START + CALLS * TIMEOUT + UNDO_WITHIN);
});
