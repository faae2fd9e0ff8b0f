import type { ReactNode } from 'react';
import { useStore } from 'zustand';
import { ChartsOverlay } from '../charts/charts-overlay.tsx';
import type { Size } from '../layout/layout.ts';
import { useUi } from '../ui-context.ts';
import { overlayPanel } from './overlay-panel.ts';
import { OverlayView } from './overlay-view.tsx';

/** What lies over the panes now, if anything does. */
export function OverlayHost({ size }: { size: Size }): ReactNode {
  const { store } = useUi();
  const type = useStore(store, (state) => state.overlay.type);
  if (type === 'none' || type === 'command' || type === 'filter') return null;
  return <OpenOverlay size={size} />;
}

function OpenOverlay({ size }: { size: Size }): ReactNode {
  const state = useStore(useUi().store);
  if (state.overlay.type === 'charts') return <ChartsOverlay state={state} size={size} />;
  const panel = overlayPanel(state, size);
  return panel === undefined ? null : <OverlayView state={state} panel={panel} />;
}
