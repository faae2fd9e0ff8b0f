import type { GrantWindow } from '../../core/grants/grants.ts';
import type { Usage } from '../../core/ports/ports.ts';
import { allowed, type EvidenceDeps, SKEW } from './evidence.ts';
import type { GrantPath } from './path.ts';

/** Counts what a grant is used for, while it lasts. */
export type Meter = {
  /** What was seen so far in a window; undefined if nobody watched the traffic. */
  readonly read: (window: GrantWindow) => Usage | undefined;
  readonly dispose: () => void;
};

/** Old attempts are forgotten; they are counted at most this often, ms. */
const LOOK_EVERY = 1_000;

/**
 * Counts the connections of the pairs that a grant opened (GRANT-52). What may belong to pairs that were open before is
 * not counted, and neither is what the destination refused.
 *
 * @param path the pairs so far, as pods come and go
 * @param now server time, ms
 */
export function startMeter(deps: EvidenceDeps, path: () => GrantPath, now: () => number): Meter {
  const since = now();
  const seen = new Set<string>();
  let last = since;
  let looked = since;
  const look = () => {
    for (const { attempt } of allowed(deps, path(), Math.max(since, looked - 2 * SKEW) - SKEW)) {
      seen.add(`${attempt.key} ${attempt.first}`);
      last = Math.max(last, attempt.last);
    }
    looked = now();
  };
  const dispose = deps.onFlows(() => {
    if (now() - looked >= LOOK_EVERY) look();
  });
  return {
    read: ({ start, end, seconds }) => {
      if (deps.isWatched?.() !== true) return undefined;
      look();
      const used = seen.size === 0 ? 0 : Math.max(0, Math.min(last, end) - start);
      return { connections: seen.size, seconds: Math.ceil(used / 1_000), of: seconds };
    },
    dispose,
  };
}
