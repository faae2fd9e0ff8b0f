import { readlink, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import * as v from 'valibot';
import { SluiceError } from '../../core/errors.ts';
import { codeOf, isMissingFile } from './files.ts';
import { isGone, ownIdentity, type ProcessIdentity } from './process-identity.ts';

const HOLDER = v.object({ pid: v.number(), started: v.string(), place: v.string(), nonce: v.string() });

/** Dead holders are cleared away under a lock of their own, which may have a dead holder in turn, and no further. */
const DEPTH = 3;

/**
 * Runs `task` while no other process runs one in the same folder. The lock is a symbolic link whose target names the
 * holder: making it is atomic like `O_EXCL`, and it can't be seen half written. One whose holder is gone is taken over;
 * one whose holder lives never is. Throws `failed` after `patience` ms (AUD-3).
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

/** Makes the lock ours, or says whose it is. */
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
    // Only under the guard may a dead holder's lock go: by now it could be somebody else's.
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
  const who = holder === 'unreadable' ? 'somebody' : `process ${holder.pid}`;
  return new SluiceError(
    'failed',
    `The audit log is locked by ${who} (${path}).`,
    'Wait for it to end; if no sluice runs on any machine that shares this folder, delete that file.',
  );
}
