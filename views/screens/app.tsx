import { Box, useWindowSize } from 'ink';
import { type ReactNode, useMemo } from 'react';
import { useStore } from 'zustand';
import type { SessionState } from '../../src/session/state.ts';
import { Keys, type KeysProps } from '../keys/router.tsx';
import { type Layout, layoutOf, type Size } from '../layout/layout.ts';
import { OverlayHost } from '../overlays/overlay-host.tsx';
import { overlayPanel } from '../overlays/overlay-panel.ts';
import { Pane } from '../panes/pane.tsx';
import { StateLine } from '../panes/text-line.tsx';
import { useUi } from '../ui-context.ts';
import { footerLine } from './footer-line.ts';
import { headerLine } from './header.ts';
import { pathLine } from './path-line.ts';
import { tabLine } from './tab-line.ts';
import { TooSmall } from './too-small.tsx';

/**
 * The whole screen: exactly the terminal's columns and rows, never more, or every frame would be a full repaint. It
 * listens to the parts of the state that decide the layout; each line and pane listens to what it shows.
 */
export function App(props: Omit<KeysProps, 'size'>): ReactNode {
  const { columns, rows } = useWindowSize();
  const size = useMemo(() => ({ columns, rows }), [columns, rows]);
  const focus = useStore(props.store, (state) => state.focus);
  const zoomed = useStore(props.store, (state) => state.zoomed);
  const layout = useMemo(() => layoutOf(size, focus, zoomed), [size, focus, zoomed]);
  return (
    <Box width={columns} height={rows} flexDirection="column">
      <Keys {...props} size={size} />
      {layout.type === 'too-small' ? <TooSmall size={size} /> : <Screen layout={layout} size={size} />}
    </Box>
  );
}

type ScreenProps = { readonly layout: Layout; readonly size: Size };

function Screen({ layout, size }: ScreenProps): ReactNode {
  const { store, visibleRows } = useUi();
  const { columns } = size;
  const covered = useStore(store, (state) => isCovered(state, size));
  return (
    <>
      <StateLine draw={(state) => headerLine(state, layout, columns)} columns={columns} />
      {layout.type === 'one' && layout.tabs ? (
        <StateLine draw={(state) => tabLine(state, visibleRows, columns)} columns={columns} />
      ) : null}
      <StateLine draw={(state) => pathLine(state, columns)} columns={columns} />
      <Box flexGrow={1}>{covered ? null : <Body layout={layout} />}</Box>
      <StateLine draw={(state) => footerLine(state, visibleRows, columns)} columns={columns} />
      <OverlayHost size={size} />
    </>
  );
}

/** Whether nothing of the panes can be seen: then they are not drawn either. */
function isCovered(state: SessionState, size: Size): boolean {
  return state.overlay.type === 'charts' || overlayPanel(state, size)?.covers === true;
}

function Body({ layout }: { layout: Layout }): ReactNode {
  const { store } = useUi();
  const focus = useStore(store, (state) => state.focus);
  switch (layout.type) {
    case 'too-small':
      return null;
    case 'one':
      return <Pane place={layout.place} focused />;
    case 'wide':
      return [layout.left, layout.right].map((column) => (
        <Box key={column[0].pane} flexDirection="column" width={column[0].columns}>
          {column.map((place) => (
            <Pane key={place.pane} place={place} focused={place.pane === focus} />
          ))}
        </Box>
      ));
  }
}
