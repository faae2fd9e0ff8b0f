import type { ApiObject } from '../cluster/cluster.ts';
import { formatDuration } from '../common/common.ts';
import type { Grant, GrantHalf } from './grant.ts';
import { isOverdue, LATE, NO_LEASE, overdueTexts, troublesOf, troubleText } from './judge.ts';
import { bondFaults, endlessFaults, finalizerFaults, leaseOver, leaseOverSince, windowOf } from './lease.ts';
import { declaredHalves, type GrantObjects, policyKeyOf } from './read-grant.ts';

/**
 * How long a lease may stand without a policy because its grant is still being made, ms (GRANT-21): twice the 30 s for a
 * lease to start and seven calls of 20 s, then 12 s to take it back; and room for calls that are tried again.
 */
export const MAKING_WITHIN = 300_000;

/**
 * Where a grant is in its life: `requested`, waiting for somebody's approval, and open to nobody (GRANT-30); `making`, leases that may get their policies; `applied`, in force as it was granted, and
 * the cluster ends it; `drifted`, in force and ended by the cluster, but not as it was granted; `ending`, over, and the
 * cluster is removing it; `leftover`, nothing in the cluster ends it in time. One that has ended has no objects.
 */
export type Life = {
  readonly stage: 'requested' | 'making' | 'applied' | 'drifted' | 'ending' | 'leftover';
  /** What it is judged by; nothing for a grant that is applied or requested. */
  readonly why: readonly string[];
};

/** A half has both of its objects, or one of them, and each may be seen. */
type Half = { readonly half: GrantHalf; readonly policy?: ApiObject; readonly lease?: ApiObject };

/**
 * Where a grant is in its life, from its objects on the server and the server's time alone, so that every process tells the
 * same (GRANT-60).
 *
 * @param now server time, ms: where it is uncertain, the earliest that it may be
 */
export function lifeOf(grant: Grant, found: GrantObjects, now: number): Life {
  const halves = grant.halves.map((half) => withObjects(half, found));
  const young = halves.flatMap(({ policy, lease }) =>
    policy === undefined && lease !== undefined && isMaking(lease, now) ? [lease] : [],
  );
  // A policy past its window, or whose lease is gone, is of no grant in the making, though that of the other half is new.
  const isPast = halves.some(
    ({ policy, lease }) =>
      policy !== undefined && (isOverdue(grant, now) || (lease === undefined && !isUnread(policy, found))),
  );
  if (young.length > 0 && !isPast) return { stage: 'making', why: young.map(makingText) };
  const left = [
    ...overdueTexts(grant, now),
    ...halves.flatMap(({ policy, lease }) =>
      policy === undefined ? loneFaults(lease, now) : policyFaults(policy, lease, found, now),
    ),
    ...endedHalves(grant, halves, found),
  ];
  if (left.length > 0) return { stage: 'leftover', why: left };
  const troubles = troublesOf(grant, now);
  if (troubles.length > (grant.unseen ?? []).length) return { stage: 'drifted', why: troubles };
  const ending = halves.flatMap(({ policy, lease }) => endingTexts(policy, lease, now));
  if (ending.length > 0) return { stage: 'ending', why: ending };
  return { stage: grant.waiting === undefined ? 'applied' : 'requested', why: [] };
}

/** What shows that the cluster is about to remove a half. */
function endingTexts(
  policy: ApiObject | undefined,
  lease: ApiObject | undefined,
  now: number,
): readonly string[] {
  if (policy?.metadata.deletionTimestamp !== undefined) return [troubleText(policy, 'it is being deleted')];
  if (lease === undefined) return [];
  const window = windowOf(lease);
  const isOver = window !== undefined && now >= window.end;
  const over = leaseOver(lease) ?? (isOver ? 'its window is over' : undefined);
  return over === undefined ? [] : [troubleText(lease, over)];
}

