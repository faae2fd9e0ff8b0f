import { Box } from 'ink';
import { type ReactNode, useMemo } from 'react';
import type { PaneId, SessionState } from '../../src/session/state.ts';
import type { CellContext } from '../columns/column.ts';
import { innerColumns, innerRows, type PanePlace } from '../layout/layout.ts';
import { span } from '../text/span.ts';
import { useUi } from '../ui-context.ts';
import { attemptTable, grantTable, type Keyed, podTable, policyTable } from './definition.ts';
import { emptyText } from './empty.ts';
import { Frame } from './frame.tsx';
import { Table } from './table.tsx';
import { TextLine } from './text-line.tsx';
import { paneTitle } from './title.ts';

/** One pane at its place: its border and title, where it has one, and its table. */
export function Pane({ state, place }: { state: SessionState; place: PanePlace }): ReactNode {
  const { visibleRows } = useUi();
  const rows = visibleRows(state, place.pane);
  const content = <PaneTable state={state} place={place} rows={rows} />;
  if (!place.bordered) {
    return (
      <Box flexDirection="column" width={place.columns} height={place.rows}>
        {content}
      </Box>
    );
  }
  const { title, right } = paneTitle(state, place.pane, rows.length);
  return (
    <Frame
      columns={place.columns}
      rows={place.rows}
      title={title}
      right={right}
      focused={state.focus === place.pane}
    >
      {content}
    </Frame>
  );
}

type PaneTableProps = {
  readonly state: SessionState;
  readonly place: PanePlace;
  readonly rows: readonly Keyed[];
};

function PaneTable({ state, place, rows }: PaneTableProps): ReactNode {
  const context = useCellContext(state);
  if (rows.length === 0) {
    return <TextLine line={[span('  '), emptyText(state, place.pane)]} columns={innerColumns(place)} />;
  }
  const table = {
    rows,
    index: state.panes[place.pane].index,
    focused: state.focus === place.pane,
    width: innerColumns(place),
    height: innerRows(place),
    context,
  };
  return tableOf(place.pane, table);
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
