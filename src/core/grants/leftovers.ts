import type { ApiObject } from '../cluster/cluster.ts';
import { listAt } from '../common/common.ts';
import type { Grant } from './grant.ts';
import { neverRuns } from './grant-manifests.ts';
import { troubleText } from './judge.ts';
import { type Life, lifeOf } from './life.ts';
import { NOTE } from './names.ts';
import { type GrantObjects, grantOf, isNameOf, readGrants } from './read-grant.ts';

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
  const { jobs } = ownOf(found);
  const findings = judged(found, now).flatMap(({ grant, life: { stage, why } }) =>
    isFinding(stage) ? [{ state: stage, name: grant.id, grant, why }] : [],
  );
  const foreign = [
    ...found.policies.map((policy) => ({ object: policy, why: policyStrangeness(policy, jobs) })),
    ...found.jobs.map((job) => ({ object: job, why: leaseStrangeness(job) })),
  ].flatMap(({ object, why }) => (why === undefined ? [] : [foreignFinding(object, why)]));
  return [...findings, ...foreign];
}

/** Where each grant is in its life, by id (GRANT-60); what is not sluice's is none. */
export function livesOf(found: GrantObjects, now: number): ReadonlyMap<string, Life> {
  return new Map(judged(found, now).map(({ grant, life }) => [grant.id, life]));
}

function judged(found: GrantObjects, now: number): readonly { readonly grant: Grant; readonly life: Life }[] {
  const own = ownOf(found);
  return readGrants(own.policies, own.jobs, own.unread, own.gone).map((grant) => ({
    grant,
    life: lifeOf(grant, own, now),
  }));
}

/** What of it is sluice's (GRANT-22). */
function ownOf(found: GrantObjects): GrantObjects {
  const jobs = found.jobs.filter((job) => leaseStrangeness(job) === undefined);
  const policies = found.policies.filter((policy) => policyStrangeness(policy, jobs) === undefined);
  return { ...found, policies, jobs };
}

/** What there is to tell of. */
function isFinding(stage: Life['stage']): stage is Exclude<Finding['state'], 'foreign'> {
  return stage === 'leftover' || stage === 'making' || stage === 'drifted';
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
