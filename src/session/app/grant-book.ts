import type { Grant } from '../../core/grants/grants.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** A grant of this session as last seen; `demo`: in a cluster that ends with the app. */
export type BookedGrant = { readonly grant: Grant; readonly demo: boolean };

/** The grants that this session made, over all its connections: the rows of ended ones go after a while. */
export type GrantBook = {
  /** Takes in the grants as they are at server time `now`. */
  readonly note: (runtime: Runtime, now: number) => void;
  readonly grants: () => readonly BookedGrant[];
  /** Every state, window and drift that a grant was seen in, in order; empty for a grant of somebody else. */
  readonly past: (id: string) => readonly PastGrant[];
};

/** A grant as it was from a time on, ms. */
export type PastGrant = { readonly at: number; readonly grant: Grant };

/** A book without grants. */
export function createGrantBook(): GrantBook {
  const booked = new Map<string, BookedGrant>();
  const past = new Map<string, readonly PastGrant[]>();
  return {
    note: ({ keeper, connection }, now) => {
      for (const grant of keeper.grants()) {
        const before = booked.get(grant.id)?.grant;
        booked.set(grant.id, { grant, demo: connection.demo });
        if (before !== undefined && isAlike(before, grant)) continue;
        past.set(grant.id, [...(past.get(grant.id) ?? []), { at: now, grant }]);
      }
    },
    grants: () => [...booked.values()],
    past: (id) => past.get(id) ?? [],
  };
}

function isAlike(before: Grant, { state, window, drift }: Grant): boolean {
  return (
    before.state.name === state.name &&
    before.window?.end === window?.end &&
    before.drift.length === drift.length
  );
}
