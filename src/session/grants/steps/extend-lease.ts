import type { GrantHalf, GrantWindow } from '../../../core/access/grant.ts';
import { leaseFaults, leaseOver, windowOf } from '../../../core/access/lease.ts';
import { SluiceError } from '../../../core/errors.ts';
import type { ApiAnswer, ApiObject } from '../../../core/ports.ts';
import { jobRef } from '../objects.ts';
import type { GrantDeps } from '../record.ts';

export type LeaseExtension = {
  readonly half: GrantHalf;
  /** The lease as it was read. */
  readonly job: ApiObject;
  /** Seconds to add. */
  readonly more: number;
  /** By `kind/name`, as the log announced them. */
  readonly auditIds: ReadonlyMap<string, string>;
};

/**
 * Moves the deadline of one lease, with its resourceVersion and UID as preconditions. When something else of it has
 * changed meanwhile it is read once more; when its deadline has, somebody else extends it, and that is a conflict. An
 * answer of 200 on a Job that has failed is a refusal (LEASE-11).
 *
 * @throws SluiceError `refused`, `conflict`, `forbidden`
 */
export async function extendLease(
  deps: GrantDeps,
  id: string,
  { half, job, more, auditIds }: LeaseExtension,
  signal: AbortSignal,
): Promise<GrantWindow> {
  const before = windowOf(job);
  if (before === undefined) throw overError(id);
  const seconds = before.seconds + more;
  const ref = jobRef(half.namespace, job.metadata.name);
  const auditId = auditIds.get(`Job/${job.metadata.name}`);
  const patch = (version: string | undefined): Promise<ApiAnswer> => {
    if (deps.api.clock.now() >= before.end) throw overError(id);
    const metadata = { uid: job.metadata.uid, resourceVersion: version };
    return deps.api.patch(ref, { metadata, spec: { activeDeadlineSeconds: seconds } }, { signal, auditId });
  };
  const { object } = await patch(job.metadata.resourceVersion).catch(async (error: unknown) => {
    if (!(error instanceof SluiceError && error.code === 'conflict')) throw error;
    const now = await deps.api.read(ref, signal);
    if (now === undefined || now.metadata.uid !== job.metadata.uid) throw overError(id);
    if (windowOf(now)?.end !== before.end) throw error;
    return patch(now.metadata.resourceVersion);
  });
  const after = windowOf(object);
  const over = leaseOver(object);
  if (after === undefined || over !== undefined) throw overError(id, over);
  const faults = leaseFaults(object, seconds);
  if (faults.length > 0) {
    throw new SluiceError(
      'refused',
      `The lease ${half.namespace}/${job.metadata.name} was not extended: ${faults.join('; ')}.`,
      'Revoke the grant and make a new one.',
    );
  }
  return after;
}

/** Says that there is nothing left to extend. */
export function overError(id: string, why?: string): SluiceError {
  return new SluiceError(
    'refused',
    `${id} is over${why === undefined ? '' : `: ${why}`}, so it can't be extended.`,
    'Make a new grant for the path.',
  );
}
