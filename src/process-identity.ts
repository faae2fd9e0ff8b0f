import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';

/**
 * Identifies a process, so that a later one with the same PID is not mistaken for it. `place`: the machine's boot and PID
 * namespace; a process can only be found dead from the same place.
 */
export type ProcessIdentity = {
  readonly pid: number;
  readonly started: string;
  readonly place: string;
  /** Unique per lock. */
  readonly nonce: string;
};

/** This process, with a new nonce each time. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  const [started, place] = await Promise.all([startOf(process.pid), placeOf()]);
  return { pid: process.pid, started, place, nonce: randomUUID() };
}

/** Whether a process is certainly gone: its PID is free, or belongs to one with another start time. */
export async function isGone(other: ProcessIdentity): Promise<boolean> {
  const place = await placeOf();
  if (other.place !== place) return isEarlierBoot(other.place, place);
  try {
    process.kill(other.pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return true;
  }
  const started = await startOf(other.pid);
  return started !== '' && other.started !== '' && started !== other.started;
}

/** `host boot pid-namespace`; the last two are empty if the system does not provide them. */
async function placeOf(): Promise<string> {
  const [boot, space] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  return `${hostname()} ${boot.trim()} ${space}`;
}

/** The same host with another boot, so that no process from then is left. */
function isEarlierBoot(there: string, here: string): boolean {
  const [host, boot] = there.split(' ');
  const [ownHost, ownBoot] = here.split(' ');
  return host === ownHost && boot !== '' && ownBoot !== '' && boot !== ownBoot;
}

/** When a process started, for comparison: clock ticks since boot on Linux, else the output of `ps`; '' if unknown. */
async function startOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in parentheses, which may contain anything; the start time is the 22nd.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    if (process.platform === 'linux') return '';
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], {
      timeout: 2_000,
    }).catch(() => ({ stdout: '' }));
    return stdout.trim();
  }
}
