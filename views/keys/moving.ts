import { pickItems, type SessionState, trafficBars } from '../../src/session/session.ts';
import { type Binding, PANES, READ_SCOPES } from './binding.ts';
import { nothingUnderCursor } from './reasons.ts';

/**
 * Moving the cursor or the text. `g` is taken by grant, so Home or `ctrl-a` goes to the first row, `G` or End to the
 * last.
 */
export const MOVING: readonly Binding[] = [
  {
    id: 'up',
    keys: ['k', 'up'],
    scopes: PANES,
    title: 'one row up; from the top attempt, to whatever is newest',
    disabled: nothingUnderCursor,
    run: (commands, { focus }, { rowAt }) => {
      const above = rowAt(-1);
      commands.moveTo(focus === 'attempts' && above === rowAt(0) ? undefined : above);
    },
  },
  {
    id: 'down',
    keys: ['j', 'down'],
    scopes: PANES,
    title: 'one row down',
    disabled: nothingUnderCursor,
    run: (commands, _state, { rowAt }) => commands.moveTo(rowAt(1)),
  },
  picking('pick-up', ['up', 'ctrl-p'], 'one item up', () => -1),
  picking('pick-down', ['down', 'ctrl-n'], 'one item down', () => 1),
  picking('pick-page-up', ['pageup'], 'one page up', (page) => -page),
  picking('pick-page-down', ['pagedown'], 'one page down', (page) => page),
  {
    id: 'page-up',
    keys: ['ctrl-b', 'pageup'],
    scopes: PANES,
    title: 'one page up',
    disabled: nothingUnderCursor,
    run: (commands, _state, { page, rowAt }) => commands.moveTo(rowAt(-page)),
  },
  {
    id: 'page-down',
    keys: ['ctrl-f', 'pagedown'],
    scopes: PANES,
    title: 'one page down',
    disabled: nothingUnderCursor,
    run: (commands, _state, { page, rowAt }) => commands.moveTo(rowAt(page)),
  },
  {
    id: 'first',
    keys: ['home', 'ctrl-a'],
    scopes: PANES,
    title: 'first row (g is grant); in attempts, the newest',
    disabled: nothingUnderCursor,
    run: (commands) => commands.moveTo(undefined),
  },
  {
    id: 'last',
    keys: ['G', 'end', 'ctrl-e'],
    scopes: PANES,
    title: 'last row',
    disabled: nothingUnderCursor,
    run: (commands, _state, { rowAt }) => commands.moveTo(rowAt(Number.POSITIVE_INFINITY)),
  },
  charting('bar-up', ['k', 'up'], 'one bar up', () => -1),
  charting('bar-down', ['j', 'down'], 'one bar down', () => 1),
  charting('bar-first', ['home', 'ctrl-a'], 'first bar', () => -1_000_000),
  charting('bar-last', ['G', 'end', 'ctrl-e'], 'last bar', () => 1_000_000),
  charting('bar-other', ['tab', 'shift-tab'], 'to the other bars', otherBars),
  reading('scroll-up', ['k', 'up'], 'one line up', () => -1),
  reading('scroll-down', ['j', 'down'], 'one line down', () => 1),
  reading('scroll-page-up', ['ctrl-b', 'pageup'], 'one page up', (page) => -page),
  reading('scroll-page-down', ['ctrl-f', 'pagedown', 'space'], 'one page down', (page) => page),
  reading('scroll-first', ['home', 'ctrl-a'], 'to the top', () => -1_000_000),
  reading('scroll-last', ['end', 'G', 'ctrl-e'], 'to the bottom', () => 1_000_000),
];

/** Moves in a filtered list, never past the last visible item. */
function picking(
  id: string,
  keys: readonly string[],
  title: string,
  step: (page: number) => number,
): Binding {
  return {
    id,
    keys,
    scopes: ['pick'],
    title,
    run: (commands, { overlay }, { page }) => {
      if (overlay.type !== 'pick') return;
      const last = pickItems(overlay.items, overlay.filter.text).length - 1;
      const target = Math.min(last, Math.max(0, overlay.index + step(page)));
      if (target !== overlay.index) commands.move(target - overlay.index);
    },
  };
}

/** Moves in the bars of the charts. */
function charting(
  id: string,
  keys: readonly string[],
  title: string,
  step: (state: SessionState) => number,
): Binding {
  return { id, keys, scopes: ['charts'], title, run: (commands, state) => commands.move(step(state)) };
}

/** From the bars of paths to the first bar of drops, or back. */
function otherBars({ attempts, overlay }: SessionState): number {
  const { paths, drops } = trafficBars(attempts);
  if (overlay.type !== 'charts') return 0;
  const at = Math.max(
    0,
    [...paths, ...drops].findIndex(({ key }) => key === overlay.bar),
  );
  return at < paths.length ? paths.length - at : -at;
}

/** Scrolls an open text. The step is limited here because only the screen knows the wrapped length. */
function reading(
  id: string,
  keys: readonly string[],
  title: string,
  step: (page: number) => number,
): Binding {
  return {
    id,
    keys,
    scopes: READ_SCOPES,
    title,
    run: (commands, _state, { page, scroll, scrollMax }) => {
      const target = Math.min(scrollMax, Math.max(0, scroll + step(page)));
      if (target !== scroll) commands.scrollTo(target);
    },
  };
}
