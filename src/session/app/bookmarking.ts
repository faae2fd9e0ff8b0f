import type { EndRef } from '../../core/cluster/cluster.ts';
import { asSluiceError, sameJson } from '../../core/common/common.ts';
import { formatPorts } from '../../core/grants/grants.ts';
import type { Bookmark } from '../runtime/runtime.ts';
import { type Commands, textField } from '../state/state.ts';
import type { App } from './app-parts.ts';
import { judged } from './path-state.ts';

type Bookmarking = Pick<Commands, 'bookmark' | 'openBookmarks' | 'markBookmark'>;

/** Pairs that are kept over sessions, for each context. */
export function bookmarking(app: App): Bookmarking {
  const store = app.deps.bookmarks;
  /** Contexts whose bookmarks can't be read: said once. */
  const broken = new Set<string>();

  const withBookmarks = (use: (context: string, all: readonly Bookmark[]) => Promise<void>) => {
    const { context } = app.state().cluster;
    if (store === undefined) {
      app.notify('warn', 'Bookmarks are not kept here.', 'Start sluice on a terminal.');
      return;
    }
    if (broken.has(context)) {
      app.notify('warn', `The bookmarks of ${context} can't be read.`, ':messages says why.');
      return;
    }
    app.run(async () => {
      const all = await store.load(context).catch((error: unknown) => {
        broken.add(context);
        throw asSluiceError(error);
      });
      await use(context, all);
    });
  };

  return {
    bookmark: () => {
      const { source, destination, port } = app.state().path;
      if (source === undefined || destination === undefined || port === undefined) {
        app.notify('warn', 'No path to bookmark.', 'Move to an attempt, or mark a source and a destination.');
        return;
      }
      const added: Bookmark = { source, destination, port };
      withBookmarks(async (context, all) => {
        const others = all.filter((one) => !sameJson(one, added));
        const isNew = others.length === all.length;
        await store?.save(context, isNew ? [...all, added] : others);
        app.notify('info', `${isNew ? 'Bookmarked' : 'No longer bookmarked'}: ${bookmarkText(added)}`);
      });
    },
    openBookmarks: () =>
      withBookmarks(async (_context, all) => {
        if (all.length === 0) {
          app.notify('info', 'There are no bookmarks in this context.', 'b bookmarks the path in view.');
          return;
        }
        const items = all.map(bookmarkText);
        app.push({ type: 'pick', what: 'bookmark', items, bookmarks: all, filter: textField(), index: 0 });
      }),
    markBookmark: ({ source, destination, port }) => {
      const runtime = app.runtime();
      if (runtime === undefined) return;
      app.set({ path: judged(runtime, { source, destination, port, marked: true }) });
    },
  };
}

function bookmarkText({ source, destination, port }: Bookmark): string {
  return `${endText(source)} → ${endText(destination)} :${formatPorts([port])}`;
}

function endText(end: EndRef): string {
  switch (end.type) {
    case 'workload':
      return `${end.ref.namespace}/${end.ref.kind}/${end.ref.name}`;
    case 'pod':
      return `${end.namespace}/${end.name}`;
    case 'service':
      return `${end.namespace}/svc/${end.name}`;
    case 'ip':
      return end.ip;
    case 'range':
      return end.cidr;
  }
}
