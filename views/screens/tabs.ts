import type { PaneId, SessionState, VisibleRows } from '../../src/session/session.ts';
import { lintNews } from '../columns/columns.ts';
import { PANES } from '../keys/keys.ts';
import { crumbSpans, dropsIn, paneName, paneState, rowCount } from '../panes/panes.ts';
import { type Line, lineColumns, span, spread } from '../text/text.ts';

/**
 * The panes of a narrow screen, with their news: ` 1 Pods 14   2 Policies 6  ▸3 Attempts 21 ✗4   4 Grants 1`; at the
 * right what was drilled into and what hides or holds rows, which a wide screen shows in the pane's border. Where both
 * have no room, the tabs of the other panes are only their digits.
 */
export function tabLine(state: SessionState, visibleRows: VisibleRows, columns: number): Line {
  const tabs = tabsIn(state, visibleRows, columns).flat();
  const held = heldSpans(state);
  const crumb = crumbSpans(state, state.focus, columns - lineColumns([...tabs, ...held]) - 2);
  return held.length + crumb.length === 0 ? tabs : spread(tabs, [span('  '), ...crumb, ...held], columns);
}

/** The pane whose tab is at a column. */
export function tabAt(
  state: SessionState,
  visibleRows: VisibleRows,
  columns: number,
  column: number,
): PaneId | undefined {
  let end = 0;
  const at = tabsIn(state, visibleRows, columns).findIndex((tab) => {
    end += lineColumns(tab);
    return column < end;
  });
  return PANES[at];
}

function heldSpans(state: SessionState): Line {
  return paneState(state, state.focus).flatMap((part) => [part, span(' ')]);
}

/** The tabs as they have room beside what is at the right. */
function tabsIn(state: SessionState, visibleRows: VisibleRows, columns: number): readonly Line[] {
  const named = tabsOf(state, visibleRows, true);
  const right = [...crumbSpans(state, state.focus, columns), ...heldSpans(state)];
  const hasRoom = right.length === 0 || lineColumns([...named.flat(), ...right]) + 2 <= columns;
  return hasRoom ? named : tabsOf(state, visibleRows, false);
}

function tabsOf(state: SessionState, visibleRows: VisibleRows, named: boolean): readonly Line[] {
  return PANES.map((pane, index): Line => {
    const focused = state.focus === pane;
    const count = rowCount(state, pane, focused ? visibleRows : undefined);
    const name = focused || named ? ` ${paneName(state, pane)} ${count}` : '';
    return [
      span(index === 0 ? '' : '  '),
      span(`${focused ? '▸' : ' '}${index + 1}${name}`, focused ? 'strong' : 'plain'),
      ...news(state, pane),
    ];
  });
}

function news(state: SessionState, pane: PaneId): Line {
  if (pane === 'attempts' && dropsIn(state) > 0) return [span(` ✗${dropsIn(state)}`, 'bad')];
  const found = pane === 'policies' ? lintNews(state.policies) : undefined;
  return found === undefined ? [] : [span(` ${found.text.replace(' ', '')}`, found.tone)];
}
