/* What opens over the panes: help, pickers, panels, the grant form, explanations. */

export { fieldSpans } from './field.ts';
export { NoticeHost, noticeRows } from './notice.tsx';
export { openList } from './open-list.ts';
export { OverlayHost } from './overlay-host.tsx';
export { contentOf, overlayPanel } from './overlay-panel.ts';
export { cannotRun, type PaletteItem, type PaletteList, paletteList } from './palette.ts';
export { matchesIn } from './search.ts';
