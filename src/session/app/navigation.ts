import { barsOf } from '../rows/rows.ts';
import { type Commands, type Overlay, type PaneId, type SessionState, textField } from '../state/state.ts';
import { type App, PANES } from './app-parts.ts';
import { goBack } from './drilling.ts';
import { pickItems } from './overlays.ts';
import { shownPath } from './path-state.ts';
import { followCursors } from './publish.ts';

type Navigation = Pick<
  Commands,
  | 'focus'
  | 'list'
  | 'focusNext'
  | 'zoom'
  | 'widen'
  | 'scrollSideways'
  | 'move'
  | 'moveTo'
  | 'scrollTo'
  | 'openSearch'
  | 'searchAt'
  | 'sort'
  | 'pause'
  | 'toggleDropsOnly'
  | 'regroup'
  | 'back'
  | 'allNamespaces'
>;

const NEXT_GROUPING = { workload: 'pod', pod: 'attempt', attempt: 'workload' } as const;

/** Navigation: panes, cursors, scrolling, and going back. */
export function navigation(app: App): Navigation {
  const focus = (pane: PaneId) => {
    app.set({ focus: pane });
    app.set({ panes: followCursors(app.state(), app.visibleRows) ?? app.state().panes });
    app.set({ path: shownPath(app) });
  };

  return {
    focus,
    list: (listed) => {
      const { panes, listed: before } = app.state();
      if (listed !== before || panes.pods.drill !== undefined)
        app.set({ listed, panes: { ...panes, pods: { index: 0, filter: '' } } });
      app.refresh();
      focus('pods');
    },
    focusNext: (step) => {
      const at = PANES.indexOf(app.state().focus);
      focus(PANES[(at + step + PANES.length) % PANES.length] ?? 'attempts');
    },
    zoom: () => app.set({ zoomed: !app.state().zoomed }),
    widen: () => {
      const { focus, panes } = app.state();
      const { wide, ...pane } = panes[focus];
      app.set({ panes: { ...panes, [focus]: wide === undefined ? { ...pane, wide: 0 } : pane } });
    },
    scrollSideways: (wide) => {
      const { focus, panes } = app.state();
      app.set({ panes: { ...panes, [focus]: { ...panes[focus], wide } } });
    },
    move: (by) => app.set({ overlay: moved(app.state(), by) }),
    scrollTo: (scroll) => {
      const { overlay } = app.state();
      if ('scroll' in overlay) app.set({ overlay: { ...overlay, scroll } });
    },
    openSearch: () => {
      const { overlay } = app.state();
      const search = { field: textField(), typing: true, at: 0 };
      if ('scroll' in overlay) app.set({ overlay: { ...overlay, search } });
    },
    searchAt: (at, scroll) => {
      const { overlay } = app.state();
      if (!('scroll' in overlay) || overlay.search === undefined) return;
      app.set({ overlay: { ...overlay, scroll, search: { ...overlay.search, typing: false, at } } });
    },
    moveTo: (key) => {
      const { focus, panes } = app.state();
      const rows = app.visibleRows(app.state(), focus);
      const index = key === undefined ? 0 : rows.findIndex((row) => row.key === key);
      if (index < 0) return false;
      if (key === panes[focus].key && index === panes[focus].index) return true;
      app.set({ panes: { ...panes, [focus]: { ...panes[focus], key, index } } });
      app.set({ path: shownPath(app) });
      if (key === undefined) app.refresh();
      return true;
    },
    sort: (pane, sort) => setPane(app, pane, { sort }),
    pause: () => {
      app.set({ following: !app.state().following });
      app.refresh();
    },
    toggleDropsOnly: () => {
      app.set({ dropsOnly: !app.state().dropsOnly });
      app.refresh();
    },
    regroup: () => {
      const grouping = NEXT_GROUPING[app.state().grouping];
      const { panes } = app.state();
      const { key: _, ...attempts } = panes.attempts;
      app.runtime()?.fold.group(grouping);
      app.set({ grouping, panes: { ...panes, attempts: { ...attempts, index: 0 } } });
      app.refresh();
    },
    allNamespaces: () => {
      const { cluster } = app.state();
      if (cluster.confinedTo !== undefined) {
        app.notify(
          'warn',
          `You can only read namespace ${cluster.confinedTo}.`,
          'Ask for permission to list pods in all namespaces.',
        );
        return;
      }
      const { namespace: _, ...rest } = cluster;
      app.set({ cluster: rest });
      app.refresh();
    },
    back: () => {
      const { overlay, zoomed, panes, focus, path, notice, trail } = app.state();
      if (notice !== undefined) app.set({ notice: undefined });
      if ('scroll' in overlay && overlay.search !== undefined) {
        const { search: _, ...rest } = overlay;
        app.set({ overlay: rest });
      } else if (overlay.type !== 'none') {
        app.pop();
        if (overlay.type === 'filter') setPane(app, overlay.pane, { filter: overlay.before ?? '' });
      } else if (zoomed && trail.at(-1)?.zoomed !== true) app.set({ zoomed: false });
      else if (panes[focus].filter !== '') setPane(app, focus, { filter: '' });
      else if (goBack(app)) return;
      else if (path.source !== undefined || path.destination !== undefined) {
        app.set({ path: {} });
        app.set({ path: shownPath(app) });
      }
    },
  };
}

/** Changes one pane's filter or sort, or ends its drill; its cursor stays on its row. */
export function setPane(
  app: App,
  pane: PaneId,
  change: { readonly filter?: string; readonly sort?: SessionSort; readonly drill?: undefined },
): void {
  const { panes } = app.state();
  app.set({ panes: { ...panes, [pane]: { ...panes[pane], ...change } } });
  app.refresh();
}

type SessionSort = { readonly column: string; readonly descending: boolean } | undefined;

/** The view limits the scroll to the form; here it only must not become negative. */
function moved(state: SessionState, by: number): Overlay {
  const { overlay } = state;
  switch (overlay.type) {
    case 'grant':
      return { ...overlay, form: { ...overlay.form, scroll: Math.max(0, overlay.form.scroll + by) } };
    case 'pick':
      return {
        ...overlay,
        index: clamp(overlay.index + by, pickItems(overlay.items, overlay.filter.text).length - 1),
      };
    case 'columns':
      return { ...overlay, index: Math.max(0, overlay.index + by) };
    case 'charts': {
      const keys = barsOf(state).map(({ key }) => key);
      const at = Math.max(0, keys.indexOf(overlay.bar ?? ''));
      return { ...overlay, bar: keys[clamp(at + by, keys.length - 1)] };
    }
    default:
      return overlay;
  }
}

function clamp(value: number, highest: number): number {
  return Math.max(0, Math.min(Math.max(0, highest), value));
}
