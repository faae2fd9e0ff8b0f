import type { PaneId, SessionState, VisibleRows } from '../../src/session/session.ts';
import { lintNews } from '../columns/columns.ts';
import { PANES } from '../keys/keys.ts';
import { crumbSpans, dropsIn, paneName, paneState, rowCount } from '../panes/panes.ts';
import { type Line, lineColumns, span, spread } from '../text/text.ts';

/**
 * The panes of a narrow screen, with their news: ` 1 Pods 14   2 Policies 6  ▸3 Attempts 21 ✗4   4 Grants 1`; at the
 * right what hides or holds rows, which a wide screen shows in the pane's border.
 */
export function tabLine(state: SessionState, visibleRows: VisibleRows, columns: number): Line {
  const tabs = tabsOf(state, visibleRows).flat();
  const held = [...crumbSpans(state, state.focus), ...paneState(state, state.focus)].flatMap((part) => [
    part,
    span(' '),
  ]);
  return held.length === 0 ? tabs : spread(tabs, [span('  '), ...held], columns);
}

/** The pane whose tab is at a column. */
export function tabAt(state: SessionState, visibleRows: VisibleRows, column: number): PaneId | undefined {
  let end = 0;
  const at = tabsOf(state, visibleRows).findIndex((tab) => {
    end += lineColumns(tab);
    return column < end;
  });
  return PANES[at];
}

function tabsOf(state: SessionState, visibleRows: VisibleRows): readonly Line[] {
  return PANES.map((pane, index): Line => {
    const focused = state.focus === pane;
    const name = `${index + 1} ${paneName(state, pane)} ${rowCount(state, pane, focused ? visibleRows : undefined)}`;
    return [
      span(index === 0 ? '' : '  '),
      span(focused ? `▸${name}` : ` ${name}`, focused ? 'strong' : 'plain'),
      ...news(state, pane),
    ];
  });
}

function news(state: SessionState, pane: PaneId): Line {
  if (pane === 'attempts' && dropsIn(state) > 0) return [span(` ✗${dropsIn(state)}`, 'bad')];
  const found = pane === 'policies' ? lintNews(state.policies) : undefined;
  return found === undefined ? [] : [span(` ${found.text.replace(' ', '')}`, found.tone)];
}
