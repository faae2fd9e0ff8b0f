import { asSluiceError } from '../../core/common/common.ts';
import type { Grant } from '../../core/grants/grants.ts';
import type { AuditType } from '../../core/ports/ports.ts';
import { type HalfDone, isUnknown, removeLeases, removePolicies } from './end-grant.ts';
import { auditIdsOf, type GrantDeps, objectsOf, record } from './record.ts';

/** The outcome of revoking a grant, half by half. */
export type Revoked = {
  readonly id: string;
  /** Whether every half is gone: the server returned 404 for each. */
  readonly revoked: boolean;
  /** Set if nothing is known to be left in force, but not everything could be read. */
  readonly unknown: boolean;
  readonly halves: readonly HalfDone[];
  /** Leases left behind; they open nothing, and expire by themselves. */
  readonly leftovers: readonly string[];
  /** Records that could not be written, and why. */
  readonly unrecorded: readonly string[];
};

/** Once started, an end runs to completion, so that no half is left; time limit, ms. */
const END_WITHIN = 15_000;

/**
 * Ends a grant that was made by another process or left behind, and audits it. A log that can't be written doesn't
 * prevent that. Unseen halves are reported as not done. Doesn't reject if the server refuses: see `halves`.
 */
export async function revokeFound(deps: GrantDeps, grant: Grant): Promise<Revoked> {
  const unrecorded: string[] = [];
  const note = (type: AuditType, outcome: string, extra = objectsOf(grant)) =>
    record(deps, type, grant, outcome, extra).catch((error: unknown) => {
      unrecorded.push(`"${type}": ${asSluiceError(error).message}`);
    });
  const signal = AbortSignal.timeout(END_WITHIN);
  const auditIds = auditIdsOf(grant);
  await note('intent', `about to revoke a grant of ${grant.requester}`, objectsOf(grant, auditIds));
  const removed = await removePolicies(deps, grant, signal, auditIds);
  const hidden = (grant.unseen ?? []).map(({ direction, namespace, why }) => ({
    direction,
    namespace,
    done: false,
    why: `unseen half in ${namespace}: ${why}`,
  }));
  const halves: readonly HalfDone[] = [...removed.halves, ...hidden];
  const gone = grant.halves.filter((_, index) => isDone(halves, grant.halves[index]));
  const leftovers = await removeLeases(deps, { halves: gone }, signal, auditIds);
  const left = halves.flatMap(({ done, why }) => (done ? [] : [why ?? '?']));
  const lost = leftovers.length === 0 ? '' : `; lease left behind: ${leftovers.join('; ')}`;
  const what = isUnknown(halves) ? 'not known to be revoked' : 'not revoked';
  if (left.length > 0) await note('failed', `${what}: ${left.join('; ')}${doneText(halves)}${lost}`);
  else await note('revoked', `revoked by ${deps.identity.username}${lost}`);
  return {
    id: grant.id,
    revoked: left.length === 0,
    unknown: isUnknown(halves),
    halves,
    leftovers,
    unrecorded,
  };
}

function isDone(halves: readonly HalfDone[], half: Grant['halves'][number] | undefined): boolean {
  return halves.some(
    ({ direction, namespace, done }) => done && direction === half?.direction && namespace === half.namespace,
  );
}

/** `; revoked: ingress in shop`, so that a half is not mistaken for the whole. */
function doneText(halves: readonly HalfDone[]): string {
  const done = halves
    .filter((half) => half.done)
    .map(({ direction, namespace }) => `${direction} in ${namespace}`);
  return done.length === 0 ? '' : `; revoked: ${done.join(', ')}`;
}
