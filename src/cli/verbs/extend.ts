import { parseDuration } from '../../core/common/common.ts';
import { extendGrant } from '../../session/session.ts';
import { EXIT, type VerbContext, writeAnswer } from '../shared/shared.ts';
import { grantJson } from './line-events.ts';
import { pickGrant, withGrants } from './with-grants.ts';

/** `sluice extend ID --for 15m`: extends a grant; reports it if only some of its halves could be extended. */
export async function extend(
  context: VerbContext,
  id: string,
  { for: duration }: { readonly for: string },
): Promise<number> {
  const { config, output, options, signal } = context;
  const seconds = parseDuration(duration, config.limits.maxSeconds);
  return withGrants(context, 'wherever', async (deps, found) => {
    const grant = pickGrant(found, id);
    const longer = await extendGrant(deps, grant, seconds, signal);
    const end = new Date(longer.window?.end ?? 0).toISOString();
    writeAnswer(
      output,
      options.output,
      grantJson(longer),
      () => `${id} extended by ${duration}, until ${end}\n`,
    );
    const news = longer.drift.filter((text) => !grant.drift.includes(text));
    for (const text of news) output.err(`sluice: WARNING: ${id}: ${text}\n`);
    return news.length === 0 ? EXIT.done : EXIT.failed;
  });
}
