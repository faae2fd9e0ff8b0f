import { asSluiceError, isAbort, SluiceError } from '../../core/common/common.ts';
import {
  GRANT_LABEL,
  type Grant,
  type GrantHalf,
  type GrantObject,
  NOTE,
  objectName,
} from '../../core/grants/grants.ts';
import type { ApiRef } from '../../core/ports/ports.ts';
import { pause } from '../../wait.ts';
import { removeLeases, removePolicies } from './end-grant.ts';
import { jobRef, policyRef } from './find-grants.ts';
import { type GrantDeps, objectsOf, record } from './record.ts';

/** Time limit for a whole rollback, ms. */
export const UNDO_WITHIN = 12_000;

/** Waits before each look for objects that an unanswered call may have created, ms. */
const LOOK_AGAIN: readonly number[] = [0, 300, 1_200];

/**
 * Removes everything created for a grant that can't be completed, and audits the failure. A POST whose response was
 * lost may still have been stored, even a moment later: its object is looked up by name, and is ours only if it carries
 * our label and requester.
 *
 * @returns the error to throw: the original one, which then says that nothing is left, or if something is or may be left
 *   behind, one that names it
 */
export async function rollBack(deps: GrantDeps, grant: Grant, error: unknown): Promise<unknown> {
  const undo = AbortSignal.timeout(UNDO_WITHIN);
  const lost = isLost(error);
  let made = grant;
  let left: readonly string[] = [];
  for (const wait of LOOK_AGAIN) {
    await pause(wait, undo).catch(() => undefined);
    let unread: readonly string[] = [];
    if (lost) ({ grant: made, unread } = await withLost(deps, made, undo));
    const policies = await removePolicies(deps, made, undo);
    const leases = await removeLeases(deps, made, undo);
    left = [...policies.left, ...leases.left.map(({ why }) => why), ...unread];
    if (left.length === 0 && !lost) break;
  }
  const { code, message } = asSluiceError(error);
  const outcome =
    left.length === 0
      ? `${message} Everything created was removed.`
      : `${message} Left behind: ${left.join('; ')}.`;
  const unrecorded = await record(deps, 'failed', made, outcome, objectsOf(made)).then(
    () => '',
    (cause: unknown) => ` It is not in the audit log: ${asSluiceError(cause).message}`,
  );
  if (left.length === 0) return code === 'unreachable' ? nothingLeft(error, outcome) : error;
  return new SluiceError(
    'left-open',
    `${outcome}${unrecorded}`,
    `Its lease will end it, or run sluice revoke ${grant.id}.`,
    error,
  );
}

/** The error for a grant that was rolled back after a response was lost, which leaves open what became of it. */
function nothingLeft(error: unknown, outcome: string): SluiceError {
  const { code, hint } = asSluiceError(error);
  if (code === 'interrupted') return new SluiceError(code, outcome, hint, error);
  return new SluiceError(
    code,
    outcome,
    'Nothing of the grant is left: make it again once the server answers.',
    error,
  );
}

/** Whether the server may have processed the request although it looks failed. */
function isLost(error: unknown): boolean {
  if (isAbort(error)) return true;
  return error instanceof SluiceError && ['unreachable', 'interrupted', 'failed'].includes(error.code);
}

/** The grant with what lost calls have made of it; `unread`: what could not be looked up, and may be there. */
async function withLost(
  deps: GrantDeps,
  grant: Grant,
  signal: AbortSignal,
): Promise<{ readonly grant: Grant; readonly unread: readonly string[] }> {
  const unread: string[] = [];
  const look = async (ref: ApiRef, what: string) => {
    try {
      return await ours(deps, grant, ref, signal);
    } catch (error) {
      const why = asSluiceError(error).message.replace(/\.$/, '');
      unread.push(`${what} ${ref.namespace}/${ref.name} may have been created: ${why}`);
      return undefined;
    }
  };
  const halves = await Promise.all(
    grant.halves.map(async (half): Promise<GrantHalf> => {
      const name = objectName(grant.id, half.direction);
      const lease = half.lease ?? (await look(jobRef(half.namespace, name), 'Job'));
      const policy = half.policy ?? (await look(policyRef(half.namespace, name), 'NetworkPolicy'));
      return {
        ...half,
        ...(lease === undefined ? {} : { lease }),
        ...(policy === undefined ? {} : { policy }),
      };
    }),
  );
  return { grant: { ...grant, halves }, unread };
}

async function ours(
  deps: GrantDeps,
  { id, requester }: Grant,
  ref: ApiRef,
  signal: AbortSignal,
): Promise<GrantObject | undefined> {
  const object = await deps.api.read(ref, signal);
  const { labels, annotations, uid, name } = object?.metadata ?? {};
  const isOurs = labels?.[GRANT_LABEL] === id && annotations?.[NOTE.requester] === requester;
  return isOurs && uid !== undefined && name !== undefined ? { name, uid } : undefined;
}
