/* The panes: pods, policies, attempts, grants. */

export {
  attemptTable,
  grantLinesOf,
  grantTable,
  type Keyed,
  podTable,
  policyTable,
  serviceTable,
  type TableDefinition,
  workloadTable,
} from './definition.ts';
export { Pane } from './pane.tsx';
export { pathFoot, pathText } from './path-lines.ts';
export { PathPane } from './path-pane.tsx';
export { crumbSpans, dropsIn, paneName, paneState, rowCount, waySpans } from './title.ts';
