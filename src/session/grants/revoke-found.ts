import type { Grant } from '../../core/access/grant.ts';
import { SluiceError } from '../../core/errors.ts';
import { removeLeases, removePolicies } from './end-grant.ts';
import { type GrantDeps, objectsOf, record } from './record.ts';

/**
 * Ends a grant that another process made, or that was left behind, and audits it.
 *
 * @throws SluiceError `failed` when something of it is still in force
 */
export async function revokeFound(deps: GrantDeps, grant: Grant, signal: AbortSignal): Promise<void> {
  await record(deps, 'intent', grant, `about to revoke a grant of ${grant.requester}`, objectsOf(grant));
  const left = await removePolicies(deps, grant, signal);
  if (left.length === 0) await removeLeases(deps, grant, signal);
  if (left.length > 0) {
    await record(deps, 'failed', grant, `not revoked: ${left.join('; ')}`, objectsOf(grant));
    throw new SluiceError(
      'failed',
      `${grant.id} is not revoked: ${left.join('; ')}.`,
      'Try again, or delete the NetworkPolicy by hand.',
    );
  }
  await record(deps, 'revoked', grant, `revoked by ${deps.identity.username}`, objectsOf(grant));
}
