import type { SessionState } from '../../src/session/state.ts';
import { innerRows, layoutOf, placesOf, type Size } from '../layout/layout.ts';
import { overlayPanel } from '../overlays/overlay-panel.ts';
import type { PaintedRows } from '../painted.ts';
import { READ_SCOPES, type Scope, scopeOf, type ViewFacts } from './binding.ts';

const SCROLLING: readonly Scope[] = [...READ_SCOPES, 'grant'];

/** What the screen knows about the pane in focus, or the text that is open: a page, how far it scrolls, its rows. */
export function viewFacts(state: SessionState, size: Size, { rows, index }: PaintedRows): ViewFacts {
  const rowAt = (below: number) => rows[Math.max(0, Math.min(rows.length - 1, index + below))]?.key;
  const panel = SCROLLING.includes(scopeOf(state)) ? overlayPanel(state, size) : undefined;
  if (panel !== undefined) {
    return { page: Math.max(1, panel.rows - 4), scroll: panel.scroll, scrollMax: panel.scrollMax, rowAt };
  }
  const place = placesOf(layoutOf(size, state.focus, state.zoomed)).find(({ pane }) => pane === state.focus);
  const page = place === undefined ? 10 : Math.max(1, innerRows(place) - 2);
  return { page, scroll: 0, scrollMax: 0, rowAt };
}
