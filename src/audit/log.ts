import { chmod, mkdir, stat, unlink } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import type { AuditEntry, AuditLog, AuditRecord, RecordFollower } from '../core/ports/ports.ts';
import { appendTo } from './append.ts';
import { auditTrouble, withFile } from './files.ts';
import { withLock } from './lock.ts';
import { readAuditLog } from './read.ts';
import { auditRoot, logDirectory } from './root.ts';
import { EMPTY_HEAD, readHead, readTail, writeHead } from './tail.ts';

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
  /** Gets the records under the lock of the log. */
  readonly follower?: RecordFollower;
};

/** The log of one cluster, with its key. */
export type SignedLog = AuditLog & {
  /** Changes to a new key, for which the present one signs; the entry is the first that the new one signs for (AUD-7). */
  readonly rotate: (entry: AuditEntry) => Promise<AuditRecord>;
};

/**
 * Opens the log of one cluster, creating it if needed, and checks that it is writable: a full disk or a directory of
 * another user is a `failed` error here, before anything is changed in the cluster (AUD-1).
 *
 * One canonical JSON record per line, each with the hash of the previous one, in a file per UTC day; mode 0600 in a
 * directory with 0700. Several processes may write at once: a lock is held from reading the end to syncing the new
 * record (AUD-3). An incomplete record from a crash is moved aside by the next append, which adds a `recovered` record.
 * After each record, a checkpoint of the tree over all of them is signed (AUD-5, AUD-6). Who has the key can sign others.
 */
export async function openAuditLog(options: AuditLogOptions): Promise<SignedLog> {
  const directory = logDirectory(options.directory ?? auditRoot(), options.cluster);
  const patience = options.patience ?? 10_000;
  const writer = { user: userName(), host: hostname(), version: options.version, pid: process.pid };
  const guarded = <T>(task: () => Promise<T>): Promise<T> =>
    withLock(directory, patience, task).catch((error: unknown) => {
      throw auditTrouble(directory, error);
    });
  await makePrivate(directory);
  await guarded(async () => {
    await start(directory);
    await catchUp(directory, options.follower);
  });
  let queue: Promise<unknown> = Promise.resolve();
  let checkpoint: string | undefined;
  const append = async (entry: AuditEntry, rotate = false): Promise<AuditRecord> => {
    const appended = await appendTo(directory, entry, writer, rotate);
    checkpoint = appended.checkpoint;
    await catchUp(directory, options.follower, appended.record);
    return appended.record;
  };
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const done = queue.then(() => guarded(task));
    queue = done.catch(() => undefined);
    return done;
  };
  return {
    path: directory,
    checkpoint: () => checkpoint,
    append: (entry) => inTurn(() => append(entry)),
    rotate: (entry) => inTurn(() => append(entry, true)),
    appendMissing: (since, missing) =>
      inTurn(async () => {
        const records = await Array.fromAsync(readAuditLog(directory, { since }));
        const appended: AuditRecord[] = [];
        for (const entry of missing(records)) appended.push(await append(entry));
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

/** How far back a follower gets records that it has missed, ms; older ones are no news. */
const NEWS = 3 * 86_400_000;

/**
 * Gives a follower the records that it has not taken: the newest, and those whose writer died before it could. What was
 * there before anybody followed is not told. Never rejects: what was not taken is missed next time, too.
 */
async function catchUp(
  directory: string,
  follower: RecordFollower | undefined,
  newest?: AuditRecord,
): Promise<void> {
  if (follower === undefined) return;
  try {
    const last = await follower.last();
    const seq = newest?.seq ?? (await readTail(directory)).seq;
    if (last === seq) return;
    if (last === undefined || last > seq) await follower.take(newest === undefined ? [] : [newest], seq);
    else if (newest !== undefined && last === seq - 1) await follower.take([newest], seq);
    else await follower.take(await missedSince(directory, last), seq);
  } catch {
    // The record itself is on disk.
  }
}

async function missedSince(directory: string, last: number): Promise<readonly AuditRecord[]> {
  const records = await Array.fromAsync(readAuditLog(directory, { since: Date.now() - NEWS }));
  return records.filter(({ seq }) => seq > last);
}

/** Even an empty log has a head, so that a missing one is always a finding. */
async function start(directory: string): Promise<void> {
  const head = await readHead(directory);
  if (head === 'missing' && (await readTail(directory)).seq === 0) await writeHead(directory, EMPTY_HEAD);
  const room = join(directory, 'room');
  await withFile(room, 'w', async (file) => {
    await file.writeFile(Buffer.alloc(ROOM));
    await file.datasync();
  }).finally(() => unlink(room).catch(() => undefined));
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
