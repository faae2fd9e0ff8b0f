import { formatCountdown, parseDuration } from '../../core/access/duration.ts';
import type { Grant } from '../../core/access/grant.ts';
import { formatPorts } from '../../core/access/names.ts';
import { SluiceError } from '../../core/errors.ts';
import { extendGrant } from '../../session/grants/extend-grant.ts';
import { findGrants } from '../../session/grants/find-grants.ts';
import type { GrantDeps } from '../../session/grants/record.ts';
import { revokeFound } from '../../session/grants/revoke-found.ts';
import { systemClock } from '../clock.ts';
import { openConnection } from '../connect/compose.ts';
import { EXIT } from '../exit-codes.ts';
import { grantJson } from '../lines/events.ts';
import { table } from '../output/text.ts';
import { writeAnswer } from '../output/write.ts';
import { VERSION } from '../version.ts';
import type { VerbContext } from './context.ts';

/** `sluice grants`: every grant that stands, whoever made it. */
export async function grants(context: VerbContext): Promise<number> {
  return withGrants(context, async (deps, found) => {
    const { options, output } = context;
    const now = deps.api.clock.now();
    writeAnswer(output, options.output, found.map(grantJson), () =>
      found.length === 0
        ? 'No grants.\n'
        : table(
            ['id', 'source', 'destination', 'ports', 'left', 'requester', 'reason', 'trouble'],
            found.map((grant) => [
              grant.id,
              grant.source,
              grant.destination,
              formatPorts(grant.ports),
              grant.window === undefined ? '?' : formatCountdown(grant.window.end - now),
              grant.requester,
              [grant.ticket, grant.reason].filter((text) => text !== undefined).join(' '),
              grant.drift.join('; '),
            ]),
          ),
    );
    return EXIT.done;
  });
}

/** `sluice revoke ID…` or `--all`: ends grants now; done when the server says that they are gone. */
export async function revoke(
  context: VerbContext,
  ids: readonly string[],
  { all }: { readonly all?: boolean },
): Promise<number> {
  if (ids.length === 0 && all !== true) {
    throw new SluiceError(
      'usage',
      'No grant is named.',
      'Name one, as sluice grants lists them, or say --all.',
    );
  }
  return withGrants(context, async (deps, found) => {
    const chosen = all === true ? found : ids.map((id) => pick(found, id));
    for (const grant of chosen) await revokeFound(deps, grant, context.signal);
    writeAnswer(
      context.output,
      context.options.output,
      chosen.map((grant) => ({ id: grant.id, revoked: true })),
      () =>
        chosen.length === 0
          ? 'No grants.\n'
          : chosen
              .map(({ id, source, destination }) => `${id} revoked: ${source} → ${destination}\n`)
              .join(''),
    );
    return EXIT.done;
  });
}

/** `sluice extend ID --for 15m`: moves the end of a grant. */
export async function extend(
  context: VerbContext,
  id: string,
  { for: duration }: { readonly for: string },
): Promise<number> {
  const seconds = parseDuration(duration, context.config.limits.maxSeconds);
  return withGrants(context, async (deps, found) => {
    const longer = await extendGrant(deps, pick(found, id), seconds, context.signal);
    const end = new Date(longer.window?.end ?? 0).toISOString();
    writeAnswer(
      context.output,
      context.options.output,
      grantJson(longer),
      () => `${id} extended by ${duration}, until ${end}\n`,
    );
    return EXIT.done;
  });
}

function pick(found: readonly Grant[], id: string): Grant {
  const grant = found.find((candidate) => candidate.id === id);
  if (grant !== undefined) return grant;
  const known = found.map((candidate) => candidate.id).join(', ');
  throw new SluiceError(
    'not-found',
    `There is no grant "${id}".`,
    known === '' ? 'No grants stand at all.' : `Standing: ${known}.`,
  );
}

async function withGrants(
  { options, config, signal }: VerbContext,
  work: (deps: GrantDeps, found: readonly Grant[]) => Promise<number>,
): Promise<number> {
  const connection = await openConnection(options, {}, signal);
  try {
    const { api } = connection;
    const [info, identity] = await Promise.all([api.info(signal), api.identity(signal)]);
    const audit = await connection.audit(info);
    const namespace =
      options.allNamespaces === true || options.namespace === undefined ? undefined : options.namespace;
    const found = await findGrants(api, namespace, signal).catch(async (error: unknown) => {
      const confined = error instanceof SluiceError && error.code === 'forbidden' && namespace === undefined;
      if (!confined || options.allNamespaces === true) throw error;
      return findGrants(api, connection.namespace ?? 'default', signal);
    });
    return await work(
      { api, audit, identity, info, clock: systemClock, version: VERSION, limits: config.limits },
      found,
    );
  } finally {
    await connection.dispose();
  }
}
