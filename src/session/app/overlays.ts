import { GRANT_LABEL, type Grant } from '../../core/grants/grants.ts';
import { findStanding } from '../grants/grants.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Overlay, PathState, SessionState } from '../state/state.ts';
import type { App } from './app-parts.ts';

/**
 * A stack of overlays: only the top one shows, and `pop` restores the one below, including its path. `shownPath` gives
 * the current state of that path.
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
      if (isOverlay(overlay, type)) {
        set({ overlay: change(overlay) });
        return;
      }
      const at = covered.findLastIndex((one) => isOverlay(one.overlay, type));
      const below = covered[at];
      if (below !== undefined && isOverlay(below.overlay, type))
        covered.splice(at, 1, { ...below, overlay: change(below.overlay) });
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

/** The items of a picker that match its filter: every word must occur. */
export function pickItems(items: readonly string[], filter: string): readonly string[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return items.filter((item) => words.every((word) => item.toLowerCase().includes(word)));
}

/**
 * Looks for grants and requests made by others: they show up as labeled policies, and their leases are read from the server. Call it
 * whenever policies change; calls during a look trigger one more look.
 *
 * @param onFound gets the existing grants, once per look; not called as long as there are none
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
    const grants = labelled ? await findStanding(at.connection.api, confinedTo(), signal) : [];
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
