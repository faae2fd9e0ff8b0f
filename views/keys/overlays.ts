import { pickItems, type SessionState } from '../../src/session/session.ts';
import { type Binding, READ_SCOPES, type Scope } from './binding.ts';

const CLOSED_BY_ESC: readonly Scope[] = [
  ...READ_SCOPES,
  'charts',
  'grant',
  'extend',
  'refuse',
  'revoke',
  'pick',
  'columns',
  'command',
  'filter',
  'search',
];

/** Keys of the overlays, except for editing text and scrolling. */
export const OVERLAYS: readonly Binding[] = [
  {
    id: 'submit-extend',
    keys: ['enter'],
    scopes: ['extend'],
    title: 'extend the grant',
    hint: () => 'extend',
    footer: 1,
    run: (commands) => commands.confirm(),
  },
  {
    id: 'submit-review',
    keys: ['enter'],
    scopes: ['review'],
    title: 'approve what is shown',
    hint: () => 'approve',
    footer: 1,
    dark: true,
    disabled: ({ overlay }) => (overlay.type === 'review' ? overlay.cannot : undefined),
    run: (commands) => commands.confirm(),
  },
  {
    id: 'submit-refuse',
    keys: ['enter'],
    scopes: ['refuse'],
    title: 'refuse the request',
    hint: () => 'refuse',
    footer: 1,
    run: (commands) => commands.confirm(),
  },
  {
    id: 'submit-revoke',
    keys: ['enter'],
    scopes: ['revoke'],
    title: 'revoke',
    hint: () => 'revoke',
    footer: 1,
    run: (commands) => commands.confirm(),
  },
  {
    id: 'submit-field',
    keys: ['enter'],
    scopes: ['pick'],
    title: 'copy the field',
    hint: () => 'copy',
    footer: 1,
    when: ({ overlay }) => overlay.type === 'pick' && overlay.what === 'field',
    run: (commands, { overlay }) => {
      if (overlay.type !== 'pick') return;
      const chosen = pickItems(overlay.items, overlay.filter.text)[overlay.index];
      const field = overlay.fields?.[overlay.items.indexOf(chosen ?? '')];
      commands.back();
      if (field !== undefined) commands.copy(field);
    },
  },
  {
    id: 'submit',
    keys: ['enter'],
    scopes: ['pick', 'filter'],
    title: 'choose or apply',
    hint: submitHint,
    footer: 1,
    when: ({ overlay }) => overlay.type !== 'pick' || overlay.what !== 'field',
    run: (commands) => commands.confirm(),
  },
  {
    id: 'run-command',
    keys: ['enter'],
    scopes: ['command'],
    title: 'run the chosen item, or the typed command',
    hint: () => 'run',
    footer: 1,
    run: (commands) => commands.runChosen(),
  },
  {
    id: 'show-bar',
    keys: ['enter'],
    scopes: ['charts'],
    title: 'show the attempts of the bar',
    hint: () => 'show its attempts',
    footer: 1,
    run: (commands) => commands.confirm(),
  },
  {
    id: 'complete',
    keys: ['tab'],
    scopes: ['command'],
    title: 'complete the command, or choose the next item',
    hint: () => 'complete',
    footer: 2,
    run: (commands) => commands.completeChosen(),
  },
  {
    id: 'choose-next',
    keys: ['down', 'ctrl-n'],
    scopes: ['command'],
    title: 'one item down',
    hint: () => 'choose',
    footer: 3,
    run: (commands) => commands.chooseNext(1),
  },
  {
    id: 'choose-previous',
    keys: ['up', 'ctrl-p', 'shift-tab'],
    scopes: ['command'],
    title: 'one item up',
    run: (commands) => commands.chooseNext(-1),
  },
  {
    id: 'quit-revoke',
    keys: ['r', 'enter'],
    scopes: ['quit'],
    title: 'revoke all grants, then quit or switch',
    disabled: isEnding,
    run: (commands) => commands.quitWith('revoke'),
  },
  {
    id: 'quit-keep',
    keys: ['k'],
    scopes: ['quit'],
    title: 'quit or switch; the leases end the grants',
    disabled: isEnding,
    run: (commands) => commands.quitWith('keep'),
  },
  {
    id: 'quit-stay',
    keys: ['esc', 'q'],
    scopes: ['quit'],
    title: 'cancel',
    disabled: isEnding,
    run: (commands) => commands.back(),
  },
  {
    id: 'explain-grant',
    keys: ['g'],
    scopes: ['explain'],
    title: 'grant this path temporarily',
    hint: () => 'grant',
    footer: 1,
    run: (commands) => commands.openGrant(),
  },
  {
    id: 'log-manifests',
    keys: ['y'],
    scopes: ['log'],
    title: 'show or hide the manifests',
    hint: () => 'manifests',
    footer: 1,
    run: (commands) => commands.toggleManifests(),
  },
  {
    id: 'close',
    keys: ['esc'],
    scopes: CLOSED_BY_ESC,
    title: 'back',
    hint: () => 'back',
    footer: 20,
    run: (commands) => commands.back(),
  },
  {
    id: 'close-by-q',
    keys: ['q'],
    scopes: [...READ_SCOPES, 'charts', 'columns'],
    title: 'back',
    run: (commands) => commands.back(),
  },
  {
    id: 'close-help',
    keys: ['?'],
    scopes: ['help'],
    title: 'back',
    run: (commands) => commands.back(),
  },
  {
    id: 'close-charts',
    keys: ['t'],
    scopes: ['charts'],
    title: 'back',
    run: (commands) => commands.back(),
  },
];

function submitHint({ overlay }: SessionState): string {
  return overlay.type === 'pick' ? 'choose' : 'apply';
}

function isEnding({ overlay }: SessionState): string | undefined {
  return overlay.type === 'quit' && overlay.busy !== undefined
    ? `already in progress: ${overlay.busy}`
    : undefined;
}
