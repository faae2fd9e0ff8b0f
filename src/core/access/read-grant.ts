import { textAt } from '../json.ts';
import type { ApiObject } from '../ports.ts';
import type { Grant, GrantHalf, GrantState, GrantWindow } from './grant.ts';
import { leaseFaults, windowOf } from './lease.ts';
import { GRANT_LABEL, NOTE, objectName, readPorts } from './names.ts';

/** The grant id on an object, or undefined when it is none of sluice's. */
export function grantOf(object: ApiObject): string | undefined {
  return object.metadata.labels?.[GRANT_LABEL];
}

/**
 * Reads grants from the objects that carry sluice's labels, whoever made them. The Job says until when, not the
 * `expires-at` annotation (design §5 step 12); annotations are somebody's words and only shown.
 */
export function readGrants(policies: readonly ApiObject[], jobs: readonly ApiObject[]): readonly Grant[] {
  const ids = new Set([...policies, ...jobs].flatMap((object) => grantOf(object) ?? []));
  return [...ids].sort().map((id) =>
    readGrant(
      id,
      policies.filter((policy) => grantOf(policy) === id),
      jobs.filter((job) => grantOf(job) === id),
    ),
  );
}

function readGrant(id: string, policies: readonly ApiObject[], jobs: readonly ApiObject[]): Grant {
  const own = ({ metadata }: ApiObject) => isNameOf(id, metadata.name);
  const strangers = [...policies, ...jobs].filter((object) => !own(object));
  const notes = (policies.find(own) ?? jobs.find(own))?.metadata.annotations ?? {};
  const window = earliest(jobs.flatMap((job) => windowOf(job) ?? []));
  const ticket = notes[NOTE.ticket];
  return {
    id,
    source: notes[NOTE.source] ?? '?',
    destination: notes[NOTE.destination] ?? '?',
    ports: readPorts(notes[NOTE.ports] ?? ''),
    reason: notes[NOTE.reason] ?? '',
    ...(ticket === undefined ? {} : { ticket }),
    requester: notes[NOTE.requester] ?? '?',
    halves: readHalves(policies.filter(own), jobs.filter(own)),
    ...(window === undefined ? {} : { window }),
    state: readState(policies, window),
    drift: [
      ...readFaults(policies.filter(own), jobs.filter(own)),
      ...strangers.map(
        ({ kind, metadata }) =>
          `${kind} ${metadata.namespace}/${metadata.name} carries its label, but is no part of it`,
      ),
    ],
    mine: false,
  };
}

/** Anybody may copy labels; only the names that sluice gives make an object part of a grant. */
function isNameOf(id: string, name: string): boolean {
  return name === objectName(id, 'ingress') || name === objectName(id, 'egress');
}

function readHalves(policies: readonly ApiObject[], jobs: readonly ApiObject[]): readonly GrantHalf[] {
  const names = new Set(
    [...policies, ...jobs].map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
  );
  return [...names].sort().map((key) => {
    const isIt = ({ metadata }: ApiObject) => `${metadata.namespace}/${metadata.name}` === key;
    const policy = policies.find(isIt);
    const lease = jobs.find(isIt);
    const any = policy ?? lease;
    return {
      direction: directionOf(policy, any),
      namespace: any?.metadata.namespace ?? '',
      ...(policy === undefined
        ? {}
        : { policy: { name: policy.metadata.name, uid: policy.metadata.uid ?? '' } }),
      ...(lease === undefined ? {} : { lease: { name: lease.metadata.name, uid: lease.metadata.uid ?? '' } }),
    };
  });
}

function directionOf(policy: ApiObject | undefined, any: ApiObject | undefined): GrantHalf['direction'] {
  const type = textAt(policy, 'spec', 'policyTypes', 0);
  if (type !== undefined) return type === 'Egress' ? 'egress' : 'ingress';
  return any?.metadata.name.endsWith('-out') === true ? 'egress' : 'ingress';
}

function readState(policies: readonly ApiObject[], window: GrantWindow | undefined): GrantState {
  if (policies.length === 0) return { name: 'leasing' };
  const created = Math.max(
    ...policies.map((policy) => Date.parse(policy.metadata.creationTimestamp ?? '') || 0),
  );
  return { name: 'applied', at: window?.start ?? created };
}

/** What lets this grant outlive its window, in words; empty for a sound one. */
function readFaults(policies: readonly ApiObject[], jobs: readonly ApiObject[]): readonly string[] {
  const faults: string[] = [];
  for (const policy of policies) {
    const { name, namespace } = policy.metadata;
    const job = jobs.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
    if (job === undefined) faults.push(`${name}: its lease is gone, nothing ends it`);
    else {
      const seconds = windowOf(job)?.seconds;
      faults.push(...leaseFaults(job, seconds ?? -1).map((fault) => `${name}: ${fault}`));
      const [owner, ...more] = policy.metadata.ownerReferences ?? [];
      if (owner?.uid !== job.metadata.uid || owner?.apiVersion !== 'batch/v1' || owner?.kind !== 'Job') {
        faults.push(`${name}: it is not owned by its lease`);
      }
      if (more.length > 0) faults.push(`${name}: another owner keeps it alive`);
    }
    const finalizers = policy.metadata.finalizers ?? [];
    if (finalizers.length > 0)
      faults.push(`${name}: the finalizer ${finalizers.join(', ')} keeps it in force`);
  }
  return faults;
}

function earliest(windows: readonly GrantWindow[]): GrantWindow | undefined {
  return windows.toSorted((a, b) => a.end - b.end)[0];
}
