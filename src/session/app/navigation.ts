import type { Commands } from '../commands.ts';
import type { Overlay, PaneId } from '../state.ts';
import type { App } from './app.ts';
import { pickItems } from './form/pick-items.ts';
import { PANES } from './initial.ts';
import { shownPath } from './path/path-state.ts';

type Navigation = Pick<
  Commands,
  | 'focus'
  | 'focusNext'
  | 'zoom'
  | 'move'
  | 'moveTo'
  | 'sort'
  | 'pause'
  | 'toggleDropsOnly'
  | 'back'
  | 'allNamespaces'
>;

/** Moving about: panes, cursors, scrolling, and one level back. */
export function navigation(app: App): Navigation {
  const moveTo = (index: number) => {
    const { focus, panes } = app.state();
    const rows = app.visibleRows(app.state(), focus);
    const to = Math.max(0, Math.min(rows.length - 1, index));
    const key = rows[to]?.key;
    const { key: _, ...rest } = panes[focus];
    app.set({ panes: { ...panes, [focus]: { ...rest, index: to, ...(key === undefined ? {} : { key }) } } });
    app.set({ path: shownPath(app) });
  };

  return {
    focus: (pane) => {
      app.set({ focus: pane });
      app.set({ path: shownPath(app) });
    },
    focusNext: (step) => {
      const at = PANES.indexOf(app.state().focus);
      app.set({ focus: PANES[(at + step + PANES.length) % PANES.length] ?? 'attempts' });
      app.set({ path: shownPath(app) });
    },
    zoom: () => app.set({ zoomed: !app.state().zoomed }),
    move: (by) => {
      const { overlay, focus, panes } = app.state();
      if (overlay.type === 'none' || overlay.type === 'filter') moveTo(panes[focus].index + by);
      else app.set({ overlay: scrolled(overlay, by) });
    },
    moveTo: (end) => {
      const { overlay } = app.state();
      const far = end === 'first' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
      if (overlay.type === 'none' || overlay.type === 'filter')
        moveTo(end === 'first' ? 0 : Number.MAX_SAFE_INTEGER);
      else app.set({ overlay: scrolled(overlay, far) });
    },
    sort: (pane, sort) => setPane(app, pane, { sort }),
    pause: () => {
      app.set({ following: !app.state().following });
      app.refresh();
    },
    toggleDropsOnly: () => app.set({ dropsOnly: !app.state().dropsOnly }),
    allNamespaces: () => {
      const { cluster } = app.state();
      if (cluster.confinedTo !== undefined) {
        app.notify(
          'warn',
          `You may only see namespace ${cluster.confinedTo}.`,
          'Ask for the right to list pods everywhere.',
        );
        return;
      }
      const { namespace: _, ...rest } = cluster;
      app.set({ cluster: rest });
      app.refresh();
    },
    back: () => {
      const { overlay, zoomed, panes, focus, path, notice } = app.state();
      if (notice !== undefined) app.set({ notice: undefined });
      if (overlay.type !== 'none') {
        app.pop();
        if (overlay.type === 'filter') setPane(app, overlay.pane, { filter: overlay.before ?? '' });
      } else if (zoomed) app.set({ zoomed: false });
      else if (panes[focus].filter !== '') setPane(app, focus, { filter: '' });
      else if (path.source !== undefined || path.destination !== undefined) {
        app.set({ path: {} });
        app.set({ path: shownPath(app) });
      }
    },
  };
}

/** Changes one pane's filter or sort; its cursor stays on its row. */
export function setPane(
  app: App,
  pane: PaneId,
  change: { readonly filter?: string; readonly sort?: SessionSort },
): void {
  const { panes } = app.state();
  app.set({ panes: { ...panes, [pane]: { ...panes[pane], ...change } } });
  app.refresh();
}

type SessionSort = { readonly column: string; readonly descending: boolean } | undefined;

/** The view keeps the scroll within the text; here it only must not become negative. */
function scrolled(overlay: Overlay, by: number): Overlay {
  switch (overlay.type) {
    case 'help':
    case 'explain':
    case 'detail':
      return { ...overlay, scroll: clamp(overlay.scroll + by, Number.MAX_SAFE_INTEGER) };
    case 'grant':
      return { ...overlay, form: { ...overlay.form, scroll: Math.max(0, overlay.form.scroll + by) } };
    case 'pick':
      return {
        ...overlay,
        index: clamp(overlay.index + by, pickItems(overlay.items, overlay.filter.text).length - 1),
      };
    default:
      return overlay;
  }
}

function clamp(value: number, highest: number): number {
  return Math.max(0, Math.min(Math.max(0, highest), value));
}
