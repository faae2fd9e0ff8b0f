import type { SessionState } from '../../src/session/session.ts';
import { type Size, SMALLEST } from '../layout/layout.ts';
import { columnsContent } from './columns-overlay.ts';
import {
  detailContent,
  extendContent,
  pickContent,
  quitContent,
  refuseContent,
  reviewContent,
  revokeContent,
} from './dialogs.ts';
import { explainContent } from './explain-overlay.ts';
import { grantContent } from './form-overlay.ts';
import { helpContent } from './help.ts';
import { logContent } from './log.ts';
import { messagesContent } from './messages.ts';
import { paletteContent } from './palette.ts';
import { type Content, layPanel, type Panel } from './panel.ts';

/**
 * The open overlay, laid out for a size; undefined if there is none, or if it is drawn elsewhere: a filter is typed in
 * the footer, charts have their own component. On a terminal that is too small, on which it is not drawn, it is laid out
 * for the smallest one. `shown`: the ids of the columns that the focused pane has room for.
 */
export function overlayPanel(state: SessionState, size: Size, shown?: readonly string[]): Panel | undefined {
  const content = contentOf(state, shown);
  if (content === undefined) return undefined;
  const columns = Math.max(size.columns, SMALLEST.columns);
  return layPanel(content, { columns, rows: Math.max(size.rows, SMALLEST.rows) });
}

/** The content of the overlay for any width; the screen-reader mode reads it too. */
export function contentOf(state: SessionState, shown?: readonly string[]): Content | undefined {
  const content = plainContent(state, shown);
  const { overlay } = state;
  return content === undefined || !('scroll' in overlay) ? content : { ...content, search: overlay.search };
}

function plainContent(state: SessionState, shown: readonly string[] | undefined): Content | undefined {
  const { overlay } = state;
  switch (overlay.type) {
    case 'none':
    case 'filter':
    case 'charts':
      return undefined;
    case 'help':
      return helpContent(overlay, state);
    case 'messages':
      return messagesContent(overlay, state);
    case 'log':
      return logContent(overlay, state);
    case 'command':
      return paletteContent(overlay, state);
    case 'explain':
      return explainContent(overlay, state);
    case 'detail':
      return detailContent(overlay);
    case 'grant':
      return grantContent(overlay.form, state);
    case 'extend':
      return extendContent(overlay, state);
    case 'review':
      return reviewContent(overlay);
    case 'refuse':
      return refuseContent(overlay);
    case 'revoke':
      return revokeContent(overlay);
    case 'quit':
      return quitContent(overlay, state);
    case 'pick':
      return pickContent(overlay);
    case 'columns':
      return columnsContent(overlay.index, state, shown);
  }
}
