import { noticedGrant, type PaneId, type SessionState } from '../../src/session/session.ts';
import { type Binding, PANES, READ_SCOPES } from './binding.ts';
import { cannotExplain, cannotGrant, cannotMark, noLiveGrant, nothingUnderCursor } from './reasons.ts';

/** Acting on rows: mark, grant, revoke, explain, drill. */
export const ACTIONS: readonly Binding[] = [
  {
    id: 'mark-source',
    keys: ['s'],
    scopes: PANES,
    title: 'mark the row as the source; on an attempt, its source',
    onRow: true,
    hint: () => 'source',
    footer: placeIn('attempts', 12, 2),
    disabled: cannotMark,
    run: (commands) => commands.markSource(),
  },
  {
    id: 'mark-destination',
    keys: ['d'],
    scopes: PANES,
    title: 'mark the row as the destination; on an attempt, its destination',
    onRow: true,
    hint: () => 'destination',
    footer: placeIn('attempts', 12, 3),
    disabled: cannotMark,
    run: (commands) => commands.markDestination(),
  },
  {
    id: 'bookmark',
    keys: ['b'],
    scopes: PANES,
    title: 'bookmark the path in view for this context, or remove it; :bookmarks lists them',
    onRow: true,
    disabled: ({ path: { source, destination, port } }) =>
      source === undefined || destination === undefined || port === undefined
        ? 'no path to bookmark: move to an attempt (3), or mark a source and a destination'
        : undefined,
    run: (commands) => commands.bookmark(),
  },
  {
    id: 'grant',
    keys: ['g'],
    scopes: PANES,
    title: 'grant temporary access: the attempt under the cursor, or the marked pair',
    onRow: true,
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
    onRow: true,
    hint: () => 'explain',
    footer: 4,
    disabled: cannotExplain,
    run: (commands) => commands.explain(),
  },
  {
    id: 'open-pods',
    keys: ['enter'],
    scopes: ['pods'],
    title: 'the pods of the workload, or behind the Service',
    onRow: true,
    hint: () => 'pods',
    footer: 4,
    when: listsObjects,
    disabled: nothingUnderCursor,
    run: (commands) => commands.drill('pods'),
  },
  {
    id: 'open',
    keys: ['enter'],
    scopes: ['pods', 'policies', 'grants'],
    when: (state) => !listsObjects(state),
    title: 'describe the row: rules in plain words, lint findings, YAML',
    onRow: true,
    hint: () => 'open',
    footer: 4,
    disabled: nothingUnderCursor,
    run: (commands) => commands.about(),
  },
  {
    id: 'open-attempt',
    keys: ['enter'],
    scopes: ['attempts'],
    title: 'explain the attempt',
    onRow: true,
    disabled: nothingUnderCursor,
    run: (commands) => commands.explain(),
  },
  {
    id: 'review',
    keys: ['a'],
    scopes: ['grants'],
    title: 'review a request, planned anew, and approve it',
    onRow: true,
    hint: () => 'approve',
    footer: 3,
    when: isOnRequest,
    run: (commands) => commands.openReview(),
  },
  {
    id: 'refuse',
    keys: ['r'],
    scopes: ['grants', 'review'],
    title: 'refuse a request, and say why',
    onRow: true,
    hint: () => 'refuse',
    footer: 4,
    when: (state) => isInReview(state) || isOnRequest(state),
    run: (commands) => commands.openRefuse(),
  },
  {
    id: 'drill-attempts',
    keys: ['a'],
    scopes: ['pods', 'policies', 'grants', 'detail'],
    title:
      'the attempts of the pod, those that the policy decided (hits and drops), or those on the path of the grant',
    onRow: true,
    hint: () => 'attempts',
    footer: 9,
    when: (state) => isDescribed(state) && !tells(state, 'attempts') && !isOnRequest(state),
    disabled: nothingUnderCursor,
    run: (commands) => commands.drill('attempts'),
  },
  {
    id: 'list-attempts',
    keys: ['a'],
    scopes: ['attempts'],
    title: 'the last attempts of the row one by one: time, addresses, node, reason',
    onRow: true,
    hint: () => 'attempts',
    footer: 9,
    disabled: nothingUnderCursor,
    run: (commands) => commands.openAttempts(),
  },
  {
    id: 'reach',
    keys: ['w'],
    scopes: ['pods', 'attempts', 'detail'],
    title: 'who could reach the pod, workload or Service, or the destination of the attempt, on which ports',
    onRow: true,
    hint: ({ focus }) => (focus === 'attempts' ? 'reach' : 'who could reach it'),
    footer: placeIn('attempts', 14, 12),
    when: (state) =>
      isDescribed(state) && !tells(state, 'reach') && (state.focus === 'pods' || state.focus === 'attempts'),
    disabled: nothingUnderCursor,
    run: (commands) => commands.openReach(),
  },
  {
    id: 'grant-history',
    keys: ['h'],
    scopes: ['grants', 'detail'],
    title:
      'the history of the grant: planned, leased, applied, open, extended, closed, with the traffic on its path',
    onRow: true,
    hint: () => 'history',
    footer: 7,
    when: (state) => isDescribed(state) && !tells(state, 'history') && state.focus === 'grants',
    disabled: nothingUnderCursor,
    run: (commands) => commands.openHistory(),
  },
  {
    id: 'drill-policies',
    keys: ['p'],
    scopes: ['pods', 'attempts', 'grants', 'detail'],
    title: 'the policies on the pod, those that decide the attempt, or those of the grant',
    onRow: true,
    hint: () => 'policies',
    footer: 10,
    when: (state) => isDescribed(state) && (state.overlay.type === 'none' || state.focus !== 'policies'),
    disabled: nothingUnderCursor,
    run: (commands) => commands.drill('policies'),
  },
  {
    id: 'drill-pods',
    keys: ['o'],
    scopes: [...PANES, 'detail'],
    title: 'the pods at the other end: those a pod talks with, a policy selects, an attempt is between',
    onRow: true,
    hint: () => 'pods',
    footer: 11,
    when: isDescribed,
    disabled: nothingUnderCursor,
    run: (commands) => commands.drill('pods'),
  },
  {
    id: 'yaml',
    keys: ['y'],
    scopes: PANES,
    title: 'show the YAML of the row; of an attempt, of the policies that decide it',
    onRow: true,
    hint: () => 'yaml',
    footer: 14,
    disabled: nothingUnderCursor,
    run: (commands) => commands.detail(),
  },
  {
    id: 'promote',
    keys: ['Y'],
    scopes: [...PANES, 'explain'],
    title: 'show a permanent policy for the path, for review in Git',
    onRow: true,
    disabled: cannotExplain,
    run: (commands) => {
      commands.promote();
    },
  },
  {
    id: 'revoke',
    keys: ['x'],
    scopes: PANES,
    title: 'revoke a grant, after showing the consequences',
    onRow: true,
    hint: () => 'revoke',
    footer: placeIn('grants', 5, 12),
    disabled: noLiveGrant,
    run: (commands) => commands.openRevoke(),
  },
  {
    id: 'extend',
    keys: ['+', '='],
    scopes: PANES,
    title: 'extend a grant before it ends',
    onRow: true,
    hint: () => 'extend',
    footer: placeIn('grants', 6, 12),
    disabled: noLiveGrant,
    run: (commands) => commands.openExtend(),
  },
  {
    id: 'extend-noticed',
    keys: ['+'],
    scopes: [...READ_SCOPES, 'charts'],
    title: 'extend the grant that the notice speaks of',
    when: (state) => noticedGrant(state) !== undefined,
    disabled: noLiveGrant,
    run: (commands) => commands.openExtend(),
  },
];

