import type { SessionState } from '../../src/session/session.ts';
import { keyLabel } from './label.ts';

/** Keys of k9s, lazygit and vi that do nothing in all panes or some, and what does it instead. */
export const HABITS: Readonly<Record<string, string>> = {
  'ctrl-d': 'sluice deletes nothing of the cluster; x revokes a grant, ctrl-f is a page down',
  'ctrl-k': 'sluice kills nothing; x revokes a grant',
  'ctrl-u': 'ctrl-b is a page up',
  'ctrl-r': 'rows are always current; ctrl-l redraws the screen',
  'ctrl-s': 'nothing to save here; c copies, Y shows the policy for Git',
  l: 'no logs here; enter describes the row, a shows its connection attempts',
  f: 'no port-forward here; g opens a path in the cluster, / filters',
  r: 'rows are always current; x revokes a grant',
  i: 'nothing to insert here; g opens the grant form, : runs a command',
  u: 'nothing to undo but a grant: x revokes it',
  h: 'shift-tab goes to another pane; on a grant (4) h tells its history',
  w: 'on a pod (1) w tells who could reach it',
  p: 'these are policies; a shows what one decided, o the pods that it selects',
  v: 'e explains the row, y shows its YAML',
  n: '/ filters here; n and N go through matches in an open text',
  E: 'sluice edits nothing; Y shows the policy for Git',
  Z: ':q quits',
  'ctrl-g': 'esc goes back',
  'ctrl-n': 'j is one row down',
  'ctrl-p': 'k is one row up',
  '5': 'there are four panes: 1 to 4',
  delete: 'sluice deletes nothing of the cluster; x revokes a grant',
  backspace: 'esc goes back',
  left: 'tab goes to another pane',
  right: 'tab goes to another pane',
};

/** In an open text, where the panes' hints would mislead. */
const IN_TEXTS: Readonly<Record<string, string>> = {
  'ctrl-d': 'ctrl-f is a page down',
  'ctrl-u': 'ctrl-b is a page up',
  g: 'Home goes to the top, G to the bottom',
  enter: 'esc goes back',
};

/** What does here what an unbound key does elsewhere; else where keys are listed. */
export function unboundText(name: string, state: SessionState): string {
  const inPane = state.overlay.type === 'none';
  const habit = inPane ? HABITS[name] : IN_TEXTS[name];
  if (habit !== undefined) return `${keyLabel(name)}: ${habit}`;
  const which = name === 'unknown' ? 'that key does nothing here' : `no key ${keyLabel(name)} here`;
  return `${which}; ${inPane ? '? lists keys' : 'esc goes back'}`;
}
