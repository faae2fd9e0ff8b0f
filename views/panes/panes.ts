/* The panes: pods, policies, attempts, grants. */

export {
  attemptTable,
  grantLinesOf,
  grantTable,
  type Keyed,
  podTable,
  policyTable,
  type TableDefinition,
} from './definition.ts';
export { Pane } from './pane.tsx';
export { pathFoot, pathText } from './path-lines.ts';
export { PathPane } from './path-pane.tsx';
export { crumbSpans, PANE_NAMES, paneState, rowCount } from './title.ts';
