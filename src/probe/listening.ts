import type { Pod, Protocol } from '../core/cluster/objects.ts';
import type { Exec } from '../core/ports.ts';
import { createConnectProbe } from './connect-test.ts';
import type { SocketRow } from './sockets/proc-net.ts';
import { createSocketReader } from './sockets/socket-reader.ts';

/**
 * Whether a pod listens on a port. `loopback`: only for itself, so nobody else can reach it. `how`: what told, or why
 * nothing could.
 */
export type Listening = {
  readonly answer: 'yes' | 'loopback' | 'no' | 'unknown';
  readonly how: string;
};

/**
 * Answers whether a pod listens on a port, from its socket table; where nothing in the pod can read that, by a
 * connection from the pod to its own address, which no policy filters (facts/traffic.md §4.3). Throws what keeps
 * every exec from running.
 */
export function createListening({ exec }: { readonly exec: Exec }) {
  const reader = createSocketReader(exec);
  const probe = createConnectProbe({ exec });
  return async (pod: Pod, port: number, protocol: Protocol, signal: AbortSignal): Promise<Listening> => {
    if (pod.hostNetwork) return { answer: 'unknown', how: 'its sockets are those of its node' };
    if (protocol === 'SCTP') return { answer: 'unknown', how: 'SCTP sockets are not in the table' };
    const look = await reader.look(pod, 1, signal);
    switch (look.type) {
      case 'read':
        return inTable(look.samples.at(-1)?.rows ?? [], port, protocol);
      case 'denied':
      case 'failed':
        throw look.error;
      case 'unreadable': {
        const [host] = pod.ips;
        if (host === undefined) return { answer: 'unknown', how: 'the pod has no address' };
        const { outcome, how } = await probe.connect(pod, { host, port, protocol }, signal);
        if (outcome === 'open') return { answer: 'yes', how: `${how}, from the pod to itself` };
        if (outcome === 'refused') return { answer: 'no', how: `${how}, from the pod to itself` };
        return { answer: 'unknown', how };
      }
    }
  };
}

function inTable(rows: readonly SocketRow[], port: number, protocol: 'TCP' | 'UDP'): Listening {
  const how = 'its socket table';
  const state = protocol === 'TCP' ? 'listen' : 'close';
  const serving = rows.filter(
    (row) => row.protocol === protocol && row.state === state && row.local.port === port,
  );
  if (serving.length === 0) return { answer: 'no', how };
  const loopback = serving.every(({ local }) => local.ip === '::1' || local.ip.startsWith('127.'));
  return { answer: loopback ? 'loopback' : 'yes', how };
}
