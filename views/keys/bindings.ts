import type { SessionState } from '../../src/session/session.ts';
import { ACTIONS } from './acting.ts';
import type { Binding, Scope } from './binding.ts';
import { CHOOSING_COLUMNS } from './choosing-columns.ts';
import { EDITING } from './editing.ts';
import { GRANT_FORM } from './grant-form.ts';
import { MOVING } from './moving.ts';
import { OVERLAYS } from './overlays.ts';
import { SEARCHING } from './searching.ts';
import { SORTING } from './sorting.ts';
import { VIEWING } from './viewing.ts';

/**
 * Every key of the app. If two bindings of a scope share a key, the first whose `when` holds wins: a page key of a list
 * comes before the cursor key of its text field.
 */
export const BINDINGS: readonly Binding[] = [
  ...ACTIONS,
  ...VIEWING,
  ...GRANT_FORM,
  ...OVERLAYS,
  ...CHOOSING_COLUMNS,
  ...SEARCHING,
  ...MOVING,
  ...SORTING,
  ...EDITING,
];

/** The current binding of a key in a scope. */
export function bindingFor(name: string, scope: Scope, state: SessionState): Binding | undefined {
  return BINDINGS.find(
    ({ keys, scopes, when }) => keys.includes(name) && scopes.includes(scope) && (when?.(state) ?? true),
  );
}

/** The current bindings of a scope. */
export function bindingsOf(scope: Scope, state: SessionState): readonly Binding[] {
  return BINDINGS.filter(({ scopes, when }) => scopes.includes(scope) && (when?.(state) ?? true));
}
