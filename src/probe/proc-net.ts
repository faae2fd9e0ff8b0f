import ipaddr from 'ipaddr.js';

/** One end of a socket; IPv4-mapped addresses are converted to IPv4. */
export type SocketEnd = { readonly ip: string; readonly port: number };

/**
 * States of `include/net/tcp_states.h`. For UDP only two occur: `established` (connected to a peer) and `close`
 * (bound, no peer).
 */
export type SocketState =
  | 'established'
  | 'syn-sent'
  | 'syn-received'
  | 'fin-wait-1'
  | 'fin-wait-2'
  | 'time-wait'
  | 'close'
  | 'close-wait'
  | 'last-ack'
  | 'listen'
  | 'closing';

/** One row of `/proc/net/{tcp,tcp6,udp,udp6}`. */
export type SocketRow = {
  readonly protocol: 'TCP' | 'UDP';
  readonly local: SocketEnd;
  readonly remote: SocketEnd;
  readonly state: SocketState;
  /** The running timer: retransmission, keep-alive, the end of TIME_WAIT, a zero window. */
  readonly timer: 'none' | 'retransmit' | 'keepalive' | 'time-wait' | 'zero-window';
  /** Milliseconds until that timer fires. */
  readonly timerLeft: number;
  /** Number of unanswered retransmissions of the last segment (the SYN, in `syn-sent`). */
  readonly retransmits: number;
  /** 0 for TIME_WAIT, which belongs to no process. */
  readonly inode: number;
};

/** The tables at one moment; `uptime` is that of the machine, in seconds, if it was read. */
export type SocketSample = { readonly uptime?: number; readonly rows: readonly SocketRow[] };

const STATES: readonly (SocketState | undefined)[] = [
  undefined,
  'established',
  'syn-sent',
  'syn-received',
  'fin-wait-1',
  'fin-wait-2',
  'time-wait',
  'close',
  'close-wait',
  'last-ack',
  'listen',
  'closing',
  'syn-received',
];

const TIMERS = ['none', 'retransmit', 'keepalive', 'time-wait', 'zero-window'] as const;

/** Ms per tick of `USER_HZ`, the unit of timers in /proc, which is the same on all relevant architectures. */
const TICK = 10;

const UPTIME = /^(\d+\.\d+) \d+\.\d+$/;
/** Anywhere in a line, because the header of the next table follows a truncated one on the same line. */
const HEADER = /\bsl +local_address/;
const ROW =
  /^\s*\d+: ([\dA-F]{8}|[\dA-F]{32}):([\dA-F]{4}) ([\dA-F]{8}|[\dA-F]{32}):([\dA-F]{4}) ([\dA-F]{2}) [\dA-F]+:[\dA-F]+ ([\dA-F]{2}):([\dA-F]+) ([\dA-F]+) +\d+ +\d+ (\d+)/;

/**
 * Parses the output of `cat /proc/uptime /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6`, once or repeated.
 * A line of `/proc/uptime` starts a sample; the header of a table shows whether TCP or UDP follows. Other lines are
 * skipped (PROBE-1).
 */
export function parseSamples(text: string): readonly SocketSample[] {
  const samples: { uptime?: number; rows: SocketRow[]; tables: number }[] = [];
  let protocol: 'TCP' | 'UDP' = 'TCP';
  for (const line of text.split('\n')) {
    const uptime = UPTIME.exec(line)?.[1];
    if (uptime !== undefined) samples.push({ uptime: Number(uptime), rows: [], tables: 0 });
    else if (HEADER.test(line)) {
      protocol = line.includes('drops') ? 'UDP' : 'TCP';
      if (samples.length === 0) samples.push({ rows: [], tables: 0 });
      const sample = samples.at(-1);
      if (sample !== undefined) sample.tables += 1;
    } else {
      const row = parseRow(line, protocol);
      if (row !== undefined) samples.at(-1)?.rows.push(row);
    }
  }
  return samples.filter(({ tables }) => tables > 0).map(({ tables: _, ...sample }) => sample);
}

function parseRow(line: string, protocol: 'TCP' | 'UDP'): SocketRow | undefined {
  const [, localIp, localPort, remoteIp, remotePort, state, timer, left, retransmits, inode] =
    ROW.exec(line) ?? [];
  if (localIp === undefined || remoteIp === undefined || state === undefined) return undefined;
  const name = STATES[Number.parseInt(state, 16)];
  if (name === undefined) return undefined;
  return {
    protocol,
    local: { ip: addressOf(localIp), port: hex(localPort) },
    remote: { ip: addressOf(remoteIp), port: hex(remotePort) },
    state: name,
    timer: TIMERS[hex(timer)] ?? 'none',
    timerLeft: hex(left) * TICK,
    retransmits: hex(retransmits),
    inode: Number(inode),
  };
}

function hex(digits: string | undefined): number {
  return Number.parseInt(digits ?? '0', 16);
}

/** Each 32-bit word of the address is printed as a little-endian number. */
function addressOf(digits: string): string {
  const bytes: number[] = [];
  for (let word = 0; word < digits.length; word += 8) {
    for (let byte = 6; byte >= 0; byte -= 2) bytes.push(hex(digits.slice(word + byte, word + byte + 2)));
  }
  const address = ipaddr.fromByteArray(bytes);
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()
    ? address.toIPv4Address().toString()
    : address.toString();
}
