import type { Grant, GrantHalf, GrantObject } from '../../../core/access/grant.ts';
import { GRANT_LABEL, NOTE, objectName } from '../../../core/access/names.ts';
import { asSluiceError, isAbort, SluiceError } from '../../../core/errors.ts';
import type { ApiRef } from '../../../core/ports.ts';
import { pause } from '../../../wait.ts';
import { jobRef, policyRef } from '../objects.ts';
import { type GrantDeps, objectsOf, record } from '../record.ts';
import { removeLeases, removePolicies } from './end-grant.ts';

/** All of a rollback together. */
const UNDO_WITHIN = 12_000;

/** Between two looks for what an unanswered call may still have made. */
const LOOK_AGAIN: readonly number[] = [0, 300, 1_200];

/**
 * Removes everything that was made of a grant that can't be completed, and audits the failure. A POST whose answer was
 * lost may have been stored all the same, even after a moment: its object is looked for by name, and is ours only with
 * our label and our name on it.
 *
 * @returns the error to throw: the first one; where something is left behind, one that names it
 */
export async function rollBack(deps: GrantDeps, grant: Grant, error: unknown): Promise<unknown> {
  const undo = AbortSignal.timeout(UNDO_WITHIN);
  const lost = isLost(error);
  let made = grant;
  let left: readonly string[] = [];
  for (const wait of LOOK_AGAIN) {
    await pause(wait, undo).catch(() => undefined);
    if (lost) made = await withLost(deps, made, undo);
    const policies = await removePolicies(deps, made, undo);
    left = [...policies.left, ...(await removeLeases(deps, made, undo))];
    if (left.length === 0 && !lost) break;
  }
  const message = asSluiceError(error).message;
  const outcome =
    left.length === 0
      ? `${message} Everything made was removed.`
      : `${message} Left behind: ${left.join('; ')}.`;
  const unrecorded = await record(deps, 'failed', made, outcome, objectsOf(made)).then(
    () => '',
    (cause: unknown) => ` It is not in the audit log: ${asSluiceError(cause).message}`,
  );
  if (left.length === 0) return error;
  return new SluiceError(
    'left-open',
    `${outcome}${unrecorded}`,
    `Its lease ends it; try sluice revoke ${grant.id}.`,
    error,
  );
}

/** Whether the server may have done what it was asked without our knowing. */
function isLost(error: unknown): boolean {
  if (isAbort(error)) return true;
  return error instanceof SluiceError && ['unreachable', 'interrupted', 'failed'].includes(error.code);
}

async function withLost(deps: GrantDeps, grant: Grant, signal: AbortSignal): Promise<Grant> {
  const halves = await Promise.all(
    grant.halves.map(async (half): Promise<GrantHalf> => {
      const name = objectName(grant.id, half.direction);
      const lease = half.lease ?? (await ours(deps, grant, jobRef(half.namespace, name), signal));
      const policy = half.policy ?? (await ours(deps, grant, policyRef(half.namespace, name), signal));
      return {
        ...half,
        ...(lease === undefined ? {} : { lease }),
        ...(policy === undefined ? {} : { policy }),
      };
    }),
  );
  return { ...grant, halves };
}

async function ours(
  deps: GrantDeps,
  { id, requester }: Grant,
  ref: ApiRef,
  signal: AbortSignal,
): Promise<GrantObject | undefined> {
  const object = await deps.api.read(ref, signal).catch(() => undefined);
  const { labels, annotations, uid, name } = object?.metadata ?? {};
  const isOurs = labels?.[GRANT_LABEL] === id && annotations?.[NOTE.requester] === requester;
  return isOurs && uid !== undefined && name !== undefined ? { name, uid } : undefined;
}
