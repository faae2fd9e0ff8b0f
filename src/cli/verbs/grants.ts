import { formatCountdown } from '../../core/common/common.ts';
import { formatPorts } from '../../core/grants/grants.ts';
import { EXIT, type VerbContext, writeAnswer } from '../shared/shared.ts';
import { grantJson } from './line-events.ts';
import { table } from './table.ts';
import { withGrants } from './with-grants.ts';

/** `sluice grants`: the grants that stand in the namespace in view, or with `-A` in all, whoever made them. */
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

/** What to say where none stand, and how to look further. */
export function noGrants(namespace: string | undefined): string {
  return namespace === undefined
    ? 'No grants.\n'
    : `No grants in namespace ${namespace}; -A looks at all namespaces.\n`;
}