function withObjects(half: GrantHalf, { policies, jobs }: GrantObjects): Half {
  const isIt = ({ metadata }: ApiObject) =>
    metadata.namespace === half.namespace && metadata.name === (half.policy ?? half.lease)?.name;
  const [policy, lease] = [policies.find(isIt), jobs.find(isIt)];
  return { half, ...(policy === undefined ? {} : { policy }), ...(lease === undefined ? {} : { lease }) };
}

/** By the times of the server alone: the creation that it stamped, and `now`. One that is over carries no grant any more. */
function isMaking(lease: ApiObject, now: number): boolean {
  const created = Date.parse(lease.metadata.creationTimestamp ?? '');
  return leaseOver(lease) === undefined && now - created <= MAKING_WITHIN;
}

function makingText(lease: ApiObject): string {
  const within = formatDuration(MAKING_WITHIN / 1_000);
  return troubleText(lease, `it has no policy, and its grant may be in the making for ${within}`);
}

/** Why nothing ends a policy in time; the marks and the spec of it are no such reason. */
function policyFaults(
  policy: ApiObject,
  lease: ApiObject | undefined,
  found: GrantObjects,
  now: number,
): readonly string[] {
  if (lease !== undefined) {
    const over = overText(lease, now);
    return [
      ...bondFaults(policy, lease).map((fault) => troubleText(policy, fault)),
      ...[
        ...endlessFaults(lease),
        ...(over === undefined ? [] : [`${over}, and its policy is still there`]),
      ].map((fault) => troubleText(lease, fault)),
    ];
  }
  if (isUnread(policy, found)) return [];
  return [NO_LEASE, ...strayBonds(policy)].map((fault) => troubleText(policy, fault));
}

/** Whether the lease of a policy may be there all the same. */
function isUnread({ metadata: { namespace, name } }: ApiObject, { unread }: GrantObjects): boolean {
  return unread.has(`Job/${namespace}/${name}`);
}

/** What keeps a policy whose lease is gone. */
function strayBonds({ metadata }: ApiObject): readonly string[] {
  const { ownerReferences = [], finalizers = [] } = metadata;
  const owners = ownerReferences.map(({ apiVersion, kind, name }) => `${apiVersion} ${kind} ${name}`);
  return [
    owners.length === 0 ? 'it has no owner' : `it is owned by ${owners.join(' and ')}`,
    ...(finalizers.length === 0 ? [] : [`the finalizer ${finalizers.join(', ')} keeps it in force`]),
  ];
}

/** Why a lease without a policy is left; empty while it is only just over. */
function loneFaults(lease: ApiObject | undefined, now: number): readonly string[] {
  if (lease === undefined) return [];
  const over = overText(lease, now);
  if (over === undefined && leaseOver(lease) !== undefined) return [];
  const what = over === undefined ? 'it has no policy' : `${over}, and still there without a policy`;
  return [what, ...endlessFaults(lease), ...finalizerFaults(lease)].map((fault) => troubleText(lease, fault));
}

/** Since a moment ago, the cluster may be about to remove it. */
function overText(lease: ApiObject, now: number): string | undefined {
  return now - (leaseOverSince(lease) ?? now) > LATE ? leaseOver(lease) : undefined;
}

/**
 * Halves that are gone while another one stands, which then opens no path. Each object has to tell of them: one that was
 * edited is a mark, and decides nothing (GRANT-10).
 */
function endedHalves(
  { id, halves: seen }: Grant,
  halves: readonly Half[],
  { gone }: GrantObjects,
): readonly string[] {
  const objects = halves.flatMap(({ policy, lease }) => [policy, lease]).filter((one) => one !== undefined);
  return declaredHalves(objects)
    .filter((place) => gone.has(policyKeyOf(id, place)))
    .filter(({ direction, namespace }) =>
      objects.every((object) =>
        declaredHalves([object]).some((one) => one.direction === direction && one.namespace === namespace),
      ),
    )
    .filter((place) => !seen.some((half) => policyKeyOf(id, half) === policyKeyOf(id, place)))
    .map(
      ({ direction, namespace }) =>
        `its ${direction} half in ${namespace} is gone, and it opens no path alone`,
    );
}
