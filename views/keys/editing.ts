import type { TextEdit } from '../../src/session/session.ts';
import { type Binding, TEXT_SCOPES } from './binding.ts';

/** Editing the text of an overlay, with readline's keys. */
export const EDITING: readonly Binding[] = [
  edits('left', ['left', 'ctrl-b'], 'one character left', { type: 'left' }),
  edits('right', ['right', 'ctrl-f'], 'one character right', { type: 'right' }),
  edits('home', ['home', 'ctrl-a'], 'start of the text', { type: 'home' }),
  edits('end', ['end', 'ctrl-e'], 'end of the text', { type: 'end' }),
  edits('backspace', ['backspace', 'ctrl-h'], 'delete the character before the cursor', {
    type: 'backspace',
  }),
  edits('delete', ['delete', 'ctrl-d'], 'delete the character under the cursor', { type: 'delete' }),
  edits('delete-word', ['ctrl-w', 'alt-backspace'], 'delete the word before the cursor', {
    type: 'delete-word',
  }),
  edits('clear', ['ctrl-u'], 'clear the text', { type: 'clear' }),
];

function edits(id: string, keys: readonly string[], title: string, change: TextEdit): Binding {
  return { id: `edit-${id}`, keys, scopes: TEXT_SCOPES, title, run: (commands) => commands.type(change) };
}
