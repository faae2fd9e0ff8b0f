import type { App } from '../app/app.ts';
import type { Overlay, PathState, SessionState } from '../state.ts';

/**
 * What lies over the panes, with what it covers: one thing shows, and `pop` brings back what was there before, the path
 * that it was about included. `shownPath` says how that path stands now.
 */
export function createOverlays(
  state: () => SessionState,
  set: (change: Partial<SessionState>) => void,
  shownPath: () => PathState,
): Pick<App, 'push' | 'pop' | 'update' | 'clear'> {
  const covered: Pick<SessionState, 'overlay' | 'path'>[] = [];
  const bringBack = (under: Pick<SessionState, 'overlay' | 'path'> | undefined) => {
    set(under ?? { overlay: { type: 'none' } });
    set({ path: shownPath() });
  };
  return {
    push: (overlay, path = state().path) => {
      covered.push({ overlay: state().overlay, path: state().path });
      set({ overlay, path });
    },
    pop: () => bringBack(covered.pop()),
    update: (type, change) => {
      const { overlay } = state();
      if (isOverlay(overlay, type)) set({ overlay: change(overlay) });
    },
    clear: () => {
      const [first] = covered.splice(0);
      bringBack(first);
    },
  };
}

function isOverlay<T extends Overlay['type']>(
  overlay: Overlay,
  type: T,
): overlay is Extract<Overlay, { type: T }> {
  return overlay.type === type;
}
