import { SluiceError } from '../../core/common/common.ts';
import type { Grant } from '../../core/grants/grants.ts';
import { findGrants, type GrantDeps, lazyAudit } from '../../session/session.ts';
import { openConnection } from '../connect/connect.ts';
import { systemClock, VERSION, type VerbContext } from '../shared/shared.ts';

/** Which namespaces to search: the current one or that of `-n`, as kubectl does, or all that the user can see. */
export type GrantScope = 'in-view' | 'wherever';

/** The grants found in `namespace`, or in all namespaces if undefined. */
export type FoundGrants = { readonly grants: readonly Grant[]; readonly namespace: string | undefined };

/**
 * Runs a verb's work on the active grants. The audit log is opened on the first write: listing does not need it, and
 * revoking must work without it.
 *
 * @param scope `wherever` searches all namespaces unless `-n` is set, or only the current one without permission for all
 */
export async function withGrants(
  { options, config, signal }: VerbContext,
  scope: GrantScope,
  work: (deps: GrantDeps, found: FoundGrants) => Promise<number>,
): Promise<number> {
  const connection = await openConnection(options, {}, signal);
  try {
    const { api } = connection;
    const [info, identity] = await Promise.all([api.info(signal), api.identity(signal)]);
    const audit = lazyAudit(() => connection.audit(info));
    const own = connection.namespace ?? 'default';
    const everywhere =
      options.allNamespaces === true || (scope === 'wherever' && options.namespace === undefined);
    const namespace = everywhere ? undefined : own;
    const look = async (where: string | undefined): Promise<FoundGrants> => ({
      grants: await findGrants(api, where, signal),
      namespace: where,
    });
    const found = await look(namespace).catch((error: unknown) => {
      const confined = error instanceof SluiceError && error.code === 'forbidden' && namespace === undefined;
      if (!confined || options.allNamespaces === true) throw error;
      return look(own);
    });
    const limits = config.limits;
    return await work({ api, audit, identity, info, clock: systemClock, version: VERSION, limits }, found);
  } finally {
    await connection.dispose();
  }
}

/** The grant with an id. Throws `not-found`, listing the active grants. */
export function pickGrant({ grants, namespace }: FoundGrants, id: string): Grant {
  const grant = grants.find((candidate) => candidate.id === id);
  if (grant !== undefined) return grant;
  const known = grants.map((candidate) => candidate.id).join(', ');
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  throw new SluiceError(
    'not-found',
    `Grant "${id}" not found${where}.`,
    known === '' ? `There are no active grants${where}.` : `Active grants: ${known}.`,
  );
}
