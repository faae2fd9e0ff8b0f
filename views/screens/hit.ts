import type { SessionState, VisibleRows } from '../../src/session/session.ts';
import type { Hit } from '../keyboard/keyboard.ts';
import { type Layout, placedOf, type Size } from '../layout/layout.ts';
import { noticeRows, overlayPanel } from '../overlays/overlays.ts';
import { tabAt } from './tabs.ts';

/** What is at a cell: nothing where a notice or an overlay covers it, or beside an open overlay. */
export function hitOf(
  state: SessionState,
  { layout, size, visibleRows }: { layout: Layout; size: Size; visibleRows: VisibleRows },
  x: number,
  y: number,
): Hit | undefined {
  if (y >= size.rows - noticeRows(state, size)) return undefined;
  if (state.overlay.type === 'charts')
    return y >= 1 && y < size.rows - 1 ? { type: 'panel', line: y - 1 } : undefined;
  if (state.overlay.type !== 'none') {
    const panel = overlayPanel(state, size);
    const isIn = panel !== undefined && within({ ...panel, x: panel.left, y: panel.top }, x, y);
    return isIn ? { type: 'panel', line: y - panel.top - 1 } : undefined;
  }
  if (layout.type === 'one' && layout.tabs && y === 1) {
    const pane = tabAt(state, visibleRows, size.columns, x);
    return pane === undefined ? undefined : { type: 'tab', pane };
  }
  const place = placedOf(layout).find((one) => within(one, x, y));
  if (place === undefined || place.pane === 'path') return undefined;
  return { type: 'pane', pane: place.pane, line: y - place.y - (place.bordered ? 1 : 0) };
}

function within(area: Size & { readonly x: number; readonly y: number }, x: number, y: number): boolean {
  return x >= area.x && x < area.x + area.columns && y >= area.y && y < area.y + area.rows;
}
