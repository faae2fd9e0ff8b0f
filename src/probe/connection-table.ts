import { canonicalIp, type Pod } from '../core/cluster/cluster.ts';
import { SluiceError } from '../core/common/common.ts';
import { cutWords } from '../core/grants/grants.ts';
import type { ConnectionTable, Exec, LivingConnection } from '../core/ports/ports.ts';
import { createSocketReader } from './socket-reader.ts';

/** Timeout for ending one connection, ms. */
const CUT_WITHIN = 10_000;

/**
 * The connections of a pod, from its socket tables: those that can still carry data, so not closed ones. Targets are
 * `ip:port/PROTOCOL`, IPv6 with or without brackets; connected UDP sockets count too. Throws if the pod's sockets can't
 * be read.
 */
export function createConnectionTable({ exec }: { readonly exec: Exec }): ConnectionTable {
  const reader = createSocketReader(exec);

  const established = async (
    from: Pod,
    targets: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly LivingConnection[]> => {
    const look = await reader.look(from, 1, signal);
    switch (look.type) {
      case 'read': {
        const wanted = new Set(targets.map(canonicalTarget));
        const { namespace, name } = from;
        return (look.samples.at(-1)?.rows ?? [])
          .filter(
            ({ state, remote, protocol }) =>
              (state === 'established' || state === 'close-wait') &&
              wanted.has(`${remote.ip} ${remote.port}/${protocol}`),
          )
          .map(({ protocol, local, remote }) => ({ pod: { namespace, name }, protocol, local, remote }));
      }
      case 'denied':
      case 'failed':
        throw look.error;
      case 'unreadable':
        throw new SluiceError(
          'unsupported',
          `Unable to read the socket tables in any container of pod ${from.namespace}/${from.name}.`,
          'Use kubectl debug, or check on the node.',
        );
    }
  };

  return {
    established,
    cut: async (from, living, signal) => {
      const targets = living.map(({ remote: { ip, port }, protocol }) => `${ip}:${port}/${protocol}`);
      const still = async () => {
        const now = new Set((await established(from, targets, signal)).map(keyOf));
        return living.filter((one) => now.has(keyOf(one)));
      };
      let left = living;
      for (const container of from.containers) {
        const where = { namespace: from.namespace, pod: from.name, container };
        // What ss says of its success differs by version, so the table is asked.
        for (const one of left)
          await exec(where, cutWords(one), { signal, timeout: CUT_WITHIN }).catch(() => undefined);
        signal.throwIfAborted();
        left = await still();
        if (left.length === 0) break;
      }
      return left;
    },
  };
}

function keyOf({ protocol, local, remote }: LivingConnection): string {
  return `${protocol} ${local.ip} ${local.port} ${remote.ip} ${remote.port}`;
}

function canonicalTarget(target: string): string {
  const [, ip = '', port = '', protocol = ''] = /^(.*):(\d+)\/(\w+)$/.exec(target) ?? [];
  return `${canonicalIp(ip.replace(/^\[(.*)\]$/, '$1'))} ${Number(port)}/${protocol.toUpperCase()}`;
}