/** A place among the hints: in one pane, and elsewhere. An attempt is a pair already, so marks come late there. */
function placeIn(pane: PaneId, there: number, elsewhere: number): (state: SessionState) => number {
  return ({ focus }) => (focus === pane ? there : elsewhere);
}

/** Whether the row under the cursor is what an open text describes. */
function isDescribed({ overlay }: SessionState): boolean {
  return overlay.type !== 'detail' || overlay.about !== undefined || overlay.attempts !== undefined;
}

/** Whether this is told already. */
function tells({ overlay }: SessionState, what: 'reach' | 'history' | 'attempts'): boolean {
  return overlay.type === 'detail' && overlay.tells === what;
}

/** Whether the cursor is on a workload or a Service. */
function listsObjects({ focus, listed }: SessionState): boolean {
  return focus === 'pods' && listed !== 'pods';
}

/** Whether the cursor is on a request that waits for approval. */
function isOnRequest({ focus, panes, grants }: SessionState): boolean {
  const line = grants.find(({ key }) => key === panes.grants.key);
  return focus === 'grants' && line?.grant.waiting !== undefined;
}

/** Whether a request is reviewed, or the palette is open over that. */
function isInReview({ overlay }: SessionState): boolean {
  return overlay.type === 'review' || (overlay.type === 'command' && overlay.of === 'review');
}
