import type { ConnectionCount, Exec } from '../core/ports.ts';
import { createSocketReader } from './sockets/socket-reader.ts';

/**
 * Counts the connections that a pod holds open to given targets, from its socket table (facts/traffic.md §4.2 P1).
 * A connection that sends again without an answer is cut already and isn't counted.
 */
export function createConnectionCount({ exec }: { readonly exec: Exec }): ConnectionCount {
  const reader = createSocketReader(exec);
  return {
    established: async (from, targets, signal) => {
      const look = await reader.look(from, 1, signal);
      if (look.type === 'denied' || look.type === 'failed') throw look.error;
      if (look.type === 'unreadable') return 0;
      const wanted = new Set(targets);
      const rows = look.samples.at(-1)?.rows ?? [];
      return rows.filter(
        ({ protocol, state, remote, retransmits }) =>
          state === 'established' &&
          retransmits === 0 &&
          wanted.has(`${remote.ip}:${remote.port}/${protocol}`),
      ).length;
    },
  };
}
