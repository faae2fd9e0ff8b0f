import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Shell } from './shells.ts';

/** The result of a packet: `refused` means a reset or an ICMP unreachable, from any sender. */
export type Packet = 'open' | 'refused' | 'timeout' | 'error';

/** One attempt; `wait` in ms. */
export type Dial = {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly wait: number;
};

/** Concurrent attempts per pod: more would only wait for the CPU. */
const AT_ONCE = 48;

/** Makes all attempts from inside a pod at once; the results are in the order of the attempts. */
export async function dialFromPod(shell: Shell, dials: readonly Dial[]): Promise<readonly Packet[]> {
  const attempts = dials.map(
    ({ protocol, address, port, wait }, index) =>
      `(echo ${index} $(netcat dial ${protocol} ${address}:${port} ${wait}ms))&${(index + 1) % AT_ONCE === 0 ? ' wait;' : ''}`,
  );
  // In a separate shell, so that `wait` covers only them.
  const lines = await shell.run(`(${attempts.join(' ')} wait)`);
  const answers = new Map(lines.map((line) => line.split(' ') as [string, string]));
  return dials.map((_, index) => packetOf(answers.get(String(index)), lines.join('; ')));
}

/** A source on the machine itself: the node by one of its addresses, or the host outside the cluster. */
export type HostSource = { readonly inside: 'node' | 'outside'; readonly address: string };

const run = promisify(execFile);
const OUTSIDE = 'sluice-outside';

/** Makes all attempts from the machine itself, from a given address. */
export async function dialFromHost(
  { inside, address }: HostSource,
  dials: readonly Dial[],
): Promise<readonly Packet[]> {
  const script = [join(import.meta.dirname, 'host-dial.ts'), address, JSON.stringify(dials)];
  const command = [process.execPath, ...script];
  const [file = '', ...args] = inside === 'node' ? command : ['ip', 'netns', 'exec', OUTSIDE, ...command];
  const { stdout, stderr } = await run(file, args, { timeout: 60_000 });
  const answers: unknown = JSON.parse(stdout);
  if (!Array.isArray(answers)) throw new Error(`host-dial answered ${stdout}`);
  return answers.map((answer) => packetOf(answer, stderr));
}

/** Whether this process may act as the host outside the cluster. */
export async function mayActOutside(): Promise<boolean> {
  return run('ip', ['netns', 'exec', OUTSIDE, 'true']).then(
    () => true,
    () => false,
  );
}

function packetOf(word: unknown, stderr: string): Packet {
  switch (word) {
    case 'open':
    case 'refused':
    case 'timeout':
    case 'error':
      return word;
    default:
      throw new Error(`an attempt ended without an answer: ${String(word)} ${stderr}`);
  }
}
