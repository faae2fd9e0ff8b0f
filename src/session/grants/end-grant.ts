import type { Grant } from '../../core/access/grant.ts';
import { asSluiceError, SluiceError } from '../../core/errors.ts';
import type { ApiRef } from '../../core/ports.ts';
import { poll } from '../wait.ts';
import { jobRef, policyRef } from './objects.ts';
import type { GrantDeps } from './record.ts';

/** How long a policy may stay after its deletion was accepted before that counts as a failure. */
const GONE_WITHIN = 5_000;

/**
 * Removes the policies of a grant (design §5 step 9): egress before ingress, each with its UID as precondition. Only a
 * 404 counts as gone; another object under the name (other UID) is none of ours and counts as gone too.
 *
 * @returns what is still in force, in words; empty when all is gone
 */
export async function removePolicies(
  deps: GrantDeps,
  grant: Grant,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const left: string[] = [];
  for (const { namespace, policy } of grant.halves.toSorted((a) => (a.direction === 'egress' ? -1 : 1))) {
    if (policy === undefined) continue;
    const { uid, name } = policy;
    const target = { ref: policyRef(namespace, name), uid, name: `NetworkPolicy ${namespace}/${name}` };
    left.push(...(await remove(deps, { ...target, kind: 'policy' }, signal)));
  }
  return left;
}

/**
 * Removes the leases of a grant, once its policies are gone. A Job whose deletion was accepted is not waited for: its
 * collection is the cluster's business, and by then it owns nothing.
 *
 * @returns which are still there, in words; they open nothing
 */
export async function removeLeases(
  deps: GrantDeps,
  grant: Grant,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const left: string[] = [];
  for (const { namespace, lease } of grant.halves) {
    if (lease === undefined) continue;
    const { uid, name } = lease;
    const target = { ref: jobRef(namespace, name), uid, name: `Job ${namespace}/${name}` };
    left.push(...(await remove(deps, { ...target, kind: 'lease' }, signal)));
  }
  return left;
}

/**
 * Deletes one object. A policy goes in the Background: it has no dependents, and Foreground would leave it in force
 * until the garbage collector comes by. A lease goes in the Foreground: a foreign finalizer on it must not keep its
 * policy (facts/access.md §2.3).
 *
 * @returns what is wrong, in words; empty when it is done
 */
async function remove(
  deps: GrantDeps,
  { ref, uid, name, kind }: Target,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    const propagation = kind === 'policy' ? 'Background' : 'Foreground';
    const done = await deps.api.delete(ref, { uid, propagation, signal });
    if (done === 'gone' || kind === 'lease') return [];
    const ask = async () => ((await stillThere(deps, ref, uid, signal)) ? undefined : true);
    const gone = await poll(ask, GONE_WITHIN, deps.clock, signal);
    return gone === true ? [] : [`${name} is marked for deletion but still in force`];
  } catch (error) {
    const text = `${name}: ${asSluiceError(error).message.replace(/\.$/, '')}`;
    if (!(error instanceof SluiceError && error.code === 'conflict')) return [text];
    return (await stillThere(deps, ref, uid, signal)) ? [text] : [];
  }
}

type Target = {
  readonly ref: ApiRef;
  readonly uid: string;
  readonly name: string;
  readonly kind: 'policy' | 'lease';
};

async function stillThere(deps: GrantDeps, ref: ApiRef, uid: string, signal: AbortSignal): Promise<boolean> {
  const object = await deps.api.read(ref, signal);
  return object !== undefined && object.metadata.uid === uid;
}
