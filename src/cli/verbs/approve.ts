import { SluiceError } from '../../core/common/common.ts';
import { isoSeconds, namesPlan, planName } from '../../core/grants/grants.ts';
import { approve as approveRequest, mustBeFit, reviewRequest } from '../../session/session.ts';
import { EXIT, type VerbContext, writeAnswer } from '../shared/shared.ts';
import { grantJson } from './line-events.ts';
import { reviewJson, reviewText } from './request-text.ts';
import { known, tellCustom } from './requests.ts';
import { pickRequest, withGrants } from './with-grants.ts';

export type ApproveOptions = { readonly plan?: string };

/** Asks whoever is at the terminal; undefined if nobody is. */
export type Ask = ((question: string, signal: AbortSignal) => Promise<boolean>) | undefined;

/**
 * `sluice approve ID`: opens the path of somebody else's request (GRANT-32), as it would be planned now: what `--plan`
 * names, or what is confirmed on the terminal.
 *
 * @returns 3 when nothing was approved because the plan was not named, or was declined
 */
export async function approve(
  context: VerbContext,
  id: string,
  { plan: named }: ApproveOptions,
  ask: Ask,
): Promise<number> {
  const { options, output, signal } = context;
  return withGrants(context, 'wherever', async (deps, found, cluster) => {
    const request = pickRequest(found, id);
    const around = await known(cluster);
    const review = await reviewRequest(deps, around, request, signal);
    const { hash } = review;
    const isNamed = named !== undefined && namesPlan(hash, named);
    if (!isNamed) {
      const text = () => reviewText(review, deps.api.clock.now());
      writeAnswer(output, options.output, reviewJson(review), text);
    }
    await tellCustom(context, deps, review);
    mustBeFit(review);
    if (named !== undefined && !isNamed) {
      throw new SluiceError(
        'refused',
        `"${named}" does not name the plan as it is now, ${planName(hash)}.`,
        `Review it above, then add --plan ${planName(hash)}.`,
      );
    }
    if (!isNamed && (ask === undefined || options.output !== 'table')) {
      output.err(
        `sluice: Nothing is approved yet.\n        To open this path, add --plan ${planName(hash)}.\n`,
      );
      return EXIT.deny;
    }
    if (!isNamed && !(await ask?.('Open this path? [y/N] ', signal))) {
      output.err('sluice: Nothing is approved.\n');
      return EXIT.deny;
    }
    const { grant } = await approveRequest(deps, around, request, hash, signal);
    const end = isoSeconds(grant.window?.end ?? 0);
    writeAnswer(
      output,
      options.output,
      grantJson(grant),
      () => `${id} approved: ${grant.source} → ${grant.destination}, open until ${end}\n`,
    );
    for (const text of grant.drift) output.err(`sluice: WARNING: ${id}: ${text}\n`);
    return grant.drift.length === 0 ? EXIT.done : EXIT.failed;
  });
}
