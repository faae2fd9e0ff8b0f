export { type Anchors, findAnchors } from './anchor.ts';
export { approve, refuse } from './answer-request.ts';
export { type Answer, awaitAnswer } from './await-answer.ts';
export { whyLeft } from './end-grant.ts';
export { extendGrant } from './extend-grant.ts';
export {
  findGrants,
  findObjects,
  findRequests,
  findStanding,
  grantsOf,
  jobRef,
  POLICIES,
  policyRef,
  requestsOf,
} from './find-grants.ts';
export { createKeeper, type GrantKeeper } from './keeper.ts';
export { isLiving, staysFor } from './kept-grant.ts';
export { cutLiving, findLivingAfter, type Living } from './living.ts';
export { dryRun, type GoodPlan, type GrantStep, type MadeGrant } from './make-grant.ts';
export { factsOf, makeRequest, opensAlone, type PlanGround, requestPlan } from './make-request.ts';
export { pathText } from './path.ts';
export { type GrantDeps, lazyAudit, recordRefusal } from './record.ts';
export { type EndLog, recordEnds } from './record-ends.ts';
export { mustBeFit, type RequestedHalf, type Review, reviewRequest } from './review-request.ts';
export { type Revoked, revokeFound, type Swept, sweepFound } from './revoke-found.ts';
export { untilAborted } from './wait.ts';
export { type SweepEvent, type SweepTimes, watchLeftovers } from './watch-leftovers.ts';
/* The life of a grant: created, proven open, kept, extended, ended, proven closed, recorded. */
