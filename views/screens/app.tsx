import { Box, useWindowSize } from 'ink';
import type { ReactNode } from 'react';
import { useStore } from 'zustand';
import type { SessionState } from '../../src/session/state.ts';
import { ChartsOverlay } from '../charts/charts-overlay.tsx';
import { Keys, type KeysProps } from '../keys/router.tsx';
import { type Layout, layoutOf, type Size } from '../layout/layout.ts';
import { overlayPanel } from '../overlays/overlay-panel.ts';
import { OverlayView } from '../overlays/overlay-view.tsx';
import { Pane } from '../panes/pane.tsx';
import { TextLine } from '../panes/text-line.tsx';
import { useUi } from '../ui-context.ts';
import { footerLine } from './footer-line.ts';
import { headerLine } from './header.ts';
import { pathLine } from './path-line.ts';
import { tabLine } from './tab-line.ts';
import { TooSmall } from './too-small.tsx';

type AppProps = Omit<KeysProps, 'size'>;

/** The whole screen: exactly the terminal's columns and rows, never more, or every frame would be a full repaint. */
export function App(props: AppProps): ReactNode {
  const size = useWindowSize();
  const state = useStore(props.store);
  const layout = layoutOf(size, state.focus, state.zoomed);
  return (
    <Box width={size.columns} height={size.rows} flexDirection="column">
      <Keys {...props} size={size} />
      {layout.type === 'too-small' ? (
        <TooSmall size={size} />
      ) : (
        <Screen state={state} layout={layout} size={size} />
      )}
    </Box>
  );
}

type ScreenProps = { readonly state: SessionState; readonly layout: Layout; readonly size: Size };

function Screen({ state, layout, size }: ScreenProps): ReactNode {
  const { visibleRows } = useUi();
  const { columns } = size;
  const panel = overlayPanel(state, size);
  const covered = panel?.covers === true || state.overlay.type === 'charts';
  return (
    <>
      <TextLine line={headerLine(state, layout, columns)} columns={columns} />
      {layout.type === 'one' && layout.tabs ? <TextLine line={tabLine(state)} columns={columns} /> : null}
      <TextLine line={pathLine(state, columns)} columns={columns} />
      <Box flexGrow={1}>{covered ? null : <Body state={state} layout={layout} />}</Box>
      <TextLine line={footerLine(state, visibleRows, columns)} columns={columns} />
      {panel === undefined ? null : <OverlayView state={state} panel={panel} />}
      {state.overlay.type === 'charts' ? <ChartsOverlay state={state} size={size} /> : null}
    </>
  );
}

function Body({ state, layout }: Omit<ScreenProps, 'size'>): ReactNode {
  switch (layout.type) {
    case 'too-small':
      return null;
    case 'one':
      return <Pane state={state} place={layout.place} />;
    case 'wide':
      return [layout.left, layout.right].map((column) => (
        <Box key={column[0].pane} flexDirection="column" width={column[0].columns}>
          {column.map((place) => (
            <Pane key={place.pane} state={state} place={place} />
          ))}
        </Box>
      ));
  }
}
