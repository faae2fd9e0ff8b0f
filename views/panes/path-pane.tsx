import type { ReactNode } from 'react';
import { attemptUnderCursor, type SessionState, type VisibleRows } from '../../src/session/session.ts';
import { innerColumns, innerRows, type PanePlace } from '../layout/layout.ts';
import { type Line, span } from '../text/text.ts';
import { Frame, StateLine, StateLines, upperEdge, useUi } from '../ui/ui.ts';
import { pathLines, pathTitle } from './path-lines.ts';

/** The path of the row under the cursor, or the marked one: what `explain` says of it, in short. */
export function PathPane({ place }: { readonly place: PanePlace }): ReactNode {
  const { visibleRows } = useUi();
  const { columns, rows } = place;
  const width = innerColumns(place);
  const lines = (state: SessionState) =>
    pathLines(state, attemptOf(state, visibleRows), width - 2).map((line): Line => [span(' '), ...line]);
  const top = (state: SessionState) => {
    const { title, right } = pathTitle(state);
    return upperEdge(title, right, columns, false);
  };
  return (
    <Frame columns={columns} rows={rows} focused={false} top={<StateLine draw={top} columns={columns} />}>
      <StateLines draw={lines} columns={width} rows={innerRows(place)} />
    </Frame>
  );
}

/** The attempt under the cursor, if the path is its path. */
function attemptOf(state: SessionState, visibleRows: VisibleRows) {
  if (state.path.marked === true || state.overlay.type !== 'none') return undefined;
  return attemptUnderCursor(state, visibleRows)?.row;
}
