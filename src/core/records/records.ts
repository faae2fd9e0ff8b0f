/* What records of the audit log say: which grants they follow, how they read elsewhere, where checkpoints are kept. */

export { followGrants, type LifeCycle, type Unfinished } from './life-cycle.ts';
