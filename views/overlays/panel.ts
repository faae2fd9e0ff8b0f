import type { Search } from '../../src/session/session.ts';
import type { Size } from '../layout/layout.ts';
import type { Line } from '../text/text.ts';
import type { Target } from '../ui/ui.ts';
import { matchesIn, withMatches } from './search.ts';

/** The lines of a panel that can be clicked. */
export type Targets = Map<Line, Target>;

/** Notes what lines stand for, unless they stand for something already, and gives them back. */
export function standFor(targets: Targets, target: Target, lines: readonly Line[]): readonly Line[] {
  for (const line of lines) if (!targets.has(line)) targets.set(line, target);
  return lines;
}

/**
 * What an overlay shows. `full`: the whole body; `text`: full width, as high as needed; `dialog`: as small as possible,
 * at the right, so that the table stays visible. `lines` renders for a given width.
 */
export type Content = {
  readonly kind: 'full' | 'text' | 'dialog';
  /** How wide a dialog is, if not as wide as the others. */
  readonly columns?: number;
  readonly title: Line;
  readonly right?: Line;
  readonly lines: (columns: number) => readonly Line[];
  /** What of these lines can be clicked. */
  readonly targets?: Targets;
  /** First line shown; a value past the end shows the end. */
  readonly scroll?: number;
  /** Line that must stay visible, in lists. */
  readonly keep?: number;
  readonly search?: Search;
};

/** An overlay laid out: its place and its visible lines. */
export type Panel = {
  readonly kind: Content['kind'];
  readonly left: number;
  readonly top: number;
  readonly columns: number;
  readonly rows: number;
  readonly title: Line;
  readonly right: Line;
  readonly lines: readonly Line[];
  /** What each visible line stands for. */
  readonly targets: readonly (Target | undefined)[];
  readonly scroll: number;
  readonly scrollMax: number;
  readonly search?: Search;
  /** The line of each match of the search. */
  readonly matches: readonly number[];
  /** The visible line with the current match. */
  readonly current?: number;
  /** Whether it hides the panes completely. */
  readonly covers: boolean;
};

const DIALOG_COLUMNS = 98;

/** Columns taken by a panel's border and padding. */
export const PANEL_MARGIN = 5;

/** Places content between the header and the key hints, never larger than that. */
export function layPanel(content: Content, size: Size): Panel {
  const top = 1;
  const most = size.rows - top - 1;
  const { columns: wanted = DIALOG_COLUMNS } = content;
  const columns = content.kind === 'dialog' ? Math.min(wanted, size.columns) : size.columns;
  const all = tightened(content.lines(columns - PANEL_MARGIN), most - 2, content.kind);
  const rows = content.kind === 'full' ? most : Math.min(most, all.length + 2);
  const scrollMax = Math.max(0, all.length - (rows - 2));
  const { search } = content;
  const matches = matchesIn(all, search);
  const keep = content.keep ?? firstFound(matches, content);
  const kept = keep === undefined ? (content.scroll ?? 0) : keep - Math.floor((rows - 2) / 2);
  const scroll = Math.min(scrollMax, Math.max(0, kept));
  const current = search?.typing === false ? matches[search.at] : undefined;
  const visible = all.slice(scroll, scroll + rows - 2);
  return {
    kind: content.kind,
    left: content.kind === 'dialog' ? size.columns - columns : 0,
    top,
    columns,
    rows,
    title: content.title,
    right: content.right ?? [],
    lines: visible.map((line) => withMatches(line, search)),
    targets: visible.map((line) => content.targets?.get(line)),
    scroll,
    scrollMax,
    search,
    matches,
    current: current === undefined ? undefined : current - scroll,
    covers: content.kind === 'full' || rows === most,
  };
}

/** A dialog that is too high drops its empty lines. */
function tightened(lines: readonly Line[], room: number, kind: Content['kind']): readonly Line[] {
  return kind === 'dialog' && lines.length > room ? lines.filter((line) => line.length > 0) : lines;
}

/** While a search is typed, the first match from the top of the text on is shown. */
function firstFound(matches: readonly number[], { search, scroll = 0 }: Content): number | undefined {
  if (search?.typing !== true) return undefined;
  return matches.find((line) => line >= scroll) ?? matches[0];
}
