import type { SessionState } from '../../src/session/state.ts';
import type { Binding, Scope } from './binding.ts';
import { ACTIONS } from './table/acting.ts';
import { EDITING } from './table/editing.ts';
import { GRANT_FORM } from './table/grant-form.ts';
import { MOVING } from './table/moving.ts';
import { OVERLAYS } from './table/overlays.ts';
import { SORTING } from './table/sorting.ts';
import { VIEWING } from './table/viewing.ts';

/**
 * Every key of the app. Where two bindings of a scope share a key, the first whose `when` holds has it: a page key of
 * a list comes before the cursor key of its text field.
 */
export const BINDINGS: readonly Binding[] = [
  ...ACTIONS,
  ...VIEWING,
  ...GRANT_FORM,
  ...OVERLAYS,
  ...MOVING,
  ...SORTING,
  ...EDITING,
];

/** The binding that a key has in a scope now. */
export function bindingFor(name: string, scope: Scope, state: SessionState): Binding | undefined {
  return BINDINGS.find(
    ({ keys, scopes, when }) => keys.includes(name) && scopes.includes(scope) && (when?.(state) ?? true),
  );
}

/** The bindings of a scope that exist now. */
export function bindingsOf(scope: Scope, state: SessionState): readonly Binding[] {
  return BINDINGS.filter(({ scopes, when }) => scopes.includes(scope) && (when?.(state) ?? true));
}
