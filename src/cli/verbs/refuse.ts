import { refuse as refuseRequest, whyLeft } from '../../session/session.ts';
import { type VerbContext, writeAnswer } from '../shared/shared.ts';
import { reasonOf } from './asked-grant.ts';
import { exitOfEnds, tellLeft } from './ended.ts';
import { pickRequest, withGrants } from './with-grants.ts';

/**
 * `sluice refuse ID --reason "use the replica"`: removes a request, and tells whoever waits for it why (GRANT-33).
 *
 * @returns 1 when a half was not removed or not recorded in the log, 4 when that can't be told, 6 when a lease is left
 */
export async function refuse(
  context: VerbContext,
  id: string,
  { reason: text }: { readonly reason: string },
): Promise<number> {
  const { options, output, signal } = context;
  const reason = reasonOf(text);
  return withGrants(context, 'wherever', async (deps, found) => {
    const request = pickRequest(found, id);
    const end = await refuseRequest(deps, request, reason, signal);
    const { revoked, unknown, halves, leftovers, unrecorded } = end;
    const recorded = unrecorded.length === 0;
    writeAnswer(
      output,
      options.output,
      { id, refused: revoked, unknown, reason, halves, leftovers, recorded, unrecorded },
      () => `${id} ${revoked ? 'refused' : `NOT ${unknown ? 'known to be ' : ''}refused`}: ${reason}\n`,
    );
    const left = whyLeft(halves);
    if (left.length > 0)
      output.err(`sluice: The request is left: ${left.join('; ')}.\n        Try again; it ends by itself.\n`);
    tellLeft(output, end);
    return exitOfEnds([end]);
  });
}
