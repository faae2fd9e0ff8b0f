import type { Size } from '../layout/layout.ts';
import type { Line } from '../text/text.ts';

/**
 * What an overlay shows. `full`: the whole body; `text`: full width, as high as it needs; `dialog`: as small as it
 * can be, at the right, so that the table goes on beneath. `lines` are made for the width they are given.
 */
export type Content = {
  readonly kind: 'full' | 'text' | 'dialog';
  readonly title: Line;
  readonly right?: Line;
  readonly lines: (columns: number) => readonly Line[];
  /** First line shown; more than there is shows the end. */
  readonly scroll?: number;
  /** Line that must be visible, in lists. */
  readonly keep?: number;
};

/** An overlay laid out: where it is and the lines that are seen. */
export type Panel = {
  readonly kind: Content['kind'];
  readonly left: number;
  readonly top: number;
  readonly columns: number;
  readonly rows: number;
  readonly title: Line;
  readonly right: Line;
  readonly lines: readonly Line[];
  readonly scroll: number;
  readonly scrollMax: number;
  /** Whether nothing of the panes is seen. */
  readonly covers: boolean;
};

const DIALOG_COLUMNS = 98;

/** Columns that a panel spends on its border and the blanks beside its text. */
export const PANEL_MARGIN = 5;

/** Places content on the screen: under the header, above the key hint, never larger than that. */
export function layPanel(content: Content, size: Size): Panel {
  const wide = size.columns >= 120;
  const top = wide ? 2 : 1;
  const most = size.rows - top - 1;
  const columns = content.kind === 'dialog' ? Math.min(DIALOG_COLUMNS, size.columns) : size.columns;
  const all = tightened(content.lines(columns - PANEL_MARGIN), most - 2, content.kind);
  const rows = content.kind === 'full' ? most : Math.min(most, all.length + 2);
  const scrollMax = Math.max(0, all.length - (rows - 2));
  const kept = content.keep === undefined ? (content.scroll ?? 0) : content.keep - Math.floor((rows - 2) / 2);
  const scroll = Math.min(scrollMax, Math.max(0, kept));
  return {
    kind: content.kind,
    left: content.kind === 'dialog' ? size.columns - columns : 0,
    top,
    columns,
    rows,
    title: content.title,
    right: content.right ?? [],
    lines: all.slice(scroll, scroll + rows - 2),
    scroll,
    scrollMax,
    covers: content.kind === 'full' || rows === most,
  };
}

/** A dialog that is too high gives up its empty lines. */
function tightened(lines: readonly Line[], room: number, kind: Content['kind']): readonly Line[] {
  return kind === 'dialog' && lines.length > room ? lines.filter((line) => line.length > 0) : lines;
}
