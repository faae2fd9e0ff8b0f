import type { SessionState } from '../../src/session/session.ts';
import { type Actions, type Binding, READ_SCOPES, type ViewFacts } from './binding.ts';

/** Searching an open text, with less's keys. */
export const SEARCHING: readonly Binding[] = [
  {
    id: 'search',
    keys: ['/'],
    scopes: READ_SCOPES,
    title: 'search the text; in the help, show only what matches',
    hint: () => 'search',
    footer: 15,
    run: (commands) => commands.openSearch(),
  },
  {
    id: 'search-next',
    keys: ['n'],
    scopes: READ_SCOPES,
    title: 'next match',
    disabled: noSearch,
    run: (commands, state, facts) => step(commands, state, facts, 1),
  },
  {
    id: 'search-previous',
    keys: ['N'],
    scopes: READ_SCOPES,
    title: 'previous match',
    disabled: noSearch,
    run: (commands, state, facts) => step(commands, state, facts, -1),
  },
  {
    id: 'search-submit',
    keys: ['enter'],
    scopes: ['search'],
    title: 'go to the first match below',
    hint: () => 'find',
    footer: 1,
    run: (commands, { overlay }, facts) => {
      const from = 'scroll' in overlay ? Math.min(overlay.scroll, facts.scrollMax) : 0;
      const below = facts.matches.findIndex((line) => line >= from);
      to(commands, Math.max(0, below), facts);
    },
  },
];

function noSearch({ overlay }: SessionState): string | undefined {
  return 'scroll' in overlay && overlay.search !== undefined ? undefined : 'nothing to find yet: / searches';
}

function step(commands: Actions, { overlay }: SessionState, facts: ViewFacts, by: 1 | -1): void {
  const at = 'scroll' in overlay ? (overlay.search?.at ?? 0) : 0;
  const { length } = facts.matches;
  if (length > 0) to(commands, (at + by + length) % length, facts);
  else commands.notify('warn', 'No matches in this text.', '/ searches for something else.');
}

/** Goes to a match; the text moves only if the match is out of sight. */
function to(commands: Actions, match: number, { matches, scroll, scrollMax, page }: ViewFacts): void {
  const line = matches[match] ?? scroll;
  const shown = page + 2;
  const seen = line >= scroll && line < scroll + shown;
  commands.searchAt(match, seen ? scroll : Math.max(0, Math.min(scrollMax, line - Math.floor(shown / 2))));
}
