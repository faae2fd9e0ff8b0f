export { judgedOn, type SeenPath, seenEnd, seenPath, seenPort } from './seen-path.ts';
/* The rows of the panes: built from the model and the attempts, sorted, filtered and kept up to date. */

export { createAttemptLines, createJudgedLines, decidersInFlows, lineOfFlows } from './attempt-lines.ts';
export { createClusterRows } from './cluster-rows.ts';
export { createConcerns, createEpochs } from './concerns.ts';
export { createObjectRows } from './object-rows.ts';
export { rowPath } from './row-path.ts';
export { barsOf, type TrafficBar, type TrafficBars, trafficBars } from './traffic-bars.ts';
export { createVisibleRows, filterProblem, fuzzyFilter, patternOf } from './visible-rows.ts';
