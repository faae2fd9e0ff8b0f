import type { SocketEnd, SocketRow, SocketSample } from './proc-net.ts';

/** How long a SYN may be unanswered before it counts as dropped, ms: far above any round trip in a cluster. */
export const UNANSWERED_AFTER = 400;

/** The first retransmission of a SYN comes after this many ms (`TCP_TIMEOUT_INIT`). */
const FIRST_RETRANSMISSION = 1_000;

/** How long a closed connection stays in the table, ms (`TCP_TIMEWAIT_LEN`). */
const TIME_WAIT = 60_000;

/**
 * A new event of one socket. `age`: ms between the event and the sample. `incoming`: the pod serves the local port, so
 * the peer opened the connection. `syns`: how often the SYN was sent (1 the first time).
 */
export type SocketObservation = {
  readonly what: 'unanswered' | 'connected' | 'datagram';
  readonly local: SocketEnd;
  readonly remote: SocketEnd;
  readonly incoming: boolean;
  readonly age: number;
  readonly syns: number;
};

type Known = {
  readonly stage: SocketObservation['what'] | 'waiting';
  readonly retransmits: number;
  readonly inode: number;
  readonly closed: boolean;
};

/** The last state of each socket of a pod, and the ports that it has been seen to serve. */
export type SocketMemory = {
  readonly sockets: ReadonlyMap<string, Known>;
  readonly served: ReadonlySet<number>;
};

/** An empty memory; `served` may be initialized with the ports that the pod declares. */
export function emptyMemory(served: Iterable<number> = []): SocketMemory {
  return { sockets: new Map(), served: new Set(served) };
}

/**
 * Compares a sample with the memory of the pod and returns what is new: one observation per attempt and stage, and one
 * more for each retransmitted SYN. An unanswered SYN counts once it was retransmitted or has waited `UNANSWERED_AFTER`;
 * connections within the pod are ignored.
 */
export function observe(
  memory: SocketMemory,
  sample: SocketSample,
  ownIps: readonly string[],
): { readonly memory: SocketMemory; readonly observations: readonly SocketObservation[] } {
  const served = new Set(memory.served);
  for (const row of sample.rows) {
    if (row.protocol === 'TCP' && row.state === 'listen') served.add(row.local.port);
  }
  // A table that changes while being read can show a socket twice.
  const sockets = new Map<string, Known>();
  const observations: SocketObservation[] = [];
  for (const row of sample.rows) {
    const what = stageOf(row);
    if (what === undefined || isLocal(row, ownIps)) continue;
    const key = `${row.protocol} ${row.local.ip} ${row.local.port} ${row.remote.ip} ${row.remote.port}`;
    const before = sockets.get(key) ?? memory.sockets.get(key);
    if (isNews(row, what, before)) {
      observations.push({
        what,
        local: row.local,
        remote: row.remote,
        incoming: what === 'connected' && served.has(row.local.port),
        age: ageOf(row),
        syns: what === 'unanswered' ? row.retransmits + 1 : 1,
      });
    }
    sockets.set(key, {
      stage: what,
      retransmits: row.retransmits,
      inode: row.inode,
      closed: row.state === 'time-wait',
    });
  }
  return { memory: { sockets, served }, observations };
}

function isNews(
  row: SocketRow,
  what: Known['stage'],
  before: Known | undefined,
): what is SocketObservation['what'] {
  if (what === 'waiting') return false;
  if (before === undefined || before.stage !== what) return true;
  if (row.inode !== 0 && before.inode !== 0 && row.inode !== before.inode) return true;
  if (what === 'unanswered') return row.retransmits > before.retransmits;
  return before.closed && row.state !== 'time-wait';
}

function stageOf(row: SocketRow): Known['stage'] | undefined {
  if (row.protocol === 'UDP') return row.state === 'established' ? 'datagram' : undefined;
  switch (row.state) {
    case 'syn-sent':
      return row.retransmits > 0 || ageOf(row) >= UNANSWERED_AFTER ? 'unanswered' : 'waiting';
    case 'established':
    case 'fin-wait-1':
    case 'fin-wait-2':
    case 'time-wait':
    case 'close-wait':
    case 'last-ack':
    case 'closing':
      return 'connected';
    case 'syn-received':
    case 'close':
    case 'listen':
      return undefined;
  }
}

/** Derived from the remaining time of a timer with a known length; later retransmission timers vary by kernel. */
function ageOf(row: SocketRow): number {
  if (row.state === 'syn-sent' && row.retransmits === 0 && row.timer === 'retransmit') {
    return Math.max(0, FIRST_RETRANSMISSION - row.timerLeft);
  }
  if (row.state === 'time-wait' && row.timer === 'time-wait') return Math.max(0, TIME_WAIT - row.timerLeft);
  return 0;
}

function isLocal(row: SocketRow, ownIps: readonly string[]): boolean {
  const { ip } = row.remote;
  return ip === '::1' || ip.startsWith('127.') || ownIps.includes(ip);
}
