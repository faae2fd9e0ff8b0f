import { sameJson } from '../../core/common/common.ts';
import { clusterTroubles, type Grant } from '../../core/grants/grants.ts';
import type { Engine } from '../../core/policy/decide/decide.ts';
import type { Clock } from '../../core/ports/ports.ts';

/** Time budget for judging the grants of others within one publication, ms. */
const JUDGING_GRANTS = 4;

/**
 * Grants of others with what the cluster around them tells (GRANT-17). Each is judged once for each `count` of changes to
 * verdicts, as far as there is time; the next publication goes on. Unchanged ones keep their identity.
 */
export function createJudgedGrants(
  engine: Engine,
  { monotonic }: Pick<Clock, 'monotonic'>,
  count: () => number,
): (grants: readonly Grant[]) => readonly Grant[] {
  const known = new WeakMap<Grant, { readonly at: number; readonly judged: Grant }>();
  return (grants) => {
    const until = monotonic() + JUDGING_GRANTS;
    return grants.map((grant) => {
      const before = known.get(grant);
      if (before?.at === count() || (before !== undefined && monotonic() >= until)) return before.judged;
      // What waits opens nothing yet, which is no trouble.
      const around = grant.waiting === undefined ? clusterTroubles(engine, grant) : [];
      const fresh = { ...grant, drift: [...grant.drift, ...around] };
      const judged = sameJson(before?.judged.drift, fresh.drift) ? (before?.judged ?? fresh) : fresh;
      known.set(grant, { at: count(), judged });
      return judged;
    });
  };
}
