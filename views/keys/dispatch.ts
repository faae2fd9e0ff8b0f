import type { SessionState } from '../../src/session/state.ts';
import { type Actions, scopeOf, TEXT_SCOPES, type ViewFacts } from './binding.ts';
import { bindingFor } from './bindings.ts';
import type { Press } from './press.ts';

/**
 * Does what a key press means in the state: runs its binding, or says why it can't, or types its text. A key that
 * means nothing does nothing. One that acts on a row puts the cursor on the row that the screen shows under it first:
 * in the state another may have taken its place.
 */
export function dispatch(press: Press, look: () => SessionState, commands: Actions, facts: ViewFacts): void {
  const state = look();
  const scope = scopeOf(state);
  const binding = bindingFor(press.name, scope, state);
  if (binding !== undefined) {
    const row = binding.onRow === true && scope === state.focus ? facts.rowAt(0) : undefined;
    if (row !== undefined && !commands.moveTo(row)) {
      commands.notify('warn', `${press.name}: the row under the cursor has just gone.`, GONE_HINT);
      return;
    }
    const reason = binding.disabled?.(look());
    if (reason === undefined) binding.run(commands, look(), facts);
    else commands.notify('warn', `${press.name}: ${reason}`);
    return;
  }
  if (press.text !== undefined && TEXT_SCOPES.includes(scope)) {
    commands.type({ type: 'insert', text: press.text });
  }
}

const GONE_HINT = 'Look at the one in its place, then press again.';
