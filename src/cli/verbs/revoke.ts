import { SluiceError } from '../../core/common/common.ts';
import type { Grant } from '../../core/grants/grants.ts';
import { type GrantDeps, type Revoked, revokeFound } from '../../session/session.ts';
import { EXIT, type Output, type VerbContext, writeAnswer } from '../shared/shared.ts';
import { noGrants } from './grants.ts';
import { pickGrant, withGrants } from './with-grants.ts';

/**
 * `sluice revoke ID…` or `--all`: ends grants now; done when the server confirms that every half is gone. `--all` means
 * the current namespace, or all namespaces with `-A`. A grant that can't be revoked does not stop the rest.
 *
 * @returns 1 when a half was not revoked or not recorded in the log, 6 when only a lease is left behind
 */
export async function revoke(
  context: VerbContext,
  ids: readonly string[],
  { all }: { readonly all?: boolean },
): Promise<number> {
  if (ids.length === 0 && all !== true) {
    throw new SluiceError('usage', 'No grant specified.', 'Pass an id from sluice grants, or use --all.');
  }
  const { output, options, signal } = context;
  return withGrants(context, all === true ? 'in-view' : 'wherever', async (deps, found) => {
    const chosen = all === true ? found.grants : [...new Set(ids)].map((id) => pickGrant(found, id));
    const results = await revokeEach(deps, chosen, signal);
    writeAnswer(output, options.output, results.map(resultJson), () =>
      results.length === 0 ? noGrants(found.namespace) : results.map(resultText).join(''),
    );
    warn(output, results);
    if (results.length < chosen.length) {
      throw new SluiceError(
        'left-open',
        `Interrupted: ${chosen.length - results.length} of ${chosen.length} grants were not revoked.`,
        'Run the command again for the rest.',
      );
    }
    return codeOf(results);
  });
}

type Result = { readonly grant: Grant; readonly end: Revoked };

/** One after the other; an interrupt takes effect between grants, never within one. */
async function revokeEach(
  deps: GrantDeps,
  grants: readonly Grant[],
  signal: AbortSignal,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const grant of grants) {
    if (signal.aborted) break;
    results.push({ grant, end: await revokeFound(deps, grant) });
  }
  return results;
}

function codeOf(results: readonly Result[]): number {
  if (results.some(({ end }) => !end.revoked || end.unrecorded.length > 0)) return EXIT.failed;
  return results.some(({ end }) => end.leftovers.length > 0) ? EXIT.leftovers : EXIT.done;
}

function resultJson({ end }: Result): Readonly<Record<string, unknown>> {
  const { id, revoked, halves, leftovers, unrecorded } = end;
  return { id, revoked, halves, leftovers, recorded: unrecorded.length === 0, unrecorded };
}

function resultText({ grant, end }: Result): string {
  const path = `${grant.source} → ${grant.destination}`;
  if (end.revoked) return `${grant.id} revoked: ${path}\n`;
  const halves = end.halves.map(
    ({ direction, namespace, done, why }) =>
      `  ${direction} in ${namespace}: ${done ? 'revoked' : `not revoked: ${why ?? '?'}`}\n`,
  );
  return `${grant.id} NOT revoked: ${path}\n${halves.join('')}`;
}

function warn({ err }: Output, results: readonly Result[]): void {
  for (const { end } of results) {
    if (!end.revoked) {
      const left = end.halves.flatMap(({ done, why }) => (done ? [] : [why ?? '?']));
      err(
        `sluice: Unable to revoke ${end.id}: ${left.join('; ')}.\n        Try again, or delete the NetworkPolicy manually.\n`,
      );
    }
    for (const text of end.leftovers) err(`sluice: ${end.id}: a lease is left behind: ${text}.\n`);
    for (const text of end.unrecorded) err(`sluice: WARNING: ${end.id} is not in the audit log: ${text}\n`);
  }
}
