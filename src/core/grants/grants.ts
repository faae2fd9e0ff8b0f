export { admissionChanges, specChanges } from './admission.ts';
export { type Announced, announcedOf, announcementFaults, formatAnnounced, setByOther } from './announced.ts';
export { surroundingsDrift } from './drift.ts';
export {
  type EndedBy,
  type Grant,
  type GrantHalf,
  type GrantObject,
  type GrantRequest,
  type GrantState,
  type GrantWindow,
  TOLD_BEFORE_END,
} from './grant.ts';
export {
  expiryMarks,
  isoSeconds,
  NOTE_LIMIT,
  ownedPolicy,
  withReason,
} from './grant-manifests.ts';
export { beganAt, isOverdue, noteFaults, troublesOf, troubleText } from './judge.ts';
export {
  clockSkew,
  foreignFinalizers,
  leaseDrift,
  leaseFaults,
  leaseOver,
  policyFaults,
  windowOf,
} from './lease.ts';
export { type Finding, findLeftovers, livesOf } from './leftovers.ts';
export { type Life, MAKING_WITHIN } from './life.ts';
export {
  type Broken,
  brokenBy,
  brokenByPlan,
  brokenLimit,
  brokenReason,
  needingApproval,
  tooLong,
} from './limits.ts';
export { cutCommand, cutWords, livingSummary, livingText } from './living.ts';
export { type Manager, managersOf } from './managers.ts';
export {
  formatPorts,
  GRANT_LABEL,
  grantId,
  type HalfPlace,
  MANAGED_BY,
  MANAGED_SELECTOR,
  MOST_LISTED,
  NOTE,
  OBJECT_NAME,
  objectName,
  PENDING_LABEL,
  type PortRun,
  portRuns,
} from './names.ts';
export { grantMarks } from './openers.ts';
export {
  approvalOf,
  approvalSeconds,
  asRequest,
  type FactedPlan,
  isPending,
  openingPatch,
  openSpec,
  type RequestTimes,
  withBreakGlass,
} from './pending.ts';
export { type Doubt, type GrantPlan, newlyIsolated, type PlannedHalf, toConfirm } from './plan.ts';
export {
  type Digest,
  namesPlan,
  type PlanDifference,
  planDifference,
  planFacts,
  planName,
} from './plan-facts.ts';
export { planGrant } from './plan-grant.ts';
export { type PathOutcome, type PromotedPath, type Promotion, promote } from './promote.ts';
export { leftOutText, type PlacedPolicy, policyFile, promotedText } from './promoted-text.ts';
export { addressRange, closedPairs, endTexts, isAmong, namespacesOf, pairKey } from './reach.ts';
export { type GrantObjects, readGrants } from './read-grant.ts';
export { WIDEST } from './sides.ts';
export { clusterTroubles, type Remaining, remainingOf, remainingText } from './standing.ts';
export { type Surroundings, surroundingsOf, touchedNamespaces } from './surroundings.ts';
export { type Unended, unendedGrants } from './unended.ts';
/* Grants: plans one within limits, builds its manifests and lease, reads it back, and detects drift. */
export { usageText } from './usage.ts';
export type { Approval, AskedPath, Waiting } from './waiting.ts';
