import type { ApiObject } from '../../ports.ts';
import { leaseFaults, windowOf } from '../lease.ts';

/**
 * What lets a standing grant outlive its window, in words; empty for a sound one. Of a lease that could not be read
 * nothing is claimed but that.
 *
 * @param unread why an object could not be read, by `Job/ns/name`
 */
export function standingFaults(
  policies: readonly ApiObject[],
  jobs: readonly ApiObject[],
  unread: ReadonlyMap<string, string>,
): readonly string[] {
  return policies.flatMap((policy) => {
    const { name, namespace } = policy.metadata;
    const job = jobs.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
    const hidden = unread.get(`Job/${namespace}/${name}`);
    const finalizers = policy.metadata.finalizers ?? [];
    return [
      ...(job === undefined
        ? [
            hidden === undefined
              ? `${name}: its lease is gone, nothing ends it`
              : `${name}: its lease is unseen: ${hidden}`,
          ]
        : jobFaults(policy, job)),
      ...(finalizers.length === 0
        ? []
        : [`${name}: the finalizer ${finalizers.join(', ')} keeps it in force`]),
    ];
  });
}

function jobFaults({ metadata }: ApiObject, job: ApiObject): readonly string[] {
  const { name } = metadata;
  const faults = leaseFaults(job, windowOf(job)?.seconds ?? -1).map((fault) => `${name}: ${fault}`);
  const [owner, ...more] = metadata.ownerReferences ?? [];
  if (owner?.uid !== job.metadata.uid || owner?.apiVersion !== 'batch/v1' || owner?.kind !== 'Job') {
    faults.push(`${name}: it is not owned by its lease`);
  }
  if (more.length > 0) faults.push(`${name}: another owner keeps it alive`);
  return faults;
}
