import { type Binding, PANES, READ_SCOPES, TEXT_SCOPES } from './binding.ts';
import { nothingUnderCursor } from './reasons.ts';

/** What is shown and how: panes, filters, namespaces, the app itself. */
export const VIEWING: readonly Binding[] = [
  {
    id: 'drops-only',
    keys: ['!'],
    scopes: PANES,
    title: 'show only dropped attempts, or all attempts',
    hint: ({ focus, dropsOnly }) =>
      focus === 'attempts' ? (dropsOnly ? 'all attempts' : 'drops only') : undefined,
    footer: 13,
    run: (commands) => commands.toggleDropsOnly(),
  },
  {
    id: 'regroup',
    keys: ['v'],
    scopes: ['attempts'],
    title: 'rows of attempts by workload, by pod, or one by one',
    run: (commands) => commands.regroup(),
  },
  {
    id: 'pause',
    keys: ['space'],
    scopes: PANES,
    title: 'pause or resume following new attempts',
    hint: ({ focus, following }) => (focus === 'attempts' ? (following ? 'pause' : 'follow') : undefined),
    footer: 13,
    run: (commands) => commands.pause(),
  },
  {
    id: 'filter',
    keys: ['/'],
    scopes: PANES,
    title: 'filter the pane: regex, /!inverse, /-l labels, /-f fuzzy',
    hint: () => 'filter',
    footer: 15,
    run: (commands) => commands.openFilter(),
  },
  {
    id: 'command',
    keys: [':'],
    scopes: [...PANES, ...READ_SCOPES, 'charts'],
    title: 'run anything by its name: commands, actions, namespaces, contexts, pods, policies, pairs',
    hint: () => 'command',
    footer: 16,
    run: (commands) => commands.openCommand(),
  },
  ...PANES.map(
    (pane, index): Binding => ({
      id: `focus-${pane}`,
      keys: [String(index + 1)],
      scopes: PANES,
      title: `go to ${pane}`,
      run: (commands) => commands.focus(pane),
    }),
  ),
  {
    id: 'next-pane',
    keys: ['tab'],
    scopes: PANES,
    title: 'next pane',
    run: (commands) => commands.focusNext(1),
  },
  {
    id: 'previous-pane',
    keys: ['shift-tab'],
    scopes: PANES,
    title: 'previous pane',
    run: (commands) => commands.focusNext(-1),
  },
  {
    id: 'zoom',
    keys: ['z'],
    scopes: PANES,
    title: 'zoom the pane, or restore all four',
    run: (commands) => commands.zoom(),
  },
  {
    id: 'wide',
    keys: ['ctrl-w'],
    scopes: PANES,
    title: 'wide: all columns of the pane, whole, or those that fit',
    run: (commands) => commands.widen(),
  },
  sideways('sideways-left', 'left', 'to the columns at the left, in a wide pane', -1),
  sideways('sideways-right', 'right', 'to the columns at the right, in a wide pane', 1),
  {
    id: 'all-namespaces',
    keys: ['0'],
    scopes: PANES,
    title: 'show all namespaces',
    disabled: ({ cluster }) =>
      cluster.confinedTo === undefined
        ? undefined
        : `you can only read namespace ${cluster.confinedTo}: listing across namespaces is forbidden`,
    run: (commands) => commands.allNamespaces(),
  },
  {
    id: 'copy',
    keys: ['c'],
    scopes: [...PANES, 'explain', 'detail', 'messages', 'log'],
    title: 'copy the row, or the open text, to the clipboard (OSC 52)',
    onRow: true,
    run: (commands) => commands.copy(),
  },
  {
    id: 'copy-field',
    keys: ['F'],
    scopes: PANES,
    title: 'copy one field of the row: choose which',
    onRow: true,
    disabled: nothingUnderCursor,
    run: (commands) => commands.pickField(),
  },
  {
    id: 'columns',
    keys: ['C'],
    scopes: PANES,
    title: 'columns of the pane: choose which; the choice is kept',
    run: (commands) => commands.openColumns(),
  },
  {
    id: 'charts',
    keys: ['t'],
    scopes: PANES,
    title: 'traffic charts',
    run: (commands) => commands.openCharts(),
  },
  {
    id: 'messages',
    keys: ['m'],
    scopes: PANES,
    title: 'messages: every one so far',
    run: (commands) => commands.openMessages(),
  },
  {
    id: 'log',
    keys: ['@'],
    scopes: PANES,
    title: 'log: what was done to the cluster, as kubectl lines',
    run: (commands) => commands.openLog(),
  },
  {
    id: 'back',
    keys: ['esc'],
    scopes: PANES,
    title: 'go back one step: zoom, filter, drill, marks; never quits',
    hint: ({ trail }) => (trail.length > 0 ? 'back' : undefined),
    footer: 6,
    run: (commands) => commands.back(),
  },
  {
    id: 'history-back',
    keys: ['[', '-'],
    scopes: PANES,
    title: 'back to the view that was drilled from',
    disabled: ({ trail }) =>
      trail.length > 0 ? undefined : 'no view to go back to: a, p and o drill into a row',
    run: (commands) => commands.historyBack(),
  },
  {
    id: 'history-forward',
    keys: [']'],
    scopes: PANES,
    title: 'forward to the view that was left by going back',
    disabled: ({ ahead }) => (ahead.length > 0 ? undefined : 'no view to go forward to: [ goes back'),
    run: (commands) => commands.historyForward(),
  },
  {
    id: 'redraw',
    keys: ['ctrl-l'],
    scopes: [...PANES, ...READ_SCOPES, 'charts', 'columns'],
    title: 'redraw the screen',
    run: (commands) => commands.redraw(),
  },
  {
    id: 'login',
    keys: ['l'],
    scopes: [...PANES, ...READ_SCOPES, 'charts'],
    title: 'log in: the credential plug-in gets the terminal until it is done',
    hint: () => 'log in',
    footer: 0,
    when: ({ login }) => login !== undefined,
    run: (commands) => commands.login(),
  },
  {
    id: 'suspend',
    keys: ['ctrl-z'],
    scopes: [...PANES, ...READ_SCOPES, ...TEXT_SCOPES, 'charts', 'columns', 'revoke', 'quit'],
    title: 'back to the shell; fg returns',
    run: (commands) => commands.suspend(),
  },
  {
    id: 'help',
    keys: ['?'],
    scopes: [...PANES, ...READ_SCOPES.filter((scope) => scope !== 'help'), 'charts'],
    title: 'show the keys of this view',
    hint: () => 'help',
    footer: 17,
    run: (commands) => commands.openHelp(),
  },
  {
    id: 'quit',
    keys: ['q'],
    scopes: PANES,
    title: 'quit; asks first if grants are open',
    hint: () => 'quit',
    footer: 18,
    run: (commands) => commands.quit(),
  },
];

/** Half of the pane at once, so that nothing is passed over. */
function sideways(id: string, key: string, title: string, step: 1 | -1): Binding {
  return {
    id,
    keys: [key],
    scopes: PANES,
    title,
    ...(step === 1 ? { hint: () => 'more columns', footer: 7 } : {}),
    when: ({ panes, focus }) => panes[focus].wide !== undefined,
    run: (commands, { panes, focus }, { sideways: { max, page } }) => {
      const at = Math.min(max, panes[focus].wide ?? 0);
      const to = Math.min(max, Math.max(0, at + step * page));
      if (to !== at) commands.scrollSideways(to);
      else commands.remark(step === 1 ? 'this is the last column' : 'this is the first column');
    },
  };
}
