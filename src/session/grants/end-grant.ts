import { asSluiceError, SluiceError } from '../../core/common/common.ts';
import { foreignFinalizers, type Grant, type HalfPlace } from '../../core/grants/grants.ts';
import type { ApiRef } from '../../core/ports/ports.ts';
import { pause } from '../../wait.ts';
import { jobRef, policyRef } from './find-grants.ts';
import type { GrantDeps } from './record.ts';
import { poll } from './wait.ts';

/** How long a policy may remain after its deletion was accepted before that counts as a failure, ms. */
const GONE_WITHIN = 5_000;

/**
 * The outcome for one half: done, or why not. `unknown`: it may be gone, as it could not be read either. `held`: it goes
 * when these foreign finalizers do.
 */
export type HalfDone = HalfPlace & {
  readonly done: boolean;
  readonly why?: string;
  readonly unknown?: boolean;
  readonly held?: readonly string[];
};

/** A lease that is left, and why; `held` by these foreign finalizers. */
export type LeaseLeft = { readonly why: string; readonly held?: readonly string[] };

/** The leases left behind, and how many existed and were deleted. */
export type LeasesRemoved = { readonly left: readonly LeaseLeft[]; readonly deleted: number };

/** Why halves are not known to be gone. */
export function whyLeft(halves: readonly HalfDone[]): readonly string[] {
  return halves.flatMap(({ done, why }) => (done ? [] : [why ?? '?']));
}

/** Whether none of what was not done is known to be in force. */
export function isUnknown(halves: readonly HalfDone[]): boolean {
  const left = halves.filter(({ done }) => !done);
  return left.length > 0 && left.every(({ unknown }) => unknown === true);
}

/** The outcome of removing policies. `left`: what may still be in force, in words. `deleted`: how many existed. */
export type Removed = {
  readonly left: readonly string[];
  readonly deleted: number;
  readonly halves: readonly HalfDone[];
};

/**
 * Removes the policies of a grant (GRANT-11): egress before ingress, each with its UID as precondition. A policy counts
 * as gone on a 404, or if another object (with another UID) now has its name. A failure of one half doesn't stop the
 * removal of the other.
 *
 * @param auditIds by `kind/name`, as announced in the log
 */
export async function removePolicies(
  deps: GrantDeps,
  grant: Pick<Grant, 'halves'>,
  signal: AbortSignal,
  auditIds: ReadonlyMap<string, string> = new Map(),
): Promise<Removed> {
  const halves: HalfDone[] = [];
  let deleted = 0;
  for (const { direction, namespace, policy } of startingWith('egress', grant.halves)) {
    const place = { direction, namespace };
    if (policy === undefined) {
      halves.push({ ...place, done: true });
      continue;
    }
    const { uid, name } = policy;
    const auditId = auditIds.get(`NetworkPolicy/${name}`);
    const target = { ref: policyRef(namespace, name), uid, auditId, kind: 'policy' } as const;
    const result = await remove(deps, { ...target, name: `NetworkPolicy ${namespace}/${name}` }, signal);
    halves.push({
      ...place,
      done: result.why === undefined,
      ...(result.why === undefined ? {} : { why: result.why }),
      ...(result.unknown === true ? { unknown: true } : {}),
      ...(result.held === undefined ? {} : { held: result.held }),
    });
    deleted += result.deleted;
  }
  return { left: halves.flatMap(({ why }) => why ?? []), deleted, halves };
}

/** Halves in the order of a step: those of a direction come first. */
export function startingWith<Half extends HalfPlace>(
  first: Half['direction'],
  halves: readonly Half[],
): readonly Half[] {
  return [
    ...halves.filter(({ direction }) => direction === first),
    ...halves.filter(({ direction }) => direction !== first),
  ];
}

/**
 * Removes the leases of a grant, once its policies are gone. Doesn't wait for a Job whose deletion was accepted, unless
 * asked to: the cluster collects it, and it owns nothing by then. One that a foreign finalizer holds is left behind.
 *
 * @param proof `gone`: until the server answers 404
 * @returns those left behind open nothing
 */
export async function removeLeases(
  deps: GrantDeps,
  grant: Pick<Grant, 'halves'>,
  signal: AbortSignal,
  auditIds: ReadonlyMap<string, string> = new Map(),
  proof: 'accepted' | 'gone' = 'accepted',
): Promise<LeasesRemoved> {
  const left: LeaseLeft[] = [];
  let deleted = 0;
  for (const { namespace, lease } of grant.halves) {
    if (lease === undefined) continue;
    const { uid, name } = lease;
    const auditId = auditIds.get(`Job/${name}`);
    const target = { ref: jobRef(namespace, name), uid, auditId, kind: 'lease', proof } as const;
    const removed = await remove(deps, { ...target, name: `Job ${namespace}/${name}` }, signal);
    const { why, held } = removed;
    deleted += removed.deleted;
    if (why !== undefined) left.push({ why, ...(held === undefined ? {} : { held }) });
  }
  return { left, deleted };
}

