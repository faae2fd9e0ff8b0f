import { mkdir, readdir, readFile, readlink, rename, rm, rmdir, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { HookNotice } from '../core/records/records.ts';
import { isGone, ownIdentity, type ProcessIdentity } from '../process-identity.ts';
import { replaceFile } from '../replace-file.ts';
import { shortHash } from './sink.ts';

/** A notice that this process, and no other, delivers. */
export type Claimed = {
  readonly id: string;
  readonly body: string;
  /** It was delivered, or never will be. */
  readonly done: () => Promise<void>;
  /** Puts it back for whoever comes next. */
  readonly release: () => Promise<void>;
};

/** Notices that wait on disk, one file for each and its hook, for whichever process delivers them. */
export type Queue = {
  readonly put: (hook: string, body: HookNotice['body']) => Promise<void>;
  /** The oldest notice for a hook; undefined if none waits. */
  readonly claim: (hook: string) => Promise<Claimed | undefined>;
  /** Takes back what processes that died had claimed. */
  readonly recover: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type QueueOptions = {
  readonly directory: string;
  /** The most notices that wait for one hook. */
  readonly bound: number;
  /** How long a notice waits at most, ms. */
  readonly longest: number;
  readonly onLost: (why: string) => void;
};

/** `TIME-SEQ-HOOK-ID.json`, so that names sort by time, and records of the same millisecond by their numbers. */
const NAME = /^(\d{13})-\d{12}-([\da-f]{16})-[\da-f]{16}\.json$/;

/**
 * A queue in a folder that many processes share (GRANT-51). A notice is claimed by moving its file to a folder of the
 * claiming process: one of them succeeds. That folder says whose it is, so that it is found when its process is gone.
 */
export function openQueue({ directory, bound, longest, onLost }: QueueOptions): Queue {
  const waiting = join(directory, 'queue');
  const claims = join(directory, 'claimed');
  let own: Promise<string> | undefined;

  const ownFolder = async () => {
    const me = await ownIdentity();
    const folder = join(claims, me.nonce);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await symlink(JSON.stringify(me), join(folder, 'owner'));
    return folder;
  };

  const namesFor = async (hook: string) =>
    (await namesIn(waiting)).filter((name) => NAME.exec(name)?.[2] === hook).sort();

  const lose = async (names: readonly string[], why: string) => {
    const lost = await Promise.all(names.map((name) => removed(join(waiting, name))));
    if (lost.includes(true)) onLost(why);
  };

  return {
    put: async (hook, body) => {
      await replaceFile(join(waiting, nameOf(hook, body)), `${JSON.stringify(body)}\n`);
      const names = await namesFor(hook);
      if (names.length > bound)
        await lose(names.slice(0, names.length - bound), `more than ${bound} are waiting`);
    },
    claim: async (hook) => {
      const old = (await namesIn(waiting)).filter((name) => Date.now() - timeOf(name) > longest);
      await lose(old, 'nobody took them for three days');
      for (const name of await namesFor(hook)) {
        own ??= ownFolder();
        const path = join(await own, name);
        if (!(await moved(join(waiting, name), path))) continue;
        const body = (await readFile(path, 'utf8')).trimEnd();
        return {
          id: idOf(body),
          body,
          done: async () => {
            await removed(path);
          },
          release: async () => {
            await moved(path, join(waiting, name));
          },
        };
      }
      return undefined;
    },
    recover: async () => {
      for (const nonce of await namesIn(claims)) {
        const folder = join(claims, nonce);
        const owner = await ownerOf(folder);
        if (owner === undefined || !(await isGone(owner))) continue;
        for (const name of await namesIn(folder))
          if (NAME.test(name)) await moved(join(folder, name), join(waiting, name));
        await removeFolder(folder);
      }
    },
    close: async () => {
      if (own !== undefined) await removeFolder(await own);
    },
  };
}

function nameOf(hook: string, { time, source, id, data }: HookNotice['body']): string {
  const order = [
    String(Date.parse(time)).padStart(13, '0'),
    String('seq' in data ? data.seq : 0).padStart(12, '0'),
  ];
  return `${[...order, hook, shortHash(`${source} ${id}`)].join('-')}.json`;
}

function timeOf(name: string): number {
  return Number(NAME.exec(name)?.[1] ?? Number.NaN);
}

function idOf(body: string): string {
  const value: unknown = JSON.parse(body);
  return typeof value === 'object' && value !== null && 'id' in value ? String(value.id) : '';
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(unlessMissing([]));
}

/** Whether this call moved the file: not if another process has. */
async function moved(from: string, to: string): Promise<boolean> {
  return rename(from, to).then(() => true, unlessMissing(false));
}

/** Whether this call removed the file. */
async function removed(path: string): Promise<boolean> {
  return unlink(path).then(() => true, unlessMissing(false));
}

function unlessMissing<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return value;
    throw error;
  };
}

async function ownerOf(folder: string): Promise<ProcessIdentity | undefined> {
  const text = await readlink(join(folder, 'owner')).catch(() => '');
  try {
    const { pid, started, place, nonce }: Partial<ProcessIdentity> = JSON.parse(text);
    const isWhole =
      typeof pid === 'number' && [started, place, nonce].every((part) => typeof part === 'string');
    return isWhole ? { pid, started: started ?? '', place: place ?? '', nonce: nonce ?? '' } : undefined;
  } catch {
    return undefined;
  }
}

async function removeFolder(folder: string): Promise<void> {
  await rm(join(folder, 'owner'), { force: true });
  // Not empty where a notice could not be put back.
  await rmdir(folder).catch(() => undefined);
}
