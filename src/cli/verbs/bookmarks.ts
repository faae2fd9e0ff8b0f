import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as v from 'valibot';
import type { BookmarkStore } from '../../session/session.ts';
import { stateFile, stateRoot } from './state-file.ts';

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(253));
const end = v.variant('type', [
  v.object({ type: v.literal('pod'), namespace: name, name }),
  v.object({ type: v.literal('service'), namespace: name, name }),
  v.object({ type: v.literal('workload'), ref: v.object({ kind: name, namespace: name, name }) }),
  v.object({ type: v.literal('ip'), ip: name }),
  v.object({ type: v.literal('range'), cidr: name }),
]);
const port = v.object({
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
  protocol: v.picklist(['TCP', 'UDP', 'SCTP']),
});
const schema = v.array(v.object({ source: end, destination: end, port }));

/** Bookmarks in files below `$XDG_STATE_HOME/sluice/bookmarks`, one for each context. */
export function bookmarkFiles(root: string = join(stateRoot(), 'bookmarks')): BookmarkStore {
  const fileOf = (context: string) => stateFile(join(root, nameOf(context)), schema, 'a list of bookmarks');
  return {
    load: async (context) => (await fileOf(context).load()) ?? [],
    save: (context, all) => fileOf(context).save([...all]),
  };
}

/** A name that says which context it is, told apart by a hash: a context may be called anything. */
function nameOf(context: string): string {
  const slug = context.replace(/[^A-Za-z0-9-]+/g, '_').slice(0, 60);
  const hash = createHash('sha256').update(context).digest('hex').slice(0, 12);
  return `${slug}-${hash}.json`;
}
