import { readFile } from 'node:fs/promises';
import { replaceFile } from '../replace-file.ts';

/** How far the records of one log are queued. Whoever writes it holds the lock of the log. */
export type Cursor = {
  /** The number of the last record; undefined if none ever was. */
  readonly read: () => Promise<number | undefined>;
  readonly write: (seq: number) => Promise<void>;
};

/** A cursor that is kept in a file. */
export function openCursor(path: string): Cursor {
  return {
    read: async () => {
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '';
        throw error;
      });
      return /^\d{1,15}\n$/.test(text) ? Number(text) : undefined;
    },
    write: (seq) => replaceFile(path, `${seq}\n`),
  };
}
