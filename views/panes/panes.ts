/* The panes: pods, policies, attempts, grants. */

export {
  attemptTable,
  grantTable,
  type Keyed,
  podTable,
  policyTable,
  type TableDefinition,
} from './definition.ts';
export { Pane } from './pane.tsx';
export { PANE_NAMES, paneState, rowCount } from './title.ts';
