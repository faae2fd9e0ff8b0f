import type { PathDecision } from '../decide/decision.ts';
import type { Engine } from '../decide/engine.ts';
import type { Verdict } from '../model/verdict.ts';
import { assumptionTexts, unreadKinds } from './assumptions.ts';
import { explainHalf } from './half.ts';

/**
 * A decision in words: who decides each half and by which rule, what nearly matched and the smallest edit that would
 * open it, what no policy can open, and what the verdict rests on. For a decision of the engine as it is now.
 */
export function explain(engine: Engine, decision: PathDecision): Verdict {
  const incomplete = unreadKinds(engine);
  return {
    verdict: decision.verdict,
    egress: explainHalf(engine.world, decision.egress),
    ingress: explainHalf(engine.world, decision.ingress),
    assumptions: assumptionTexts(engine, decision, incomplete),
    ...(incomplete.length === 0 ? {} : { incomplete }),
  };
}
