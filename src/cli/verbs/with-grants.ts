import { asSluiceError, nearestNames, SluiceError } from '../../core/common/common.ts';
import type { Grant, GrantObjects } from '../../core/grants/grants.ts';
import type { Engine } from '../../core/policy/decide/decide.ts';
import { missingNamespace } from '../../core/policy/path/path.ts';
import type { ClusterApi, ServerClock } from '../../core/ports/ports.ts';
import {
  type Connection,
  findObjects,
  type GrantDeps,
  grantsOf,
  lazyAudit,
  recordEnds,
} from '../../session/session.ts';
import { needPods, openConnection, withRuntime } from '../connect/connect.ts';
import { type GlobalOptions, type Output, systemClock, VERSION, type VerbContext } from '../shared/shared.ts';

/** Which namespaces to search: the current one or that of `-n`, as kubectl does, or all that the user can see. */
export type GrantScope = 'in-view' | 'wherever';

/** The grants found in `namespace`, or in all namespaces if undefined, and the objects by which they were. */
export type FoundGrants = {
  readonly grants: readonly Grant[];
  readonly objects: GrantObjects;
  readonly namespace: string | undefined;
};

/** The cluster as it is now, for judging grants in it; `only`: the one namespace of it that can be read. */
export type JudgedCluster = { readonly engine: Engine; readonly only: string | undefined };

/** Reads the cluster, or says why it can't be judged. */
export type ReadCluster = () => Promise<JudgedCluster | SluiceError>;

/**
 * Runs a verb's work on the active grants. The audit log is opened on the first write: listing does not need it, and
 * revoking must work without it.
 *
 * @param scope `wherever` searches all namespaces unless `-n` is set, or only the current one without permission for all
 */
export async function withGrants(
  { options, config, output, signal }: VerbContext,
  scope: GrantScope,
  work: (deps: GrantDeps, found: FoundGrants, cluster: ReadCluster) => Promise<number>,
): Promise<number> {
  const connection = await openConnection(options, {}, signal);
  try {
    const { api } = connection;
    const [info, identity] = await Promise.all([api.info(signal), api.identity(signal)]);
    const audit = lazyAudit(() => connection.audit(info));
    const own = connection.namespace ?? 'default';
    const found = await findInScope(api, options, own, scope, signal);
    if (found.namespace === own && found.grants.length === 0)
      await checkNamespace(api, options.namespace, signal);
    const limits = config.limits;
    const deps = { api, audit, identity, info, clock: systemClock, version: VERSION, limits };
    await writeEnds(deps, connection, output, signal);
    return await work(deps, found, () => readCluster(connection, signal));
  } finally {
    await connection.dispose();
  }
}

/**
 * The earliest that it may be on the server, ms: by this, nothing is too old that is not. `-Infinity` while the server
 * did not tell its time; the local clock is not asked (GRANT-21).
 */
export function earliestNow(clock: ServerClock): number {
  return clock.now() - clock.error;
}

/** How long a verb waits for the ends of earlier grants to be written down, ms. */
const ENDS_WITHIN = 5_000;

/** Writes down ends that nobody did (GRANT-20); a verb goes on without, and says what it could not write. */
export async function writeEnds(
  deps: GrantDeps,
  connection: Connection,
  { err }: Output,
  signal: AbortSignal,
): Promise<void> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(ENDS_WITHIN)]);
  await recordEnds(deps, connection, within).catch((error: unknown) => {
    signal.throwIfAborted();
    err(
      `sluice: WARNING: The ends of earlier grants could not be recorded: ${asSluiceError(error).message}\n`,
    );
  });
}

async function readCluster(
  connection: Connection,
  signal: AbortSignal,
): Promise<JudgedCluster | SluiceError> {
  const borrowed = { ...connection, dispose: async () => undefined };
  return withRuntime(borrowed, { traffic: false, signal }, async (runtime) => {
    needPods(runtime);
    return { engine: runtime.engine, only: runtime.confinedTo() };
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    return asSluiceError(error);
  });
}

/**
 * Finds the active grants of a scope.
 *
 * @param own the namespace of `-n`, else of the context
 */
export async function findInScope(
  api: ClusterApi,
  options: GlobalOptions,
  own: string,
  scope: GrantScope,
  signal: AbortSignal,
): Promise<FoundGrants> {
  const everywhere =
    options.allNamespaces === true || (scope === 'wherever' && options.namespace === undefined);
  const namespace = everywhere ? undefined : own;
  const look = async (where: string | undefined): Promise<FoundGrants> => {
    const objects = await findObjects(api, where, signal);
    return { grants: grantsOf(objects), objects, namespace: where };
  };
  return look(namespace).catch((error: unknown) => {
    const confined = error instanceof SluiceError && error.code === 'forbidden' && namespace === undefined;
    if (!confined || options.allNamespaces === true) throw error;
    return look(own);
  });
}

/**
 * Rejects a mistyped namespace, which would look as if it had no grants. Not everyone may list namespaces.
 *
 * @throws SluiceError `not-found`
 */
async function checkNamespace(api: ClusterApi, name: string | undefined, signal: AbortSignal): Promise<void> {
  if (name === undefined) return;
  const collection = { group: '', version: 'v1', resource: 'namespaces' };
  const known = await api.list(collection, { signal }).catch((error: unknown) => {
    if (error instanceof SluiceError && error.code === 'forbidden') return [];
    throw error;
  });
  const problem = missingNamespace(
    name,
    known.map(({ metadata }) => metadata.name),
  );
  if (problem !== undefined) throw problem;
}

/** The grant with an id. Throws `not-found`, with the nearest id and the active grants. */
export function pickGrant({ grants, namespace }: FoundGrants, id: string): Grant {
  const grant = grants.find((candidate) => candidate.id === id);
  if (grant !== undefined) return grant;
  const ids = grants.map((candidate) => candidate.id);
  const near = nearestNames(id, ids, 2);
  const meant = near.length === 0 ? '' : `Did you mean ${near.join(' or ')}? `;
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  throw new SluiceError(
    'not-found',
    `Grant "${id}" not found${where}.`,
    ids.length === 0 ? `There are no active grants${where}.` : `${meant}Active grants: ${ids.join(', ')}.`,
  );
}
