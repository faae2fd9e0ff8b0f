import { createHash } from 'node:crypto';
import { formatDuration, SluiceError } from '../../core/common/common.ts';
import {
  asRequest,
  type FactedPlan,
  type Grant,
  type GrantPlan,
  type GrantRequest,
  isoSeconds,
  planFacts,
} from '../../core/grants/grants.ts';
import type { Engine } from '../../core/policy/decide/decide.ts';
import {
  dryRun,
  type GoodPlan,
  type GrantStep,
  type MadeGrant,
  type Making,
  makeGrant,
} from './make-grant.ts';
import { approvalsOf, type GrantDeps } from './record.ts';

/** By what requests are planned, and planned again when they are approved: a runtime has both. */
export type PlanGround = {
  readonly engine: Engine;
  readonly plan: (request: GrantRequest, signal: AbortSignal) => Promise<GrantPlan>;
};

/** The facts of a plan as the cluster is now, and their hash (GRANT-31). */
export function factsOf(
  { engine }: Pick<PlanGround, 'engine'>,
  plan: GoodPlan,
  request: Pick<GrantRequest, 'source' | 'destination' | 'ports' | 'seconds'>,
): FactedPlan {
  const digest = (text: string) => createHash('sha256').update(text).digest('hex');
  return planFacts({ engine, digest }, plan, request);
}

/**
 * Asks for a grant that somebody else has to approve (GRANT-30): makes the objects of the grant as `makeGrant` does, with
 * policies that select nobody, and leases that end when nobody approved in time.
 *
 * @param plan what a grant would do, planned for a request whose `approval` is `asked`
 * @throws SluiceError, after everything was removed
 */
export async function makeRequest(
  deps: GrantDeps,
  ground: Pick<PlanGround, 'engine'>,
  plan: GoodPlan,
  request: GrantRequest,
  onStep: (step: GrantStep, grant: Grant) => void,
  signal: AbortSignal,
): Promise<MadeGrant> {
  const { asked, facts } = requestPlan(deps, ground, plan, request);
  const { grant, sent } = await makeGrant(deps, asked, request, onStep, signal, requestOf(request));
  const { source, destination, ports, seconds } = request;
  const waiting = { seconds, path: { source, destination, ports }, plan: facts.hash, facts: facts.facts };
  return { grant: { ...grant, waiting }, sent };
}

/** The plan of a grant as a request for it: the objects that are made, and the facts that name the plan. */
export function requestPlan(
  deps: GrantDeps,
  ground: Pick<PlanGround, 'engine'>,
  plan: GoodPlan,
  request: Pick<GrantRequest, 'source' | 'destination' | 'ports' | 'seconds'>,
): { readonly asked: GoodPlan; readonly facts: FactedPlan } {
  const pending = approvalsOf(deps).pendingSeconds;
  const { maxSeconds } = deps.limits;
  const requester = deps.identity.username;
  const facts = factsOf(ground, plan, request);
  return { asked: asRequest(plan, request, facts, { pending, maxSeconds, requester }), facts };
}

function requestOf({ seconds }: GrantRequest): Making {
  const asked = formatDuration(seconds);
  return {
    work: 'request',
    intent: `about to ask for ${asked}`,
    done: ({ window }) => ({
      type: 'requested',
      outcome: `asked for ${asked}; waits for approval until ${isoSeconds(window?.end ?? 0)}`,
      // Approved at the last moment, it is open this long.
      ...(window === undefined ? {} : { latest: { ...window, end: window.end + seconds * 1_000 } }),
    }),
    story: ({ requester, source, destination, reason }) => ({
      type: 'Normal',
      reason: 'Requested',
      message: `${requester} asks for ${source} to ${destination} for ${asked}: ${reason}`,
    }),
  };
}

/**
 * Whether the server would let whoever asks open the path alone, by a dry run of the open objects (GRANT-36): then approval
 * is a custom in this cluster, not a lock. Undefined if that can't be told, as by whoever may create nothing.
 */
export async function opensAlone(
  deps: GrantDeps,
  { halves }: GoodPlan,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  try {
    await dryRun(deps, halves, signal);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SluiceError)) throw error;
    return error.code === 'refused' ? false : undefined;
  }
}
