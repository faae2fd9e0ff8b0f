import type { SessionState } from '../../src/session/session.ts';
import { type Binding, READ_SCOPES, type Scope } from './binding.ts';

const CLOSED_BY_ESC: readonly Scope[] = [
  ...READ_SCOPES,
  'charts',
  'grant',
  'extend',
  'revoke',
  'pick',
  'command',
  'filter',
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
    id: 'submit-revoke',
    keys: ['enter'],
    scopes: ['revoke'],
    title: 'revoke',
    hint: () => 'revoke',
    footer: 1,
    run: (commands) => commands.confirm(),
  },
  {
    id: 'submit',
    keys: ['enter'],
    scopes: ['pick', 'command', 'filter'],
    title: 'choose, run or apply',
    hint: submitHint,
    footer: 1,
    run: (commands) => commands.confirm(),
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
    title: 'complete the command',
    hint: () => 'complete',
    footer: 2,
    run: (commands) => commands.complete(),
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
    scopes: [...READ_SCOPES, 'charts'],
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
  if (overlay.type === 'pick') return 'choose';
  return overlay.type === 'command' ? 'run' : 'apply';
}

function isEnding({ overlay }: SessionState): string | undefined {
  return overlay.type === 'quit' && overlay.busy !== undefined
    ? `already in progress: ${overlay.busy}`
    : undefined;
}
