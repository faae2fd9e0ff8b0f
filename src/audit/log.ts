import { constants } from 'node:fs';
import { chmod, mkdir, readlink, stat, symlink, unlink } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import * as v from 'valibot';
import { SluiceError } from '../core/common/common.ts';
import type { AuditEntry, AuditLog, AuditRecord } from '../core/ports/ports.ts';
import { auditTrouble, codeOf, dayFile, isMissingFile, syncDirectory, withFile } from './files.ts';
import { isGone, ownIdentity, type ProcessIdentity } from './process-identity.ts';
import { readAuditLog } from './read.ts';
import { parseRecord, sealed } from './record.ts';
import { auditRoot, logDirectory } from './root.ts';
import { EMPTY_HEAD, type Head, moveTornAside, readHead, readTail, type Tail, writeHead } from './tail.ts';

/** The disk space that the records of a grant need, in bytes; checked before any grant. */
const ROOM = 16_384;

export type AuditLogOptions = {
  /** The directory with one subdirectory per cluster; `auditRoot()` by default. */
  readonly directory?: string;
  /** The name of the cluster's directory. */
  readonly cluster: string;
  /** The version of this program, for the records. */
  readonly version: string;
  /** How long to wait for other writers, ms; 10 s by default. */
  readonly patience?: number;
};

/**
 * Opens the log of one cluster, creating it if needed, and checks that it is writable: a full disk or a directory of
 * another user is a `failed` error here, before anything is changed in the cluster (AUD-1).
 *
 * One canonical JSON record per line, each with the hash of the previous one, in a file per UTC day; mode 0600 in a
 * directory with 0700. Several processes may write at once: a lock is held from reading the end to syncing the new
 * record (AUD-3). An incomplete record from a crash is moved aside by the next append, which adds a `recovered` record.
 * The hashes have no key: anyone who can write the log can recompute them all.
 */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  const directory = logDirectory(options.directory ?? auditRoot(), options.cluster);
  const patience = options.patience ?? 10_000;
  const writer = { user: userName(), host: hostname(), version: options.version, pid: process.pid };
  const guarded = <T>(task: () => Promise<T>): Promise<T> =>
    withLock(directory, patience, task).catch((error: unknown) => {
      throw auditTrouble(directory, error);
    });
  await makePrivate(directory);
  await guarded(() => start(directory));
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const done = queue.then(() => guarded(task));
    queue = done.catch(() => undefined);
    return done;
  };
  return {
    path: directory,
    append: (entry) => inTurn(() => appendTo(directory, entry, writer)),
    appendMissing: (since, missing) =>
      inTurn(async () => {
        const records: AuditRecord[] = [];
        for await (const record of readAuditLog(directory, { since })) records.push(record);
        const appended: AuditRecord[] = [];
        for (const entry of missing(records)) appended.push(await appendTo(directory, entry, writer));
        return appended;
      }),
  };
}

async function makePrivate(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    if (((await stat(directory)).mode & 0o077) !== 0) await chmod(directory, 0o700);
  } catch (error) {
    throw auditTrouble(directory, error);
  }
}

/** Even an empty log has a checkpoint, so that a missing one is always a finding. */
async function start(directory: string): Promise<void> {
  const head = await readHead(directory);
  if (head === 'missing' && (await readTail(directory)).seq === 0) await writeHead(directory, EMPTY_HEAD);
  const room = join(directory, 'room');
  await withFile(room, 'w', async (file) => {
    await file.writeFile(Buffer.alloc(ROOM));
    await file.datasync();
  }).finally(() => unlink(room).catch(() => undefined));
}

