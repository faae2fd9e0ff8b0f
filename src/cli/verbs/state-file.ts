import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { auditRoot } from '../../audit/audit.ts';
import { SluiceError, safeDeep, safeText } from '../../core/common/common.ts';
import { replaceFile } from '../../replace-file.ts';

/** A small JSON file that is kept over sessions. */
export type StateFile<T> = {
  /** What it holds; undefined if there is none. Rejects with `failed` for what can't be read. */
  readonly load: () => Promise<T | undefined>;
  /** Replaces it as a whole. One that can't be read is never written: then it rejects as `load`. */
  readonly save: (value: T) => Promise<void>;
};

/** The longest text in such a file; names of Kubernetes have at most 253 characters. */
const LONGEST = 253;

/** Where what is kept over sessions is: `$XDG_STATE_HOME/sluice`, beside the audit logs. */
export function stateRoot(): string {
  return dirname(auditRoot());
}

/** A file below the state folder. `what`: what it should hold, for messages: `a list of bookmarks`. */
export function stateFile<T>(file: string, schema: v.GenericSchema<unknown, T>, what: string): StateFile<T> {
  const load = async () => {
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw new SluiceError('failed', `Unable to read ${file}.`, 'Check its owner and permissions.', error);
    });
    if (text === undefined) return undefined;
    try {
      return safeDeep(v.parse(schema, JSON.parse(text)), LONGEST);
    } catch (error) {
      const why = safeText(error instanceof Error ? error.message : String(error), 120);
      throw new SluiceError(
        'failed',
        `${file} is not ${what}: ${why}.`,
        'Mend it or move it away; it is left as it is.',
        error,
      );
    }
  };
  return {
    load,
    save: async (value) => {
      await load();
      try {
        await replaceFile(file, `${JSON.stringify(value, undefined, 2)}\n`);
      } catch (error) {
        throw new SluiceError(
          'failed',
          `Unable to write ${file}.`,
          'Check its owner and permissions.',
          error,
        );
      }
    },
  };
}
