import { asSluiceError, type Limits, nearestNames, SluiceError } from '../../core/common/common.ts';
import type { Grant, GrantObjects } from '../../core/grants/grants.ts';
import { missingNamespace } from '../../core/policy/path/path.ts';
import type { ClusterApi, ServerClock } from '../../core/ports/ports.ts';
import {
  type Connection,
  findObjects,
  type GrantDeps,
  grantsOf,
  lazyAudit,
  type PlanGround,
  recordEnds,
  requestsOf,
} from '../../session/session.ts';
import { needPods, openConnection, withRuntime } from '../connect/connect.ts';
import { type GlobalOptions, type Output, systemClock, VERSION, type VerbContext } from '../shared/shared.ts';

/** Which namespaces to search: the current one or that of `-n`, as kubectl does, or all that the user can see. */
export type GrantScope = 'in-view' | 'wherever';

/** What was found in `namespace`, or in all namespaces if undefined, and the objects by which it was. */
export type FoundGrants = {
  readonly grants: readonly Grant[];
  /** Those that wait for approval. */
  readonly requests: readonly Grant[];
  readonly objects: GrantObjects;
  readonly namespace: string | undefined;
};

/** The cluster as it is now, for judging grants in it; `only`: the one namespace of it that can be read. */
export type JudgedCluster = PlanGround & {
  readonly only: string | undefined;
  readonly connections: Connection['connections'];
};

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
  const connection = await openConnection(options, { sockets: true }, signal);
  try {
    const { api } = connection;
    const [info, identity] = await Promise.all([api.info(signal), api.identity(signal)]);
    const audit = lazyAudit(() => connection.audit(info));
    const own = connection.namespace ?? 'default';
    const found = await findInScope(api, options, own, scope, signal);
    if (found.namespace === own && found.grants.length + found.requests.length === 0)
      await checkNamespace(api, options.namespace, signal);
    const limits = config.limits;
    const deps = { api, audit, identity, info, clock: systemClock, version: VERSION, limits };
    await writeEnds(deps, connection, output, signal);
    return await work(deps, found, () => readCluster(connection, config.limits, signal));
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
  connection.hooks?.start(deps.info, (message, hint) => err(`sluice: WARNING: ${message} ${hint}\n`));
  await recordEnds(deps, connection, within).catch((error: unknown) => {
    signal.throwIfAborted();
    err(
      `sluice: WARNING: The ends of earlier grants could not be recorded: ${asSluiceError(error).message}\n`,
    );
  });
}

async function readCluster(
  connection: Connection,
  limits: Limits,
  signal: AbortSignal,
): Promise<JudgedCluster | SluiceError> {
  const borrowed = { ...connection, dispose: async () => undefined };
  return withRuntime(borrowed, { traffic: false, signal, limits }, async (runtime) => {
    needPods(runtime);
    const { engine, plan } = runtime;
    return { engine, plan, only: runtime.confinedTo(), connections: connection.connections };
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
    return { grants: grantsOf(objects), requests: requestsOf(objects), objects, namespace: where };
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

/** The grant with an id. Throws `not-found`, with the nearest id and the active grants; `refused` for a request. */
export function pickGrant(found: FoundGrants, id: string): Grant {
  const waits = found.requests.some((request) => request.id === id);
  if (!waits) return pick(found.grants, found, id, 'grant');
  throw new SluiceError(
    'refused',
    `${id} is a request that waits for approval, not a grant.`,
    `See it with sluice requests ${id}.`,
  );
}

/** The request with an id. Throws `not-found`, with the nearest id and what waits; `refused` for a grant. */
export function pickRequest(found: FoundGrants, id: string): Grant {
  const grant = found.grants.find((one) => one.id === id);
  if (grant === undefined) return pick(found.requests, found, id, 'request');
  const by = grant.approval === undefined ? '' : `: ${grant.approval.by} approved it`;
  throw new SluiceError('refused', `${id} waits no more${by}.`, 'See it with sluice grants.');
}

/** The grant or request with an id. Throws `not-found`. */
export function pickEither(found: FoundGrants, id: string): Grant {
  return pick([...found.grants, ...found.requests], found, id, 'grant');
}

function pick(
  among: readonly Grant[],
  { namespace }: FoundGrants,
  id: string,
  what: 'grant' | 'request',
): Grant {
  const grant = among.find((candidate) => candidate.id === id);
  if (grant !== undefined) return grant;
  const ids = among.map((candidate) => candidate.id);
  const near = nearestNames(id, ids, 2);
  const meant = near.length === 0 ? '' : `Did you mean ${near.join(' or ')}? `;
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  const [one, all] = what === 'grant' ? ['Grant', 'active grants'] : ['Request', 'requests'];
  throw new SluiceError(
    'not-found',
    `${one} "${id}" not found${where}.`,
    ids.length === 0
      ? `There are no ${all}${where}.`
      : `${meant}${all.charAt(0).toUpperCase()}${all.slice(1)}: ${ids.join(', ')}.`,
  );
}
