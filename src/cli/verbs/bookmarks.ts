import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { auditRoot } from '../../audit/audit.ts';
import { SluiceError, safeDeep, safeText } from '../../core/common/common.ts';
import type { Bookmark, BookmarkStore } from '../../session/session.ts';

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(253));
const end = v.variant('type', [
  v.object({ type: v.literal('pod'), namespace: name, name }),
  v.object({ type: v.literal('service'), namespace: name, name }),
  v.object({ type: v.literal('workload'), ref: v.object({ kind: name, namespace: name, name }) }),
  v.object({ type: v.literal('ip'), ip: name }),
]);
const port = v.object({
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
  protocol: v.picklist(['TCP', 'UDP', 'SCTP']),
});
const schema = v.array(v.object({ source: end, destination: end, port }));

/**
 * Bookmarks in files below `$XDG_STATE_HOME/sluice/bookmarks`, one for each context. A file is replaced as a whole, and
 * one that can't be read is never written.
 */
export function bookmarkFiles(root: string = join(dirname(auditRoot()), 'bookmarks')): BookmarkStore {
  return {
    load: (context) => load(fileOf(root, context)),
    save: async (context, all) => {
      const file = fileOf(root, context);
      await load(file);
      try {
        await mkdir(root, { recursive: true, mode: 0o700 });
        const fresh = `${file}.${process.pid}`;
        await writeFile(fresh, `${JSON.stringify(all, undefined, 2)}\n`, { mode: 0o600 });
        await rename(fresh, file);
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

/** A name that says which context it is, told apart by a hash: a context may be called anything. */
function fileOf(root: string, context: string): string {
  const slug = context.replace(/[^A-Za-z0-9-]+/g, '_').slice(0, 60);
  const hash = createHash('sha256').update(context).digest('hex').slice(0, 12);
  return join(root, `${slug}-${hash}.json`);
}

async function load(file: string): Promise<readonly Bookmark[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new SluiceError('failed', `Unable to read ${file}.`, 'Check its owner and permissions.', error);
  });
  if (text === undefined) return [];
  try {
    return safeDeep(v.parse(schema, JSON.parse(text)), 253);
  } catch (error) {
    const why = safeText(error instanceof Error ? error.message : String(error), 120);
    throw new SluiceError(
      'failed',
      `${file} is not a list of bookmarks: ${why}.`,
      'Mend it or move it away; it is left as it is.',
      error,
    );
  }
}
