import { GRANT_LABEL, type Grant } from '../../core/grants/grants.ts';
import { findGrants } from '../grants/grants.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Overlay, PathState, SessionState } from '../state/state.ts';
import type { App } from './app-parts.ts';

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

/** The items of a picker that its filter leaves: every word must occur. */
export function pickItems(items: readonly string[], filter: string): readonly string[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return items.filter((item) => words.every((word) => item.toLowerCase().includes(word)));
}

/**
 * Looks for grants that others made: they show up as labelled policies, and their leases are read from the server. To
 * be called whenever policies change; calls that come while it looks lead to one more look.
 *
 * @param onFound gets what stands now, once per look; not called while there was and is none
 */
export function watchOthers(
  runtime: () => Runtime | undefined,
  confinedTo: () => string | undefined,
  onFound: (grants: readonly Grant[]) => void,
  onError: (error: unknown) => void,
  signal: AbortSignal,
): () => Promise<void> {
  let found = 0;
  let looking = false;
  let again = false;

  const lookOnce = async (at: Runtime) => {
    const labelled = [...at.model.policies()].some(({ labels }) => labels[GRANT_LABEL] !== undefined);
    if (!labelled && found === 0) return;
    const grants = labelled ? await findGrants(at.connection.api, confinedTo(), signal) : [];
    found = grants.length;
    onFound(grants);
  };

  return async () => {
    const at = runtime();
    if (looking || at === undefined) {
      again = looking;
      return;
    }
    looking = true;
    try {
      do {
        again = false;
        await lookOnce(at);
      } while (again && !signal.aborted);
    } catch (error) {
      onError(error);
    } finally {
      looking = false;
    }
  };
}
