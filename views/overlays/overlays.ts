/* What opens over the panes: help, pickers, panels, the grant form, explanations. */

export { fieldSpans } from './field.ts';
export { OverlayHost } from './overlay-host.tsx';
export { contentOf, overlayPanel } from './overlay-panel.ts';
