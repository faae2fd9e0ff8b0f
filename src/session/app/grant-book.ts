import type { Grant } from '../../core/grants/grants.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** A grant of this session as last seen; `demo`: in a cluster that ends with the app. */
export type BookedGrant = { readonly grant: Grant; readonly demo: boolean };

/** The grants that this session made, over all its connections: the rows of ended ones go after a while. */
export type GrantBook = {
  readonly note: (runtime: Runtime) => void;
  readonly grants: () => readonly BookedGrant[];
};

/** A book without grants. */
export function createGrantBook(): GrantBook {
  const booked = new Map<string, BookedGrant>();
  return {
    note: ({ keeper, connection }) => {
      for (const grant of keeper.grants()) booked.set(grant.id, { grant, demo: connection.demo });
    },
    grants: () => [...booked.values()],
  };
}
