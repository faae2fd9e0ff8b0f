import type { SessionState } from '../../src/session/state.ts';
import { type Actions, scopeOf, TEXT_SCOPES, type ViewFacts } from './binding.ts';
import { bindingFor } from './bindings.ts';
import type { Press } from './press.ts';

/**
 * Does what a key press means in this state: runs its binding, or says why it can't, or types its text. A key that
 * means nothing does nothing.
 */
export function dispatch(press: Press, state: SessionState, commands: Actions, facts: ViewFacts): void {
  const scope = scopeOf(state);
  const binding = bindingFor(press.name, scope, state);
  if (binding !== undefined) {
    const reason = binding.disabled?.(state);
    if (reason === undefined) binding.run(commands, state, facts);
    else commands.notify('warn', `${press.name}: ${reason}`);
    return;
  }
  if (press.text !== undefined && TEXT_SCOPES.includes(scope)) {
    commands.type({ type: 'insert', text: press.text });
  }
}
