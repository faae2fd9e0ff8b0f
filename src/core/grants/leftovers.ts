import type { ApiObject } from '../cluster/cluster.ts';
import { formatDuration, listAt } from '../common/common.ts';
import type { Grant, GrantHalf } from './grant.ts';
import { neverRuns } from './grant-manifests.ts';
import { LATE, NO_LEASE, overdueTexts, troublesOf, troubleText } from './judge.ts';
import { bondFaults, endlessFaults, finalizerFaults, leaseOver, leaseOverSince } from './lease.ts';
import { NOTE } from './names.ts';
import {
  declaredHalves,
  type GrantObjects,
  grantOf,
  isNameOf,
  policyKeyOf,
  readGrants,
} from './read-grant.ts';

/**
 * How long a lease may stand without a policy because its grant is still being made, ms (GRANT-21): twice the 30 s for a
 * lease to start and seven calls of 20 s, then 12 s to take it back; and room for calls that are tried again.
 */
export const MAKING_WITHIN = 300_000;

/**
 * What `sweep` finds: `leftover`, a grant that nothing in the cluster ends any more; `making`, one that may be in the
 * making; `drifted`, one that lives and will end, but not as it was granted; `foreign`, an object with sluice's label that
 * sluice did not make.
 */
export type Finding = {
  readonly state: 'leftover' | 'making' | 'drifted' | 'foreign';
  /** The id of the grant; `Kind/namespace/name` of a foreign object. */
  readonly name: string;
  /** A foreign object stands as the half of a grant without marks. */
  readonly grant: Grant;
  readonly why: readonly string[];
};

/**
 * Judges everything with sluice's labels (GRANT-21, GRANT-22). Grants that are sound, and those about which nothing but an
 * unseen half is to be told, are left out.
 *
 * @param now server time, ms: where it is uncertain, the earliest that it may be
 */
export function findLeftovers(found: GrantObjects, now: number): readonly Finding[] {
  const jobs = found.jobs.filter((job) => leaseStrangeness(job) === undefined);
  const policies = found.policies.filter((policy) => policyStrangeness(policy, jobs) === undefined);
  const own = { ...found, policies, jobs };
  const findings = readGrants(policies, jobs, found.unread, found.gone).flatMap(
    (grant) => judge(grant, own, now) ?? [],
  );
  const foreign = [
    ...found.policies.map((policy) => ({ object: policy, why: policyStrangeness(policy, jobs) })),
    ...found.jobs.map((job) => ({ object: job, why: leaseStrangeness(job) })),
  ].flatMap(({ object, why }) => (why === undefined ? [] : [foreignFinding(object, why)]));
  return [...findings, ...foreign];
}

/** A half has both of its objects, or one of them, and each may be seen. */
type Half = { readonly half: GrantHalf; readonly policy?: ApiObject; readonly lease?: ApiObject };

function judge(grant: Grant, found: GrantObjects, now: number): Finding | undefined {
  const { id: name } = grant;
  const halves = grant.halves.map((half) => withObjects(half, found));
  const young = halves.flatMap(({ policy, lease }) =>
    policy === undefined && lease !== undefined && isMaking(lease, now) ? [lease] : [],
  );
  if (young.length > 0) return { state: 'making', name, grant, why: young.map(makingText) };
  const why = [
    ...overdueTexts(grant, now),
    ...halves.flatMap(({ policy, lease }) =>
      policy === undefined ? loneFaults(lease, now) : policyFaults(policy, lease, found, now),
    ),
    ...endedHalves(grant, halves, found),
  ];
  if (why.length > 0) return { state: 'leftover', name, grant, why };
  const troubles = troublesOf(grant, now);
  return troubles.length > (grant.unseen ?? []).length
    ? { state: 'drifted', name, grant, why: troubles }
    : undefined;
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
  { unread }: GrantObjects,
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
  const { name, namespace } = policy.metadata;
  if (unread.has(`Job/${namespace}/${name}`)) return [];
  return [NO_LEASE, ...strayBonds(policy)].map((fault) => troubleText(policy, fault));
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

/** Why a Job with sluice's label is not sluice's (GRANT-22). */
function leaseStrangeness(job: ApiObject): string | undefined {
  return (
    nameStrangeness(job) ?? (neverRuns(job) ? undefined : 'its pods may run, and those of a lease never do')
  );
}

/**
 * Why a policy with sluice's label is not sluice's (GRANT-22). Its spec may be edited, so one that a lease owns is the
 * policy of that lease whatever it says.
 */
function policyStrangeness(policy: ApiObject, leases: readonly ApiObject[]): string | undefined {
  const named = nameStrangeness(policy);
  const { name, ownerReferences = [] } = policy.metadata;
  const isOwned = leases.some(({ metadata }) => ownerReferences.some(({ uid }) => uid === metadata.uid));
  if (named !== undefined || isOwned) return named;
  const direction = name.endsWith('-out') ? 'Egress' : 'Ingress';
  const isOf = listAt(policy.spec, 'policyTypes').includes(direction);
  return isOf && listAt(policy.spec, direction.toLowerCase()).length > 0
    ? undefined
    : 'it admits nothing in the direction of its name';
}

function nameStrangeness(object: ApiObject): string | undefined {
  const id = grantOf(object) ?? '';
  return isNameOf(id, object.metadata.name) ? undefined : `its name is not that of an object of grant ${id}`;
}

function foreignFinding(object: ApiObject, why: string): Finding {
  const { kind, metadata } = object;
  const { name, namespace = '', uid = '' } = metadata;
  const half = { direction: 'ingress', namespace } as const;
  return {
    state: 'foreign',
    name: `${kind}/${namespace}/${name}`,
    grant: {
      id: 'none',
      source: '?',
      destination: '?',
      ports: [],
      reason: '',
      requester: metadata.annotations?.[NOTE.requester] ?? '?',
      halves: [{ ...half, ...(kind === 'Job' ? { lease: { name, uid } } : { policy: { name, uid } }) }],
      state: { name: 'leasing' },
      drift: [],
      mine: false,
    },
    why: [troubleText(object, why)],
  };
}
