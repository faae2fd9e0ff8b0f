import type { Commands } from '../../../src/session/commands.ts';
import type { SessionState } from '../../../src/session/state.ts';
import { type Binding, PANES } from '../binding.ts';
import { cannotExplain, cannotGrant, cannotMark, noLiveGrant, nothingUnderCursor } from './reasons.ts';

/** Acting on what the panes show: mark, grant, revoke, explain. */
export const ACTIONS: readonly Binding[] = [
  {
    id: 'mark-source',
    keys: ['s'],
    scopes: PANES,
    title: 'mark the row as source; on an attempt, its source',
    hint: () => 'source',
    footer: 2,
    disabled: cannotMark,
    run: (commands) => commands.markSource(),
  },
  {
    id: 'mark-destination',
    keys: ['d'],
    scopes: PANES,
    title: 'mark the row as destination; on an attempt, its destination',
    hint: () => 'destination',
    footer: 3,
    disabled: cannotMark,
    run: (commands) => commands.markDestination(),
  },
  {
    id: 'grant',
    keys: ['g'],
    scopes: PANES,
    title: 'grant access for a while: the attempt under the cursor, or the marked pair',
    hint: () => 'grant',
    footer: 1,
    disabled: cannotGrant,
    run: (commands) => commands.openGrant(),
  },
  {
    id: 'explain',
    keys: ['e'],
    scopes: PANES,
    title: 'explain why the path is allowed or denied, both halves',
    hint: () => 'explain',
    footer: 4,
    disabled: cannotExplain,
    run: (commands) => commands.explain(),
  },
  {
    id: 'open',
    keys: ['enter'],
    scopes: PANES,
    title: 'open the row: an attempt is explained, everything else shown in detail',
    disabled: nothingUnderCursor,
    run: openRow,
  },
  {
    id: 'yaml',
    keys: ['y'],
    scopes: PANES,
    title: 'YAML of the row',
    hint: () => 'yaml',
    footer: 9,
    disabled: nothingUnderCursor,
    run: (commands) => commands.detail(),
  },
  {
    id: 'promote',
    keys: ['Y'],
    scopes: [...PANES, 'explain'],
    title: 'the permanent policy for the path, to review in Git',
    disabled: cannotExplain,
    run: (commands) => {
      commands.promote();
    },
  },
  {
    id: 'revoke',
    keys: ['x'],
    scopes: PANES,
    title: 'revoke a grant, after showing what that does',
    hint: () => 'revoke',
    footer: 5,
    disabled: noLiveGrant,
    run: (commands) => commands.openRevoke(),
  },
  {
    id: 'extend',
    keys: ['+', '='],
    scopes: PANES,
    title: 'extend a grant before it ends',
    hint: () => 'extend',
    footer: 6,
    disabled: noLiveGrant,
    run: (commands) => commands.openExtend(),
  },
];

function openRow(commands: Commands, state: SessionState): void {
  if (state.focus === 'attempts') commands.explain();
  else commands.detail();
}
