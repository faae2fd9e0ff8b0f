import { type Binding, PANES, READ_SCOPES, type Scope } from './binding.ts';

const LISTS: readonly Scope[] = [...PANES, 'pick'];

/**
 * Moving the cursor or the text. `g` grants, as in the key hint, so the first row is Home or `ctrl-a`, the last
 * `G` or End.
 */
export const MOVING: readonly Binding[] = [
  {
    id: 'up',
    keys: ['k', 'up'],
    scopes: PANES,
    title: 'one row up',
    run: (commands) => commands.move(-1),
  },
  {
    id: 'down',
    keys: ['j', 'down'],
    scopes: PANES,
    title: 'one row down',
    run: (commands) => commands.move(1),
  },
  {
    id: 'pick-up',
    keys: ['up'],
    scopes: ['pick', 'command'],
    title: 'one item up',
    run: (commands) => commands.move(-1),
  },
  {
    id: 'pick-down',
    keys: ['down'],
    scopes: ['pick', 'command'],
    title: 'one item down',
    run: (commands) => commands.move(1),
  },
  {
    id: 'page-up',
    keys: ['ctrl-b', 'pageup'],
    scopes: LISTS,
    title: 'one page up',
    run: (commands, _state, { page }) => commands.move(-page),
  },
  {
    id: 'page-down',
    keys: ['ctrl-f', 'pagedown'],
    scopes: LISTS,
    title: 'one page down',
    run: (commands, _state, { page }) => commands.move(page),
  },
  {
    id: 'first',
    keys: ['home', 'ctrl-a'],
    scopes: PANES,
    title: 'the first row (g grants)',
    run: (commands) => commands.moveTo('first'),
  },
  {
    id: 'last',
    keys: ['G', 'end', 'ctrl-e'],
    scopes: PANES,
    title: 'the last row',
    run: (commands) => commands.moveTo('last'),
  },
  reading('scroll-up', ['k', 'up'], 'one line up', () => -1),
  reading('scroll-down', ['j', 'down'], 'one line down', () => 1),
  reading('scroll-page-up', ['ctrl-b', 'pageup'], 'one page up', (page) => -page),
  reading('scroll-page-down', ['ctrl-f', 'pagedown', 'space'], 'one page down', (page) => page),
  reading('scroll-first', ['home', 'g', 'ctrl-a'], 'to the top', () => -1_000_000),
  reading('scroll-last', ['end', 'G', 'ctrl-e'], 'to the bottom', () => 1_000_000),
];

/** Scrolls an open text. Only the screen knows how long it is when wrapped, so the step is limited here. */
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
      if (target !== scroll) commands.move(target - scroll);
    },
  };
}
