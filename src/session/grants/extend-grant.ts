import { formatDuration } from '../../core/access/duration.ts';
import type { Grant, GrantWindow } from '../../core/access/grant.ts';
import { leaseFaults, leaseOver, windowOf } from '../../core/access/lease.ts';
import { expiryMarks } from '../../core/access/manifests.ts';
import { SluiceError } from '../../core/errors.ts';
import { jobRef, policyRef } from './objects.ts';
import { type GrantDeps, objectsOf, record } from './record.ts';

/**
 * Moves the end of a grant by `more` seconds (design §5 step 9): every lease first, then the marks on the policies.
 * Refused after the deadline, even where the server would still take it (facts/access.md §2.3): a lapsed window is
 * not revived. An answer of 200 on a Job that has failed is a refusal.
 *
 * @returns the grant with its new window
 * @throws SluiceError `refused`, `conflict`, `forbidden`
 */
export async function extendGrant(
  deps: GrantDeps,
  grant: Grant,
  more: number,
  signal: AbortSignal,
): Promise<Grant> {
  const { window } = grant;
  const { maxSeconds } = deps.limits;
  if (window === undefined || deps.api.clock.now() >= window.end) throw over(grant);
  if (window.seconds + more > maxSeconds) {
    throw new SluiceError(
      'refused',
      `${formatDuration(more)} more would make ${grant.id} last ${formatDuration(window.seconds + more)}, over the limit of ${formatDuration(maxSeconds)}.`,
      'Extend by less, or make a new grant when this one ends.',
    );
  }
  let extended: GrantWindow | undefined;
  for (const half of grant.halves) {
    if (half.lease === undefined) throw over(grant);
    const after = await extendLease(deps, grant, half.namespace, half.lease, more, signal);
    if (extended === undefined || after.end < extended.end) extended = after;
  }
  if (extended === undefined) throw over(grant);
  for (const { namespace, policy } of grant.halves) {
    if (policy === undefined) continue;
    const marks = expiryMarks(extended);
    await deps.api.patch(
      policyRef(namespace, policy.name),
      { metadata: { uid: policy.uid, ...marks } },
      { signal },
    );
  }
  const longer: Grant = { ...grant, window: extended };
  await record(deps, 'extended', longer, `by ${formatDuration(more)}`, objectsOf(longer));
  return longer;
}

async function extendLease(
  deps: GrantDeps,
  grant: Grant,
  namespace: string,
  lease: { readonly name: string; readonly uid: string },
  more: number,
  signal: AbortSignal,
): Promise<GrantWindow> {
  const job = await deps.api.read(jobRef(namespace, lease.name), signal);
  const window = job === undefined ? undefined : windowOf(job);
  if (
    job === undefined ||
    window === undefined ||
    job.metadata.uid !== lease.uid ||
    leaseOver(job) !== undefined
  )
    throw over(grant);
  const seconds = window.seconds + more;
  const { object } = await deps.api.patch(
    jobRef(namespace, lease.name),
    {
      metadata: { uid: lease.uid, resourceVersion: job.metadata.resourceVersion },
      spec: { activeDeadlineSeconds: seconds },
    },
    { signal },
  );
  const after = windowOf(object);
  const reason = leaseOver(object);
  if (after === undefined || reason !== undefined) throw over(grant, reason);
  const faults = leaseFaults(object, seconds);
  if (faults.length > 0) {
    throw new SluiceError(
      'refused',
      `The lease ${lease.name} was not extended: ${faults.join('; ')}.`,
      'Revoke the grant and make a new one.',
    );
  }
  return after;
}

function over(grant: Grant, why?: string): SluiceError {
  return new SluiceError(
    'refused',
    `${grant.id} is over${why === undefined ? '' : `: ${why}`}, so it can't be extended.`,
    'Make a new grant for the path.',
  );
}
