import type { Grant } from '../../../core/access/grant.ts';
import type { Clock, ClusterApi } from '../../../core/ports.ts';
import { policyRef } from '../objects.ts';

/** The server's time, with an eye on the local clock that it is reckoned from. */
export type MindedClock = {
  readonly now: () => number;
  /** Resolves when the server was asked again, if the local clock was set; soon in any case. */
  readonly settled: () => Promise<void>;
};

/** The local clock and the monotonic one may part by this much before the former was set, or the machine slept, ms. */
const APART = 2_000;

/** How long to wait for the server's word; a grant is rather ended too early than not. */
const ASK_WITHIN = 2_000;

/**
 * Reckons the server's time from the local clock, which somebody may set, and which jumps when the machine sleeps.
 * Whenever it parts from the monotonic clock the server is asked anew: any answer tells its time.
 */
export function mindClock(
  { api, clock }: { readonly api: Pick<ClusterApi, 'clock' | 'read'>; readonly clock: Clock },
  { halves }: Pick<Grant, 'halves'>,
): MindedClock {
  const [half] = halves;
  const difference = () => clock.now() - clock.monotonic();
  let known = difference();
  let asking: Promise<void> | undefined;
  const ask = async () => {
    if (half?.policy === undefined) return;
    const signal = AbortSignal.timeout(ASK_WITHIN);
    await api.read(policyRef(half.namespace, half.policy.name), signal).catch(() => undefined);
  };
  return {
    now: () => {
      const is = difference();
      if (Math.abs(is - known) > APART) {
        known = is;
        asking = ask();
      }
      return api.clock.now();
    },
    settled: async () => asking,
  };
}
