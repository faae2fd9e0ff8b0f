import type { Grant } from '../../core/access/grant.ts';
import { pause } from '../../wait.ts';
import { policyRef } from './objects.ts';
import type { GrantDeps } from './record.ts';

/** Good enough to end a grant at its deadline: ms. */
const EXACT = 50;

/** A step that does not divide a second, so that calls fall at ever new moments of it. */
const STEP = 137;

/**
 * Learns the server's time well enough to end a grant on time: each answer's `Date` has whole seconds, and only many at
 * different moments bound the offset (API-10). At most 30 small reads, right after the grant is made; none when the
 * clock is known already.
 */
export async function settleClock({ api }: GrantDeps, { halves }: Grant, signal: AbortSignal): Promise<void> {
  const [half] = halves;
  if (half?.policy === undefined) return;
  const ref = policyRef(half.namespace, half.policy.name);
  for (let tries = 0; tries < 30 && api.clock.error > EXACT; tries += 1) {
    await pause(STEP, signal);
    await api.read(ref, signal);
  }
}
