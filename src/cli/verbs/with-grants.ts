import { SluiceError } from '../../core/common/common.ts';
import type { Grant } from '../../core/grants/grants.ts';
import { findGrants, type GrantDeps, lazyAudit } from '../../session/session.ts';
import { openConnection } from '../connect/connect.ts';
import { systemClock, VERSION, type VerbContext } from '../shared/shared.ts';

/** Which namespaces to look into: that of the context or of `-n`, as kubectl does, or all that may be seen. */
export type GrantScope = 'in-view' | 'wherever';

/** Grants as found, and where they were looked for; `namespace` undefined: everywhere. */
export type FoundGrants = { readonly grants: readonly Grant[]; readonly namespace: string | undefined };

/**
 * Runs a verb's work on the grants that stand. The audit log is opened when something is written to it: looking needs
 * none, and an end must be possible without.
 *
 * @param scope `wherever` looks everywhere unless `-n` was given, and in one namespace when no more may be seen
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

/** The grant with an id. Throws `not-found`, naming those that stand where it was looked for. */
export function pickGrant({ grants, namespace }: FoundGrants, id: string): Grant {
  const grant = grants.find((candidate) => candidate.id === id);
  if (grant !== undefined) return grant;
  const known = grants.map((candidate) => candidate.id).join(', ');
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  throw new SluiceError(
    'not-found',
    `There is no grant "${id}"${where}.`,
    known === '' ? `No grants stand${where === '' ? ' at all' : where}.` : `Standing: ${known}.`,
  );
}
