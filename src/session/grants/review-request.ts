import type { ApiObject } from '../../core/cluster/cluster.ts';
import { SluiceError } from '../../core/common/common.ts';
import {
  type Grant,
  type GrantRequest,
  type HalfPlace,
  NOTE,
  openSpec,
  type PlanDifference,
  planDifference,
  specChanges,
  troublesOf,
} from '../../core/grants/grants.ts';
import { jobRef, policyRef, requestsOf } from './find-grants.ts';
import type { GoodPlan } from './make-grant.ts';
import { factsOf, type PlanGround } from './make-request.ts';
import type { GrantDeps } from './record.ts';

/** The objects of one half of a request, as they are on the server now. */
export type RequestedHalf = HalfPlace & { readonly lease: ApiObject; readonly policy: ApiObject };

/** A request compared with the cluster as it is now (GRANT-31). */
export type Review = {
  /** As it is on the server now. */
  readonly request: Grant;
  readonly asked: GrantRequest;
  readonly halves: readonly RequestedHalf[];
  /** What a grant of it would do now; `refusal` if there would be none, as where the path is open already. */
  readonly plan: GoodPlan | undefined;
  readonly refusal?: { readonly message: string; readonly hint: string };
  /** The facts of that plan, and the hash by which it is approved; empty without a plan. */
  readonly facts: readonly string[];
  readonly hash: string;
  /** How that plan differs from the one of the request; undefined if the request does not have its facts. */
  readonly difference: PlanDifference | undefined;
  /** Whether it is the plan of the request. */
  readonly isSame: boolean;
  /** What is wrong with the objects: with any, nothing is approved. */
  readonly troubles: readonly string[];
};

/**
 * Plans a request again, from the cluster as it is now and by the code that plans grants, and compares. Reads its objects
 * anew. Writes nothing.
 *
 * @throws SluiceError `not-found` if it waits no more; `refused` if it can't be planned again; `forbidden`
 */
export async function reviewRequest(
  { api }: Pick<GrantDeps, 'api'>,
  ground: PlanGround,
  found: Grant,
  signal: AbortSignal,
): Promise<Review> {
  const halves = await Promise.all(
    found.halves.map(({ direction, namespace, lease, policy }) =>
      readHalf(api, found.id, { direction, namespace }, lease?.name ?? policy?.name ?? '', signal),
    ),
  );
  const objects = {
    policies: halves.map(({ policy }) => policy),
    jobs: halves.map(({ lease }) => lease),
    unread: new Map<string, string>(),
    gone: new Set<string>(),
  };
  const [request] = requestsOf(objects);
  const waiting = request?.waiting;
  if (request === undefined || waiting === undefined) throw goneError(found.id);
  if (waiting.path === undefined || waiting.seconds === undefined) {
    throw new SluiceError(
      'refused',
      `The marks of request ${found.id} can't be read, so that it can't be planned again.`,
      `Refuse it with sluice refuse ${found.id}, and let ${request.requester} ask again.`,
    );
  }
  const asked: GrantRequest = {
    ...waiting.path,
    seconds: waiting.seconds,
    reason: request.reason,
    ...(request.ticket === undefined ? {} : { ticket: request.ticket }),
    approval: { type: 'asked' },
  };
  const plan = await ground.plan(asked, signal);
  const troubles = [
    ...troublesOf(request, api.clock.now()),
    ...(found.unseen ?? []).map(
      ({ direction, namespace, why }) => `its ${direction} half in ${namespace} is out of view: ${why}`,
    ),
    ...(plan.ok ? draftFaults(plan, halves) : []),
  ];
  const head = { request, asked, halves, troubles };
  if (!plan.ok) {
    const { message, hint } = plan;
    return {
      ...head,
      plan: undefined,
      refusal: { message, hint },
      facts: [],
      hash: '',
      difference: undefined,
      isSame: false,
    };
  }
  const { facts, hash } = factsOf(ground, plan, asked);
  const isSame = hash === waiting.plan;
  const difference = waiting.facts === undefined ? undefined : planDifference(waiting.facts, facts);
  return { ...head, plan, facts, hash, difference, isSame };
}

/**
 * Holds a request to what can be approved at all, whoever does it.
 *
 * @throws SluiceError `refused`
 */
export function mustBeFit({ request, refusal, troubles }: Review): void {
  if (refusal !== undefined) throw new SluiceError('refused', refusal.message, refusal.hint);
  if (troubles.length === 0) return;
  throw new SluiceError(
    'refused',
    `Request ${request.id} is not as it would be made now: ${troubles.join('; ')}.`,
    `Let ${request.requester} request again; sluice refuse ${request.id} removes this one.`,
  );
}

async function readHalf(
  api: GrantDeps['api'],
  id: string,
  place: HalfPlace,
  name: string,
  signal: AbortSignal,
): Promise<RequestedHalf> {
  const [lease, policy] = await Promise.all([
    api.read(jobRef(place.namespace, name), signal),
    api.read(policyRef(place.namespace, name), signal),
  ]);
  if (lease === undefined || policy === undefined) throw goneError(id);
  return { ...place, lease, policy };
}

function goneError(id: string): SluiceError {
  return new SluiceError(
    'not-found',
    `Request ${id} waits no more: it was answered, withdrawn or ran out.`,
    'List what waits with sluice requests -A.',
  );
}

/** How what waits differs from what would be made now: then it is no plan of sluice that would be approved. */
function draftFaults({ halves: drafts }: GoodPlan, halves: readonly RequestedHalf[]): readonly string[] {
  const other = (one: HalfPlace, among: readonly HalfPlace[]) =>
    !among.some(({ direction, namespace }) => direction === one.direction && namespace === one.namespace);
  return [
    ...drafts
      .filter((draft) => other(draft, halves))
      .map(
        ({ direction, namespace }) =>
          `an ${direction} policy in ${namespace} is needed by now, and was not asked for`,
      ),
    ...halves
      .filter((half) => other(half, drafts))
      .map(({ direction, namespace }) => `its ${direction} policy in ${namespace} is not needed any more`),
    ...halves.flatMap((half) => {
      const { direction, namespace, policy } = half;
      const draft = drafts.find((one) => !other(one, [half]));
      if (draft === undefined) return [];
      // Admission policies search the copy for the namespace of the other end, so that it has to be sluice's own text.
      const copyOf = ({ metadata }: ApiObject) => metadata.annotations?.[NOTE.policy];
      if (copyOf(half.lease) !== copyOf(draft.lease))
        return [`the copy of its ${direction} policy in ${namespace} is not as it would be written now`];
      const changes = [
        ...specChanges(draft.policy.spec, openSpec(policy.spec)),
        ...specChanges(openSpec(policy.spec), draft.policy.spec),
      ];
      return changes.length === 0
        ? []
        : [`its ${direction} policy in ${namespace} is not what would be made now: ${changes[0]}`];
    }),
  ];
}