/** A DELETE with a UID is safe to repeat; attempts and pause in ms for a server that is busy or failing. */
const TRIES = 3;
const TRY_AGAIN = 300;

/**
 * Deletes one object. Policies use Background propagation: they have no dependents, and Foreground would leave them in
 * force until the garbage collector runs. Leases use Foreground: a foreign finalizer on a lease must not keep its
 * policy (LEASE-6). Never rejects: `why` says what went wrong. Whether an object is there is asked, never concluded from a
 * DELETE that failed: the lease may have ended it (GRANT-19).
 */
async function remove(deps: GrantDeps, target: Target, signal: AbortSignal): Promise<Removal> {
  let why = '';
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (tries > 0) await pause(TRY_AGAIN, signal).catch(() => undefined);
    try {
      return await removeOnce(deps, target, signal);
    } catch (error) {
      why = `${target.name}: ${asSluiceError(error).message.replace(/\.$/, '')}`;
      if (signal.aborted || isFinal(error)) break;
    }
  }
  try {
    const there = await stillThere(deps, target.ref, target.uid, AbortSignal.timeout(READ_WITHIN));
    return there ? { deleted: 0, why } : { deleted: 0 };
  } catch {
    return { deleted: 0, why: `${why}; whether it is gone is unknown`, unknown: true };
  }
}

/** The outcome for one object; `deleted` counts it if this call deleted it. */
type Removal = {
  readonly why?: string;
  readonly unknown?: boolean;
  readonly held?: readonly string[];
  readonly deleted: number;
};

/** How long to ask for an object that could not be deleted, ms. */
const READ_WITHIN = 3_000;

async function removeOnce(
  deps: GrantDeps,
  { ref, uid, name, kind, auditId, proof }: Target,
  signal: AbortSignal,
): Promise<Removal> {
  try {
    const propagation = kind === 'policy' ? 'Background' : 'Foreground';
    const done = await deps.api.delete(ref, { uid, propagation, signal, auditId });
    if (done === 'gone') return { deleted: 0 };
  } catch (error) {
    if (!(error instanceof SluiceError && error.code === 'conflict')) throw error;
    if (await stillThere(deps, ref, uid, signal)) throw error;
    return { deleted: 0 };
  }
  const marked = `${name} is marked for deletion`;
  if (kind === 'lease') {
    const held = await holders(deps, ref, uid, signal);
    if (held.length > 0) return { deleted: 1, why: `${marked}${heldText(held)}`, held };
    if (proof === 'accepted') return { deleted: 1 };
  }
  const ask = async () => ((await stillThere(deps, ref, uid, signal)) ? undefined : true);
  const gone = await poll(ask, GONE_WITHIN, deps.clock, signal);
  if (gone === true) return { deleted: 1 };
  const held = await holders(deps, ref, uid, signal);
  const still = kind === 'policy' ? 'in force' : 'there';
  const why = `${marked} but still ${still}${heldText(held)}`;
  return { deleted: 1, why, ...(held.length === 0 ? {} : { held }) };
}

/** The foreign finalizers of an object; none if it can't be read. */
async function holders(
  deps: GrantDeps,
  ref: ApiRef,
  uid: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const object = await deps.api.read(ref, signal).catch(() => undefined);
  return object === undefined || object.metadata.uid !== uid ? [] : foreignFinalizers(object);
}

/** `, held by the finalizer x.dev/keep`; empty if nothing foreign holds the object. */
function heldText(finalizers: readonly string[]): string {
  return finalizers.length === 0 ? '' : `, held by the finalizer ${finalizers.join(', ')}`;
}

/** Errors that a retry can't fix. */
function isFinal(error: unknown): boolean {
  return (
    error instanceof SluiceError &&
    ['forbidden', 'unauthenticated', 'refused', 'unsupported', 'usage'].includes(error.code)
  );
}

type Target = {
  readonly ref: ApiRef;
  readonly uid: string;
  readonly name: string;
  readonly kind: 'policy' | 'lease';
  readonly proof?: 'accepted' | 'gone';
  readonly auditId: string | undefined;
};

async function stillThere(deps: GrantDeps, ref: ApiRef, uid: string, signal: AbortSignal): Promise<boolean> {
  const object = await deps.api.read(ref, signal);
  return object !== undefined && object.metadata.uid === uid;
}
