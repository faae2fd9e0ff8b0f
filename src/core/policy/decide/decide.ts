export type { Conflict, HalfDecision, OpenQuestion, PathDecision, Settled, Step } from './decision.ts';
export { createEngine, type Engine, engineLike } from './engine.ts';
export { foreignDoubt, foreignOn } from './foreign.ts';
export { withOwnNode } from './half.ts';
export { decisionOfJudgement, isIsolated, judge } from './judge.ts';
export { createPolicyIndex, type PolicyIndex, withChange } from './policy-index.ts';
export { type AppliedPolicy, appliedBy, type Stack, stackOf } from './stack.ts';
/* The engine: may A reach B on this port? It answers with data; `explain` adds the words. */
