import type { Revoked } from '../../session/session.ts';
import { EXIT, type Output } from '../shared/shared.ts';

/**
 * The exit code of ends: 1 when a half was not ended or not recorded, 3 when a path is open all the same, 6 when a lease is
 * left behind, 4 when it can't be told whether a half is gone.
 *
 * @param isOpen whether a path is open through others
 */
export function exitOfEnds(ends: readonly Revoked[], isOpen = false): number {
  if (ends.some(({ revoked, unknown, unrecorded }) => (!revoked && !unknown) || unrecorded.length > 0))
    return EXIT.failed;
  if (isOpen) return EXIT.deny;
  if (ends.some(({ leftovers }) => leftovers.length > 0)) return EXIT.leftovers;
  // Who may read only some namespaces has done what was asked for; that the rest is unknown is said.
  return ends.some(({ unknown }) => unknown) ? EXIT.undecidable : EXIT.done;
}

/** Warns of leases left behind, and of what is not on record. */
export function tellLeft({ err }: Output, { id, leftovers, unrecorded }: Revoked): void {
  for (const text of leftovers)
    err(
      `sluice: ${id}: a lease is left behind: ${text}.\n        Once nothing holds it, sluice sweep removes it.\n`,
    );
  for (const text of unrecorded) err(`sluice: WARNING: ${id} is not in the audit log: ${text}\n`);
}
