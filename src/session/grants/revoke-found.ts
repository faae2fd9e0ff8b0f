import { asSluiceError } from '../../core/common/common.ts';
import type { Grant } from '../../core/grants/grants.ts';
import type { AuditType } from '../../core/ports/ports.ts';
import {
  type HalfDone,
  isUnknown,
  type LeaseLeft,
  removeLeases,
  removePolicies,
  whyLeft,
} from './end-grant.ts';
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
  const { username } = deps.identity;
  const ending =
    grant.waiting === undefined
      ? ({
          type: 'revoked',
          intent: `about to revoke a grant of ${grant.requester}`,
          done: `revoked by ${username}`,
        } as const)
      : ({
          type: 'withdrawn',
          intent: `about to withdraw the request of ${grant.requester}`,
          done: `withdrawn by ${username}`,
        } as const);
  return revokedBy(grant, await endFound(deps, grant, { ...ending, proof: 'accepted' }));
}

/** Ends a request that somebody refuses, as `revokeFound` ends a grant. */
export async function rejectFound(deps: GrantDeps, request: Grant, reason: string): Promise<Revoked> {
  const ended = await endFound(deps, request, {
    type: 'rejected',
    intent: `about to refuse the request of ${request.requester}`,
    done: `refused by ${deps.identity.username}: ${reason}`,
    proof: 'accepted',
  });
  return revokedBy(request, ended);
}

function revokedBy(grant: Grant, { halves, leases, unrecorded }: Ended): Revoked {
  return {
    id: grant.id,
    revoked: halves.every(({ done }) => done),
    unknown: isUnknown(halves),
    halves,
    leftovers: leases.map(({ why }) => why),
    unrecorded,
  };
}

/** The outcome of removing a leftover. */
export type Swept = {
  /** What is left, and why; empty once the server answered 404 for each object. */
  readonly left: readonly string[];
  /** Whether foreign finalizers hold all that is left. */
  readonly held: boolean;
  /** Whether nothing of what is left is known to be there. */
  readonly unknown: boolean;
  /** How many objects this call deleted; others may have been faster. */
  readonly deleted: number;
  /** Records that could not be written, and why. */
  readonly unrecorded: readonly string[];
};

/**
 * Removes a leftover as `revokeFound` ends a grant, waits for the 404 of its leases too, and audits it as `swept`. Halves
 * out of view are left alone.
 *
 * @param why what makes it a leftover, for the log
 */
export async function sweepFound(deps: GrantDeps, grant: Grant, why: readonly string[]): Promise<Swept> {
  const { unseen: _, ...seen } = grant;
  const { halves, leases, deleted, unrecorded } = await endFound(deps, seen, {
    type: 'swept',
    intent: `about to sweep what ${grant.requester} left: ${why.join('; ')}`,
    done: `swept by ${deps.identity.username}: ${why.join('; ')}`,
    proof: 'gone',
  });
  const left = [...halves.filter(({ done }) => !done), ...leases];
  return {
    left: left.map((one) => one.why ?? '?'),
    held: left.length > 0 && left.every(({ held }) => held !== undefined),
    unknown: leases.length === 0 && isUnknown(halves),
    deleted,
    unrecorded,
  };
}

/** How the end of a grant that was found is written down, and when its leases count as removed. */
type Ending = {
  readonly type: 'revoked' | 'swept' | 'withdrawn' | 'rejected';
  readonly intent: string;
  readonly done: string;
  readonly proof: 'accepted' | 'gone';
};

type Ended = Pick<Revoked, 'halves' | 'unrecorded'> & {
  readonly leases: readonly LeaseLeft[];
  readonly deleted: number;
};

async function endFound(deps: GrantDeps, grant: Grant, ending: Ending): Promise<Ended> {
  const { type: word } = ending;
  const unrecorded: string[] = [];
  const note = (type: AuditType, outcome: string, extra = objectsOf(grant)) =>
    record(deps, type, grant, outcome, extra).catch((error: unknown) => {
      unrecorded.push(`"${type}": ${asSluiceError(error).message}`);
    });
  const signal = AbortSignal.timeout(END_WITHIN);
  const auditIds = auditIdsOf(grant);
  await note('intent', ending.intent, objectsOf(grant, auditIds));
  const removed = await removePolicies(deps, grant, signal, auditIds);
  const hidden = (grant.unseen ?? []).map(({ direction, namespace, why }) => ({
    direction,
    namespace,
    done: false,
    why: `unseen half in ${namespace}: ${why}`,
  }));
  const halves: readonly HalfDone[] = [...removed.halves, ...hidden];
  const gone = grant.halves.filter((_, index) => isDone(halves, grant.halves[index]));
  const ended = await removeLeases(deps, { halves: gone }, signal, auditIds, ending.proof);
  const { left: leases } = ended;
  const deleted = removed.deleted + ended.deleted;
  const left = whyLeft(halves);
  const lost = leases.length === 0 ? '' : `; lease left behind: ${leases.map(({ why }) => why).join('; ')}`;
  const hadPolicy = grant.halves.some(({ policy }) => policy !== undefined);
  const what = isUnknown(halves) ? `not known to be ${word}` : `not ${word}`;
  if (left.length > 0) await note('failed', `${what}: ${left.join('; ')}${doneText(halves, word)}${lost}`);
  else if (lost !== '' && word === 'swept' && !hadPolicy) await note('failed', `${what}${lost}`);
  else await note(word, `${ending.done}${deleted === 0 ? '; found gone' : ''}${lost}`);
  return { halves, leases, deleted, unrecorded };
}

function isDone(halves: readonly HalfDone[], half: Grant['halves'][number] | undefined): boolean {
  return halves.some(
    ({ direction, namespace, done }) => done && direction === half?.direction && namespace === half.namespace,
  );
}

/** `; revoked: ingress in shop`, so that a half is not mistaken for the whole. */
function doneText(halves: readonly HalfDone[], word: Ending['type']): string {
  const done = halves
    .filter((half) => half.done)
    .map(({ direction, namespace }) => `${direction} in ${namespace}`);
  return done.length === 0 ? '' : `; ${word}: ${done.join(', ')}`;
}
