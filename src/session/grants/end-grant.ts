import type { Grant, GrantHalf } from '../../core/access/grant.ts';
import { asSluiceError, SluiceError } from '../../core/errors.ts';
import type { ApiRef } from '../../core/ports.ts';
import { poll } from '../wait.ts';
import { jobRef, policyRef } from './objects.ts';
import type { GrantDeps } from './record.ts';

/** How long a policy may stay after its deletion was accepted before that counts as a failure. */
const GONE_WITHIN = 5_000;

/**
 * Removes every object of a grant (design §5 step 9): policies first, egress before ingress, each with its UID as
 * precondition; then the Jobs, Foreground. Only a 404 counts as gone; another object under the name (other UID) is
 * none of ours and counts as gone too.
 *
 * @returns what is still there, in words; empty when all is gone
 */
export async function removeHalves(
  deps: GrantDeps,
  grant: Grant,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const halves = grant.halves.toSorted((a) => (a.direction === 'egress' ? -1 : 1));
  const left: string[] = [];
  for (const half of halves) left.push(...(await removePolicy(deps, half, signal)));
  for (const half of halves) left.push(...(await removeLease(deps, half, signal)));
  return left;
}

/** Only the policies: what the deadline does first, so that many grants end at once in time. */
async function removePolicy(
  deps: GrantDeps,
  { namespace, policy }: GrantHalf,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (policy === undefined) return [];
  return remove(
    deps,
    policyRef(namespace, policy.name),
    policy.uid,
    `NetworkPolicy ${namespace}/${policy.name}`,
    signal,
  );
}

async function removeLease(
  deps: GrantDeps,
  { namespace, lease }: GrantHalf,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (lease === undefined) return [];
  return remove(deps, jobRef(namespace, lease.name), lease.uid, `Job ${namespace}/${lease.name}`, signal);
}

async function remove(
  deps: GrantDeps,
  ref: ApiRef,
  uid: string,
  name: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    const done = await deps.api.delete(ref, { uid, propagation: 'Foreground', signal });
    if (done === 'gone') return [];
    const gone = await poll(
      async () => ((await stillThere(deps, ref, uid, signal)) ? undefined : true),
      GONE_WITHIN,
      deps.clock,
      signal,
    );
    return gone === true ? [] : [`${name} is marked for deletion but still in force`];
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'conflict') {
      return (await stillThere(deps, ref, uid, signal)) ? [`${name}: ${error.message}`] : [];
    }
    return [`${name}: ${asSluiceError(error).message}`];
  }
}

async function stillThere(deps: GrantDeps, ref: ApiRef, uid: string, signal: AbortSignal): Promise<boolean> {
  const object = await deps.api.read(ref, signal);
  return object !== undefined && object.metadata.uid === uid;
}
