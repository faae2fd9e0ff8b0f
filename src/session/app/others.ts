import type { Grant } from '../../core/access/grant.ts';
import { GRANT_LABEL } from '../../core/access/names.ts';
import { findGrants } from '../grants/steps/find-grants.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Looks for grants that others made: they show up as labelled policies, and their leases are read from the server. To
 * be called whenever policies change; calls that come while it looks lead to one more look.
 *
 * @param onFound gets what stands now, once per look; not called while there was and is none
 */
export function watchOthers(
  runtime: () => Runtime | undefined,
  confinedTo: () => string | undefined,
  onFound: (grants: readonly Grant[]) => void,
  onError: (error: unknown) => void,
  signal: AbortSignal,
): () => Promise<void> {
  let found = 0;
  let looking = false;
  let again = false;

  const lookOnce = async (at: Runtime) => {
    const labelled = [...at.model.policies()].some(({ labels }) => labels[GRANT_LABEL] !== undefined);
    if (!labelled && found === 0) return;
    const grants = labelled ? await findGrants(at.connection.api, confinedTo(), signal) : [];
    found = grants.length;
    onFound(grants);
  };

  return async () => {
    const at = runtime();
    if (looking || at === undefined) {
      again = looking;
      return;
    }
    looking = true;
    try {
      do {
        again = false;
        await lookOnce(at);
      } while (again && !signal.aborted);
    } catch (error) {
      onError(error);
    } finally {
      looking = false;
    }
  };
}
