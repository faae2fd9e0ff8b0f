import type { App } from '../app/app.ts';
import type { Overlay, SessionState } from '../state.ts';

/** What lies over the panes, with what it covers: one thing shows, and `pop` brings back what was there before. */
export function createOverlays(
  state: () => SessionState,
  set: (change: Partial<SessionState>) => void,
): Pick<App, 'push' | 'pop' | 'update' | 'clear'> {
  const covered: Overlay[] = [];
  return {
    push: (overlay) => {
      covered.push(state().overlay);
      set({ overlay });
    },
    pop: () => set({ overlay: covered.pop() ?? { type: 'none' } }),
    update: (type, change) => {
      const { overlay } = state();
      if (isOverlay(overlay, type)) set({ overlay: change(overlay) });
    },
    clear: () => {
      covered.length = 0;
      set({ overlay: { type: 'none' } });
    },
  };
}

function isOverlay<T extends Overlay['type']>(
  overlay: Overlay,
  type: T,
): overlay is Extract<Overlay, { type: T }> {
  return overlay.type === type;
}
