import type { VisibleRows } from '../../src/session/commands.ts';
import type { PaneId, SessionState } from '../../src/session/state.ts';
import { lintNews } from '../columns/lint.ts';
import { PANES } from '../keys/binding.ts';
import { PANE_NAMES, paneState, rowCount } from '../panes/title.ts';
import { spread } from '../text/fit.ts';
import { type Line, span } from '../text/span.ts';

/**
 * The panes of a narrow screen, with their news: ` 1 Pods 14   2 Policies 6  ▸3 Attempts 21 ✗4   4 Grants 1`; at the
 * right what keeps rows of the pane out of sight, as its border says where it has one.
 */
export function tabLine(state: SessionState, visibleRows: VisibleRows, columns: number): Line {
  const tabs = PANES.flatMap((pane, index): Line => {
    const focused = state.focus === pane;
    const name = `${index + 1} ${PANE_NAMES[pane]} ${rowCount(state, pane, focused ? visibleRows : undefined)}`;
    return [
      span(index === 0 ? '' : '  '),
      span(focused ? `▸${name}` : ` ${name}`, focused ? 'strong' : 'plain'),
      ...news(state, pane),
    ];
  });
  const held = paneState(state, state.focus).flatMap((part) => [part, span(' ')]);
  return held.length === 0 ? tabs : spread(tabs, [span('  '), ...held], columns);
}

function news(state: SessionState, pane: PaneId): Line {
  if (pane === 'attempts' && state.drops > 0) return [span(` ✗${state.drops}`, 'bad')];
  const found = pane === 'policies' ? lintNews(state.policies) : undefined;
  return found === undefined ? [] : [span(` ${found.text.replace(' ', '')}`, found.tone)];
}
