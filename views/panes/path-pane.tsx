import type { ReactNode } from 'react';
import { useStore } from 'zustand';
import type { SessionState, VisibleRows } from '../../src/session/session.ts';
import { innerColumns, innerRows, type PanePlace } from '../layout/layout.ts';
import { span } from '../text/text.ts';
import { Frame, Painted, StateLine, upperEdge, useUi } from '../ui/ui.ts';
import { pathLines, pathTitle } from './path-lines.ts';

/** The path of the row under the cursor, or the marked one: what `explain` says of it, in short. */
export function PathPane({ place }: { readonly place: PanePlace }): ReactNode {
  const { store, visibleRows, theme } = useUi();
  const { columns, rows } = place;
  const width = innerColumns(place);
  // Compared as text, so that a publication which changes nothing here costs no frame.
  const text = useStore(store, (state) => {
    const lines = pathLines(state, attemptOf(state, visibleRows), width - 2);
    return lines
      .slice(0, innerRows(place))
      .map((line) => theme.paintShort([span(' '), ...line], width))
      .join('\n');
  });
  const top = (state: SessionState) => {
    const { title, right } = pathTitle(state);
    return upperEdge(title, right, columns, false);
  };
  return (
    <Frame columns={columns} rows={rows} focused={false} top={<StateLine draw={top} columns={columns} />}>
      <Painted text={text} />
    </Frame>
  );
}

/** The attempt under the cursor, if the path is its path. */
function attemptOf(state: SessionState, visibleRows: VisibleRows) {
  if (state.focus !== 'attempts' || state.path.marked === true || state.overlay.type !== 'none')
    return undefined;
  const key = visibleRows(state, 'attempts')[state.panes.attempts.index]?.key;
  return state.attempts.find((line) => line.key === key)?.row;
}
