import type { PaneId, SessionState } from '../../src/session/state.ts';
import { lintNews } from '../columns/lint.ts';
import { PANES } from '../keys/binding.ts';
import { type Line, span } from '../text/span.ts';

/** The panes of a narrow screen, with their news: ` 1 Pods 14   2 Policies 6  ▸3 Attempts 21 ✗4   4 Grants 1`. */
export function tabLine(state: SessionState): Line {
  return PANES.flatMap((pane, index): Line => {
    const focused = state.focus === pane;
    const name = `${index + 1} ${PANE_NAMES[pane]} ${rowCount(state, pane)}`;
    return [
      span(index === 0 ? '' : '  '),
      span(focused ? `▸${name}` : ` ${name}`, focused ? 'strong' : 'plain'),
      ...news(state, pane),
    ];
  });
}

export const PANE_NAMES: Readonly<Record<PaneId, string>> = {
  pods: 'Pods',
  policies: 'Policies',
  attempts: 'Attempts',
  grants: 'Grants',
};

/** Rows of a pane before filters. */
export function rowCount(state: SessionState, pane: PaneId): number {
  return state[pane].length;
}

function news(state: SessionState, pane: PaneId): Line {
  if (pane === 'attempts' && state.drops > 0) return [span(` ✗${state.drops}`, 'bad')];
  const found = pane === 'policies' ? lintNews(state.policies) : undefined;
  return found === undefined ? [] : [span(` ${found.text.replace(' ', '')}`, found.tone)];
}
