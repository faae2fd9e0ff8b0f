import { Box } from 'ink';
import { memo, type ReactNode, useInsertionEffect, useMemo } from 'react';
import { useStore } from 'zustand';
import type { PaneId, SessionState } from '../../src/session/state.ts';
import type { CellContext } from '../columns/column.ts';
import { innerColumns, innerRows, type PanePlace } from '../layout/layout.ts';
import { span } from '../text/span.ts';
import { useUi } from '../ui-context.ts';
import { attemptTable, grantTable, podTable, policyTable } from './definition.ts';
import { emptyText } from './empty.ts';
import { Frame, upperEdge } from './frame.tsx';
import { Table } from './table.tsx';
import { StateLine, TextLine } from './text-line.tsx';
import { paneTitle } from './title.ts';

type PaneProps = { readonly place: PanePlace; readonly focused: boolean };

/** One pane at its place: its border and title, where it has one, and its table. */
export const Pane = memo(function Pane({ place, focused }: PaneProps): ReactNode {
  const { visibleRows } = useUi();
  const { pane, columns, rows } = place;
  const content = <PaneTable place={place} />;
  if (!place.bordered) {
    return (
      <Box flexDirection="column" width={columns} height={rows}>
        {content}
      </Box>
    );
  }
  const top = (state: SessionState) => {
    const { title, right } = paneTitle(state, pane, visibleRows);
    return upperEdge(title, right, columns, focused);
  };
  return (
    <Frame columns={columns} rows={rows} focused={focused} top={<StateLine draw={top} columns={columns} />}>
      {content}
    </Frame>
  );
});

function PaneTable({ place }: { place: PanePlace }): ReactNode {
  const { store, visibleRows, painted } = useUi();
  const state = useStore(store);
  const context = useCellContext(state);
  const { pane } = place;
  const rows = visibleRows(state, pane);
  const { index } = state.panes[pane];
  // Ink writes the frame before layout effects run.
  useInsertionEffect(() => {
    painted.drawn(pane, { rows, index });
    return () => painted.drawn(pane, undefined);
  }, [painted, pane, rows, index]);
  if (rows.length === 0) {
    return <TextLine line={[span('  '), emptyText(state, pane)]} columns={innerColumns(place)} />;
  }
  return tableOf(pane, {
    rows,
    index,
    focused: state.focus === pane,
    width: innerColumns(place),
    height: innerRows(place),
    context,
  });
}

function tableOf(pane: PaneId, props: Omit<Parameters<typeof Table>[0], 'definition'>): ReactNode {
  switch (pane) {
    case 'pods':
      return <Table key={pane} definition={podTable} {...props} />;
    case 'policies':
      return <Table key={pane} definition={policyTable} {...props} />;
    case 'attempts':
      return <Table key={pane} definition={attemptTable} {...props} />;
    case 'grants':
      return <Table key={pane} definition={grantTable} {...props} />;
  }
}

/** Ages are whole seconds, so the context stays the same object between ticks and unchanged rows are not painted. */
function useCellContext({ serverNow, cluster }: SessionState): CellContext {
  const now = Math.floor(serverNow / 1000) * 1000;
  const { namespace } = cluster;
  return useMemo(() => (namespace === undefined ? { now } : { now, namespace }), [now, namespace]);
}
