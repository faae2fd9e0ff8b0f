import { readlink, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import * as v from 'valibot';
import { SluiceError } from '../core/common/common.ts';
import { isGone, ownIdentity, type ProcessIdentity } from '../process-identity.ts';
import { codeOf, isMissingFile } from './files.ts';

const HOLDER = v.object({ pid: v.number(), started: v.string(), place: v.string(), nonce: v.string() });

/** Locks of dead holders are removed under another lock, which may itself have a dead holder, up to this depth. */
const DEPTH = 3;

/**
 * Runs `task` under an exclusive lock on the directory. The lock is a symbolic link whose target names the holder:
 * creating it is atomic like `O_EXCL`, and it is never seen half written. The lock of a dead holder is taken over; that
 * of a live one never is. Throws `failed` after `patience` ms (AUD-3).
 */
export async function withLock<T>(directory: string, patience: number, task: () => Promise<T>): Promise<T> {
  const path = join(directory, 'lock');
  const me = await ownIdentity();
  const deadline = performance.now() + patience;
  for (;;) {
    const holder = await take(path, me, DEPTH);
    if (holder === 'mine') break;
    if (performance.now() > deadline) throw busy(path, holder);
    await wait(2 + Math.random() * 15);
  }
  try {
    return await task();
  } finally {
    await unlink(path);
  }
}

type Holder = ProcessIdentity | 'unreadable';

/** Acquires the lock, or returns its holder. */
async function take(path: string, me: ProcessIdentity, depth: number): Promise<'mine' | Holder> {
  try {
    await symlink(JSON.stringify(me), path);
    return 'mine';
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  const holder = await holderOf(path);
  if (holder === undefined) return take(path, me, depth);
  if (holder === 'unreadable' || depth === 0 || !(await isGone(holder))) return holder;
  const guard = `${path}.break`;
  if ((await take(guard, me, depth - 1)) !== 'mine') return holder;
  try {
    // A dead holder's lock may only be removed under the guard: by now it could belong to another process.
    const still = await holderOf(path);
    if (still !== undefined && still !== 'unreadable' && still.nonce === holder.nonce) await unlink(path);
  } finally {
    await unlink(guard);
  }
  return take(path, me, depth);
}

async function holderOf(path: string): Promise<Holder | undefined> {
  try {
    const value: unknown = JSON.parse(await readlink(path));
    const result = v.safeParse(HOLDER, value);
    return result.success ? result.output : 'unreadable';
  } catch (error) {
    return isMissingFile(error) ? undefined : 'unreadable';
  }
}

function busy(path: string, holder: Holder): SluiceError {
  const who = holder === 'unreadable' ? 'another process' : `process ${holder.pid}`;
  return new SluiceError(
    'failed',
    `The audit log is locked by ${who} (${path}).`,
    'Wait for it to finish; if no sluice is running on any machine that shares this directory, delete that file.',
  );
}
