import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';

/**
 * A process, so that a later one with its number is not taken for it. `place`: the machine's boot and the space of
 * process numbers; only within the same place can a process be found dead.
 */
export type ProcessIdentity = {
  readonly pid: number;
  readonly started: string;
  readonly place: string;
  /** One per holding. */
  readonly nonce: string;
};

/** This process, with a nonce of its own each time. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  const [started, place] = await Promise.all([startOf(process.pid), placeOf()]);
  return { pid: process.pid, started, place, nonce: randomUUID() };
}

/** Whether that process is certainly gone: its number is free, or belongs to one that started at another time. */
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

/** `host boot pid-namespace`; where the system has no word for one of the latter, it is left empty. */
async function placeOf(): Promise<string> {
  const [boot, space] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  return `${hostname()} ${boot.trim()} ${space}`;
}

/** The same host with another boot: nothing of that time is left. */
function isEarlierBoot(there: string, here: string): boolean {
  const [host, boot] = there.split(' ');
  const [ownHost, ownBoot] = here.split(' ');
  return host === ownHost && boot !== '' && ownBoot !== '' && boot !== ownBoot;
}

/** When a process began, as text to compare: clock ticks since boot on Linux, else what `ps` says; '' if unknown. */
async function startOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in parentheses, with anything in it; the start is the 22nd.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    if (process.platform === 'linux') return '';
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], {
      timeout: 2_000,
    }).catch(() => ({ stdout: '' }));
    return stdout.trim();
  }
}
