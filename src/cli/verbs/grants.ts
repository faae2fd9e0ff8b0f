import { formatCountdown } from '../../core/common/common.ts';
import { formatPorts } from '../../core/grants/grants.ts';
import { EXIT, type VerbContext, writeAnswer } from '../shared/shared.ts';
import { grantJson } from './line-events.ts';
import { table } from './table.ts';
import { withGrants } from './with-grants.ts';

/** `sluice grants`: active grants of all users in the current namespace, or in all namespaces with `-A`. */
export async function grants(context: VerbContext): Promise<number> {
  return withGrants(context, 'in-view', async ({ api }, { grants: found, namespace }) => {
    const { options, output } = context;
    const now = api.clock.now();
    writeAnswer(output, options.output, found.map(grantJson), () =>
      found.length === 0
        ? noGrants(namespace)
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

/** The message when there are no active grants. */
export function noGrants(namespace: string | undefined): string {
  return namespace === undefined
    ? 'No grants found.\n'
    : `No grants found in ${namespace} namespace. Use -A to list all namespaces.\n`;
}
