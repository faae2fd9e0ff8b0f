import { Box } from 'ink';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { SessionState } from '../../src/session/state.ts';
import type { Size } from '../layout/layout.ts';
import { Painted } from '../panes/painted.tsx';
import { TextLine } from '../panes/text-line.tsx';
import { type Line, span } from '../text/span.ts';
import { useUi } from '../ui-context.ts';
import { chartsOf, SMALLEST_CHARTS } from './layout.ts';
import { plainChart } from './plain-chart.ts';
import { useBoard } from './use-board.ts';

/** The traffic charts over the whole body. They are drawn once a second, with the clock. */
export function ChartsOverlay({ state, size }: { state: SessionState; size: Size }): ReactNode {
  const top = size.columns >= 120 ? 2 : 1;
  const body: Size = { columns: size.columns, rows: size.rows - top - 1 };
  const fits = body.columns >= SMALLEST_CHARTS.columns && body.rows >= SMALLEST_CHARTS.rows;
  return (
    <Box position="absolute" marginTop={top} flexDirection="column" width={body.columns} height={body.rows}>
      {fits ? (
        <Drawing key={`${body.columns} ${body.rows}`} state={state} size={body} />
      ) : (
        <TextLine
          line={[span(` charts need ${SMALLEST_CHARTS.rows} lines more`, 'warn')]}
          columns={body.columns}
        />
      )}
    </Box>
  );
}

function Drawing({ state, size }: { state: SessionState; size: Size }): ReactNode {
  const { theme } = useUi();
  const board = useBoard(size);
  const [lines, setLines] = useState<readonly string[]>([]);
  const latest = useRef(state);
  latest.current = state;
  const { now } = state;
  // Drawn when the clock ticks, not with each publication.
  useEffect(() => {
    if (board.state === 'ready') setLines(board.board.draw(chartsOf(latest.current, size)));
  }, [board, now]);
  if (board.state === 'failed')
    return <Message line={[span(` ✗ no charts: ${board.reason}`, 'bad')]} size={size} />;
  if (lines.length === 0) return <Message line={[span(' ◌ loading charts', 'faint')]} size={size} />;
  const asIs = theme.colour && !theme.ascii;
  return <Painted text={(asIs ? lines : lines.map((line) => plainChart(line, theme))).join('\n')} />;
}

function Message({ line, size }: { line: Line; size: Size }): ReactNode {
  return <TextLine line={line} columns={size.columns} />;
}