async function appendTo(
  directory: string,
  entry: AuditEntry,
  writer: AuditRecord['writer'],
): Promise<AuditRecord> {
  const tail = await readTail(directory);
  const aside = tail.torn === undefined ? undefined : await moveTornAside(directory, tail.torn);
  const { seq, hash, repairs } = continueFrom(tail, await readHead(directory), aside);
  const entries: AuditEntry[] = [entry];
  if (repairs.length > 0) entries.unshift(recovery(entry, repairs));
  let last: { record: AuditRecord; line: string } | undefined;
  let lines = '';
  for (const each of entries) {
    last = sealed({
      ...each,
      v: 1,
      seq: (last?.record.seq ?? seq) + 1,
      prev: last?.record.hash ?? hash,
      writer,
    });
    if (parseRecord(last.line.slice(0, -1)) === undefined) throw unfit(each);
    lines += last.line;
  }
  if (last === undefined) throw new Error('unreachable: there is at least one entry');
  const { record } = last;
  const today = dayFile(entry.time);
  const file = tail.file !== undefined && tail.file > today ? tail.file : today;
  await writeLines(directory, file, lines, () =>
    writeHead(directory, { seq: record.seq, hash: record.hash, file }),
  );
  return record;
}

/** Appends and syncs; if that or `then` fails, the file is restored. */
async function writeLines(
  directory: string,
  name: string,
  lines: string,
  then: () => Promise<void>,
): Promise<void> {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  await withFile(join(directory, name), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, async (file) => {
    const { size } = await file.stat();
    try {
      await file.writeFile(lines);
      await file.datasync();
      if (size === 0) await syncDirectory(directory);
      await then();
    } catch (error) {
      await file.truncate(size).catch(() => undefined);
      throw error;
    }
  });
}

function recovery({ time, actor, cluster }: AuditEntry, repairs: readonly string[]): AuditEntry {
  return { type: 'recovered', time, actor, cluster, outcome: repairs.join('; ') };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}

function unfit({ type }: AuditEntry): SluiceError {
  return new SluiceError('bug', `Invalid audit record of type ${type}.`, 'Report this bug.');
}

/**
 * Where the chain continues, and the repairs to record. If records before the checkpoint are missing, the chain continues
 * from the checkpoint, so that the gap stays visible.
 */
function continueFrom(
  tail: Tail,
  head: Head | 'missing' | 'broken',
  aside: string | undefined,
): { readonly seq: number; readonly hash: string; readonly repairs: readonly string[] } {
  const repairs =
    aside === undefined ? [] : [`an incomplete record at the end of the log was moved to ${aside}`];
  if (head === 'missing' || head === 'broken') {
    return {
      ...endOf(tail),
      repairs: [...repairs, `the checkpoint was ${head === 'missing' ? 'missing' : 'unreadable'}`],
    };
  }
  if (head.seq > tail.seq) {
    return {
      ...endOf(head),
      repairs: [...repairs, `${records(tail.seq + 1, head.seq)} missing at the end of the log`],
    };
  }
  if (head.seq === tail.seq && head.hash !== tail.hash) {
    return { ...endOf(head), repairs: [...repairs, `record ${tail.seq} was modified`] };
  }
  // With one record more than the checkpoint, its writer was killed between the two.
  if (tail.seq > head.seq + 1) {
    repairs.push(`${records(head.seq + 2, tail.seq)} written without a checkpoint`);
  }
  return { ...endOf(tail), repairs };
}

function endOf({ seq, hash }: { readonly seq: number; readonly hash: string }) {
  return { seq, hash };
}

function records(first: number, last: number): string {
  return first === last ? `record ${first} was` : `records ${first} to ${last} were`;
}

const HOLDER = v.object({ pid: v.number(), started: v.string(), place: v.string(), nonce: v.string() });

/** Locks of dead holders are removed under another lock, which may itself have a dead holder, up to this depth. */
const DEPTH = 3;

/**
 * Runs `task` under an exclusive lock on the directory. The lock is a symbolic link whose target names the holder:
 * creating it is atomic like `O_EXCL`, and it is never seen half written. The lock of a dead holder is taken over; that
 * of a live one never is. Throws `failed` after `patience` ms (AUD-3).
 */
async function withLock<T>(directory: string, patience: number, task: () => Promise<T>): Promise<T> {
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
