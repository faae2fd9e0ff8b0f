import { Box } from 'ink';
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import { type SessionState, type TrafficBar, trafficBars } from '../../src/session/session.ts';
import type { Size } from '../layout/layout.ts';
import { type Line, span } from '../text/text.ts';
import { Frame, Painted, TextLine, upperEdge, useUi } from '../ui/ui.ts';
import { barList } from './bars.ts';
import { curveLines, NAMES, plainDots, shownSpans, spanLine, totals } from './curve-panel.ts';
import type { Board } from './off-screen.ts';
import { type Curves, curvesOf } from './series.ts';

/** Below this, there is no room for curves beside the bars. */
const CURVES: Size = { columns: 60, rows: 18 };

/** From this width on, the bars are side by side. */
const WIDE = 120;

type Props = { readonly state: SessionState; readonly size: Size };

/** The traffic charts, over the whole body: attempts over time, by path, and drops by what dropped them. */
export function ChartsOverlay({ state, size }: Props): ReactNode {
  const { columns } = size;
  const rows = size.rows - 2;
  const wide = columns >= WIDE;
  const upper = rows < CURVES.rows ? 0 : wide ? Math.ceil(rows * 0.52) : rows - 2 * Math.floor(rows * 0.29);
  const lower = rows - upper;
  const bars = useMemo(() => trafficBars(state.attempts), [state.attempts]);
  const cursor = state.overlay.type === 'charts' ? state.overlay.bar : undefined;
  // Paths have longer names than policies.
  const half = wide ? Math.ceil(columns * 0.58) : columns;
  const height = wide ? lower : Math.floor(lower / 2);
  const place = { cursor, rows: height };
  return (
    <Box position="absolute" marginTop={1} flexDirection="column" width={columns} height={rows}>
      {upper === 0 ? null : <CurvePanel state={state} size={{ columns, rows: upper }} />}
      <Box flexDirection={wide ? 'row' : 'column'} width={columns} height={lower}>
        <BarPanel {...place} bars={bars.paths} columns={half} rows={wide ? height : lower - height} split />
        <BarPanel {...place} bars={bars.drops} columns={wide ? columns - half : columns} split={false} />
      </Box>
    </Box>
  );
}

type PanelProps = Size & { readonly title: Line; readonly right: Line; readonly bottom?: Line };

/** A frame of the charts; `children` fill it. */
function Panel({
  columns,
  rows,
  title,
  right,
  bottom,
  children,
}: PanelProps & { children: ReactNode }): ReactNode {
  const top = <TextLine line={upperEdge(title, right, columns, false)} columns={columns} />;
  return (
    <Frame columns={columns} rows={rows} top={top} bottom={bottom} focused={false}>
      {children}
    </Frame>
  );
}

type BarPanelProps = Size & {
  readonly bars: readonly TrafficBar[];
  readonly cursor: string | undefined;
  /** Attempts by path, with their drops apart; otherwise drops. */
  readonly split: boolean;
};

function BarPanel({ bars, cursor, columns, rows, split }: BarPanelProps): ReactNode {
  const { theme } = useUi();
  const inner = { columns: columns - 2, rows: rows - 2 };
  const { lines, first } = barList(bars, cursor, inner, split);
  const total = String(bars.reduce((sum, { count }) => sum + count, 0));
  const title: Line = split
    ? [
        span(' Attempts by path ', 'strong'),
        span('█', 'good'),
        span(' allowed '),
        span('░', 'bad'),
        span(' dropped '),
      ]
    : [span(' Dropped attempts by policy ', 'strong')];
  const right: Line = split ? [span(total)] : [span('✗ ', 'bad'), span(total, 'bad')];
  const bottom: Line =
    lines.length < bars.length
      ? [span(` ${first + 1}-${first + lines.length} of ${bars.length} `, 'faint')]
      : [];
  return (
    <Panel columns={columns} rows={rows} title={title} right={right} bottom={bottom}>
      {Array.from({ length: inner.rows }, (_, place) => {
        const { key, line } = lines[place] ?? {
          key: '',
          line: place === 0 ? [span('  none seen', 'faint')] : [],
        };
        const marked = key !== '' && key === cursor;
        // A bar is identified by its place on the screen.
        return <Painted key={place} text={theme.paint(line, inner.columns, marked ? 'inverse' : 'none')} />;
      })}
    </Panel>
  );
}

function CurvePanel({ state, size }: Props): ReactNode {
  const curves = useMemo(() => curvesOf(state.samples), [state.samples]);
  const inner = { columns: size.columns - 2, rows: size.rows - 2 };
  const spans = shownSpans(state.spans, curves, inner.rows);
  const { seconds, times } = curves;
  const unit = seconds === 1 ? 'second' : `${seconds} s`;
  return (
    <Panel
      {...size}
      title={[span(` Attempts per ${unit} `, 'strong')]}
      right={times.length === 0 ? [] : totals(curves)}
    >
      {times.length < 2 ? (
        <TextLine line={[span('  ◌ counting the first seconds', 'faint')]} columns={inner.columns} covering />
      ) : (
        <CurveArea
          key={`${inner.columns} ${inner.rows} ${spans.length}`}
          curves={curves}
          spans={spans}
          size={inner}
        />
      )}
    </Panel>
  );
}

type CurveProps = {
  readonly curves: Curves;
  readonly spans: SessionState['spans'];
  readonly size: Size;
};

/** The curves below the windows of grants. */
function CurveArea({ curves, spans, size }: CurveProps): ReactNode {
  const { theme } = useUi();
  const width = size.columns - NAMES;
  const board = useBoard({ columns: width, rows: size.rows - spans.length });
  const drawn = useMemo(
    () => (board.state === 'ready' ? board.board.draw(curves) : undefined),
    [board, curves],
  );
  if (board.state === 'failed') return <Note text={`✗ charts unavailable: ${board.reason}`} size={size} />;
  if (drawn === undefined) return <Note text="◌ loading charts" size={size} />;
  const lines = [
    ...spans.map((one) => spanLine(one, curves, drawn, width)),
    ...curveLines(curves, drawn, width),
  ].map((line) => theme.paint(plainDots(line, theme), size.columns));
  return <Painted text={lines.join('\n')} />;
}

function Note({ text, size }: { text: string; size: Size }): ReactNode {
  return <TextLine line={[span(`  ${text}`, 'faint')]} columns={size.columns} covering />;
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
