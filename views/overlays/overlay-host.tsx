import { Box } from 'ink';
import { type ReactNode, useInsertionEffect, useLayoutEffect, useState } from 'react';
import { useStore } from 'zustand';
import type { SessionState } from '../../src/session/session.ts';
import { ChartsOverlay } from '../charts/charts.ts';
import { hintLine, scopeOf } from '../keys/keys.ts';
import type { Size } from '../layout/layout.ts';
import { columnsOf, type Line, span } from '../text/text.ts';
import { Frame, TextLine, upperEdge, useUi } from '../ui/ui.ts';
import { overlayPanel } from './overlay-panel.ts';
import type { Panel } from './panel.ts';
import { searchSpans } from './search.ts';

/** The open overlay, if any. */
export function OverlayHost({ size }: { size: Size }): ReactNode {
  const { store } = useUi();
  const type = useStore(store, (state) => state.overlay.type);
  if (type === 'none' || type === 'filter') return null;
  return <OpenOverlay size={size} />;
}

function OpenOverlay({ size }: { size: Size }): ReactNode {
  const { store, painted } = useUi();
  const state = useStore(store);
  const form = state.overlay.type === 'grant' ? state.overlay.form : undefined;
  // Ink writes the frame before layout effects run.
  useInsertionEffect(() => {
    painted.drawnForm(form);
    return () => painted.drawnForm(undefined);
  }, [painted, form]);
  const shown = useShownColumns(state);
  if (state.overlay.type === 'charts') return <ChartsOverlay state={state} size={size} />;
  const panel = overlayPanel(state, size, shown);
  return panel === undefined ? null : <OverlayView state={state} panel={panel} />;
}

/** The columns that the focused pane has room for, as the frame shows them. */
function useShownColumns({ focus }: SessionState): readonly string[] | undefined {
  const { painted } = useUi();
  const [shown, setShown] = useState<readonly string[] | undefined>(undefined);
  // The pane is laid out in the same commit, which is before this runs.
  useLayoutEffect(() => setShown(painted.columns(focus)));
  return shown;
}

/** A panel over the panes; the lower border shows the keys of a dialog, and the scroll position. */
function OverlayView({ state, panel }: { state: SessionState; panel: Panel }): ReactNode {
  const { left, top, columns, rows, title, right, lines, targets, current } = panel;
  const { painted } = useUi();
  useInsertionEffect(() => {
    painted.drawnTargets(targets);
    return () => painted.drawnTargets([]);
  });
  return (
    <Box position="absolute" marginLeft={left} marginTop={top} width={columns} height={rows}>
      <Frame
        columns={columns}
        rows={rows}
        top={<TextLine line={upperEdge(title, right, columns, true)} columns={columns} />}
        bottom={bottomOf(state, panel)}
        focused
      >
        {Array.from({ length: rows - 2 }, (_, place) => (
          // A line is identified by its place on the screen.
          <TextLine
            key={place}
            line={[span(place === current ? '▸ ' : '  ', 'strong'), ...(lines[place] ?? [])]}
            columns={columns - 2}
            covering
          />
        ))}
      </Frame>
    </Box>
  );
}

function bottomOf(state: SessionState, panel: Panel): Line {
  const { kind, scroll, scrollMax, lines, columns, search, matches } = panel;
  const more = scroll < scrollMax ? ' · PgDn' : '';
  const at =
    scrollMax === 0 ? '' : `${scroll + 1}-${scroll + lines.length} of ${scrollMax + lines.length}${more} `;
  const room = columns - 6 - columnsOf(at);
  const hints =
    search !== undefined
      ? searchSpans(search, matches.length)
      : kind === 'dialog'
        ? hintLine(scopeOf(state), state, room)
        : [];
  if (scrollMax === 0) return hints.length > 0 ? [...hints, span(' ')] : [];
  return [...hints, span(` ${at}`, 'faint')];
}
