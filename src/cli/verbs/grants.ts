import { formatCountdown, plural, SluiceError } from '../../core/common/common.ts';
import { formatPorts, type Grant, isOverdue, livesOf, troublesOf } from '../../core/grants/grants.ts';
import { EXIT, type VerbContext, writeAnswer } from '../shared/shared.ts';
import { grantJson } from './line-events.ts';
import { table } from './table.ts';
import { earliestNow, withGrants } from './with-grants.ts';

/**
 * `sluice grants`: active grants of all users in the current namespace, or in all namespaces with `-A`, and what is wrong
 * with them (GRANT-17).
 *
 * @returns 3 if something is wrong with any of them, 4 if a half of one is out of view
 */
export async function grants(context: VerbContext): Promise<number> {
  return withGrants(context, 'in-view', async ({ api }, found, cluster) => {
    const { grants: active, requests, objects, namespace } = found;
    const { options, output } = context;
    const around = active.length === 0 ? undefined : await cluster();
    const now = api.clock.now();
    const known = around instanceof SluiceError ? undefined : around?.engine;
    const judged = active.map((grant): Grant => ({ ...grant, drift: troublesOf(grant, now, known) }));
    const lives = livesOf(objects, earliestNow(api.clock));
    const json = judged.map((grant) => ({ ...grantJson(grant), life: lives.get(grant.id)?.stage }));
    writeAnswer(output, options.output, json, () =>
      judged.length === 0
        ? noGrants(namespace)
        : table(
            ['id', 'source', 'destination', 'ports', 'left', 'requester', 'reason', 'trouble'],
            judged.map((grant) => [
              grant.id,
              grant.source,
              grant.destination,
              formatPorts(grant.ports),
              leftText(grant, now),
              grant.requester,
              [grant.ticket, grant.reason].filter((text) => text !== undefined).join(' '),
              grant.drift.join('; '),
            ]),
          ),
    );
    if (around instanceof SluiceError)
      output.err(`sluice: Judged by their objects alone, as the cluster can't be read: ${around.message}\n`);
    if (requests.length > 0)
      output.err(
        `sluice: ${plural(requests.length, 'request')} for approval wait here.\n        sluice requests lists them.\n`,
      );
    const left = [...lives.values()].filter(({ stage }) => stage === 'leftover').length;
    if (left > 0)
      output.err(
        `sluice: ${plural(left, 'leftover')} among them.\n        sluice sweep --dry-run explains what is left, and sluice sweep removes it.\n`,
      );
    return codeOf(judged);
  });
}

/** A half out of view may be sound or not; each is one of the troubles. */
function codeOf(grants: readonly Grant[]): number {
  if (grants.some(({ drift, unseen = [] }) => drift.length > unseen.length)) return EXIT.deny;
  return grants.some(({ unseen = [] }) => unseen.length > 0) ? EXIT.undecidable : EXIT.done;
}

function leftText(grant: Grant, now: number): string {
  if (grant.window === undefined) return '?';
  return isOverdue(grant, now) ? 'overdue' : formatCountdown(grant.window.end - now);
}

/** The message when there are no active grants. */
export function noGrants(namespace: string | undefined): string {
  return namespace === undefined
    ? 'No grants found.\n'
    : `No grants found in ${namespace} namespace. Use -A to list all namespaces.\n`;
}
