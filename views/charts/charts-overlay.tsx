import { Box } from 'ink';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { SessionState } from '../../src/session/session.ts';
import type { Size } from '../layout/layout.ts';
import { type Line, span } from '../text/text.ts';
import { Painted, TextLine, useUi } from '../ui/ui.ts';
import { chartsOf, SMALLEST_CHARTS } from './layout.ts';
import type { Board } from './off-screen.ts';
import { plainChart } from './plain-chart.ts';

/** The traffic charts, over the whole body. They are redrawn once a second, with the clock. */
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
          line={[span(` charts need at least ${SMALLEST_CHARTS.columns}×${SMALLEST_CHARTS.rows}`, 'warn')]}
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
  // Redrawn when the clock ticks, not on every publication.
  useEffect(() => {
    if (board.state === 'ready') setLines(board.board.draw(chartsOf(latest.current, size)));
  }, [board, now]);
  if (board.state === 'failed')
    return <Message line={[span(` ✗ charts unavailable: ${board.reason}`, 'bad')]} size={size} />;
  if (lines.length === 0) return <Message line={[span(' ◌ loading charts', 'faint')]} size={size} />;
  const asIs = theme.colour && !theme.ascii;
  return <Painted text={(asIs ? lines : lines.map((line) => plainChart(line, theme))).join('\n')} />;
}

function Message({ line, size }: { line: Line; size: Size }): ReactNode {
  return <TextLine line={line} columns={size.columns} />;
}

type BoardState =
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly board: Board }
  | { readonly state: 'failed'; readonly reason: string };

/** A board of a given size. The chart library is loaded when charts are first opened (TERM-7). */
function useBoard({ columns, rows }: Size): BoardState {
  const [state, setState] = useState<BoardState>({ state: 'loading' });
  useEffect(() => {
    let open: Board | undefined;
    let wanted = true;
    void load().then((made) => {
      if (!wanted) return;
      if (made.state === 'loaded') {
        open = made.openBoard({ columns, rows });
        setState({ state: 'ready', board: open });
      } else {
        setState({ state: 'failed', reason: made.reason });
      }
    });
    return () => {
      wanted = false;
      open?.dispose();
    };
  }, [columns, rows]);
  return state;
}

type Loaded =
  | { readonly state: 'loaded'; readonly openBoard: (size: Size) => Board }
  | { readonly state: 'failed'; readonly reason: string };

async function load(): Promise<Loaded> {
  try {
    const { openBoard } = await import('./off-screen.ts');
    return { state: 'loaded', openBoard };
  } catch (error) {
    return { state: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}
