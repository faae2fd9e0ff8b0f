/* List and watch: pages, bookmarks, restarts; the feed of the live model. */

export { createFeed } from './feed.ts';
export { listWatch } from './list-watch.ts';
export { listPages } from './pages.ts';
export { isApiObject } from './watch-event.ts';
