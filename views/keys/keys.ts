/* The table of key bindings, used by the footer, the help and the dispatch. */

export {
  type Actions,
  type Binding,
  PANES,
  READ_SCOPES,
  type Scope,
  type Sideways,
  scopeOf,
  TEXT_SCOPES,
  type ViewFacts,
} from './binding.ts';
export { bindingFor, bindingsOf } from './bindings.ts';
export { choosesDuration, GRANT_FORM } from './grant-form.ts';
export { unboundText } from './habits.ts';
export { hintLine } from './hints.ts';
export { keyLabel } from './label.ts';
export { MOVING } from './moving.ts';
export { SORTING } from './sorting.ts';
