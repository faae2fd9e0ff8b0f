import { canonicalIp } from '../core/cluster/ip.ts';
import { SluiceError } from '../core/errors.ts';
import type { ConnectionCount, Exec } from '../core/ports.ts';
import { createSocketReader } from './sockets/socket-reader.ts';

/**
 * Counts the connections that a pod holds to given ends, from its socket tables: those that could still carry data,
 * so not the ones that were closed. Targets are `ip:port/PROTOCOL`, IPv6 in brackets or bare; a UDP socket tied to a
 * target counts too. Throws when the pod's sockets can't be read.
 */
export function createConnectionCount({ exec }: { readonly exec: Exec }): ConnectionCount {
  const reader = createSocketReader(exec);
  return {
    established: async (from, targets, signal) => {
      const look = await reader.look(from, 1, signal);
      switch (look.type) {
        case 'read': {
          const wanted = new Set(targets.map(canonicalTarget));
          const rows = look.samples.at(-1)?.rows ?? [];
          return rows.filter(
            ({ state, remote, protocol }) =>
              (state === 'established' || state === 'close-wait') &&
              wanted.has(`${remote.ip} ${remote.port}/${protocol}`),
          ).length;
        }
        case 'denied':
        case 'failed':
          throw look.error;
        case 'unreadable':
          throw new SluiceError(
            'unsupported',
            `No container of pod ${from.namespace}/${from.name} can read its socket table.`,
            'Look with kubectl debug, or on the node.',
          );
      }
    },
  };
}

function canonicalTarget(target: string): string {
  const [, ip = '', port = '', protocol = ''] = /^(.*):(\d+)\/(\w+)$/.exec(target) ?? [];
  return `${canonicalIp(ip.replace(/^\[(.*)\]$/, '$1'))} ${Number(port)}/${protocol.toUpperCase()}`;
}
