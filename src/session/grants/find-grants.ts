import { type ApiObject, refKey } from '../../core/cluster/cluster.ts';
import { asSluiceError, SluiceError } from '../../core/common/common.ts';
import {
  GRANT_LABEL,
  type Grant,
  type GrantObjects,
  type HalfPlace,
  MANAGED_SELECTOR,
  objectName,
  readGrants,
} from '../../core/grants/grants.ts';
import type { AccessQuestion, ApiRef, ClusterApi, Identity } from '../../core/ports/ports.ts';

/** All existing grants in a namespace, or everywhere, whoever made them. A half that can't be read is `unseen`. */
export async function findGrants(
  api: ClusterApi,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<readonly Grant[]> {
  return grantsOf(await findObjects(api, namespace, signal));
}

/** All existing grants and requests, whoever made them: requests have `waiting`. */
export async function findStanding(
  api: ClusterApi,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<readonly Grant[]> {
  return readAll(await findObjects(api, namespace, signal));
}

/** The grants that these objects are, without those that are only requested. */
export function grantsOf(objects: GrantObjects): readonly Grant[] {
  return readAll(objects).filter(({ waiting }) => waiting === undefined);
}

/** Requests that wait for approval in a namespace, or everywhere, whoever made them (GRANT-30): each has `waiting`. */
export async function findRequests(
  api: ClusterApi,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<readonly Grant[]> {
  return requestsOf(await findObjects(api, namespace, signal));
}

/** The requests that these objects are. */
export function requestsOf(objects: GrantObjects): readonly Grant[] {
  return readAll(objects).filter(({ waiting }) => waiting !== undefined);
}

function readAll({ policies, jobs, unread, gone }: GrantObjects): readonly Grant[] {
  return readGrants(policies, jobs, unread, gone);
}

/**
 * The objects of all grants in a namespace, or everywhere: read from the server by label. Incomplete grants are
 * completed by name: halves in other namespaces, and objects created or deleted between the two lists.
 */
export async function findObjects(
  api: ClusterApi,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<GrantObjects> {
  const options = { labels: MANAGED_SELECTOR, signal, namespace };
  const policies = await api.list(POLICIES, options);
  const jobs = await api.list(JOBS, options);
  const looks = await Promise.all(
    readGrants(policies, jobs).flatMap((grant) =>
      partialHalves(grant).flatMap((place) => lookAt(api, grant.id, place, signal)),
    ),
  );
  return {
    policies: merged(
      policies,
      looks.filter(({ kind }) => kind === 'NetworkPolicy'),
    ),
    jobs: merged(
      jobs,
      looks.filter(({ kind }) => kind === 'Job'),
    ),
    unread: new Map(looks.flatMap(({ key, why }) => (why === undefined ? [] : [[key, why]]))),
    gone: new Set(
      looks.flatMap(({ key, why, object }) => (why === undefined && object === undefined ? [key] : [])),
    ),
  };
}

function partialHalves({ halves, unseen = [] }: Grant): readonly HalfPlace[] {
  return [...unseen, ...halves.filter(({ policy, lease }) => policy === undefined || lease === undefined)];
}

/** One object of a half: present, gone, or unreadable (`why`). */
type Look = {
  readonly kind: 'Job' | 'NetworkPolicy';
  readonly key: string;
  readonly object?: ApiObject;
  readonly why?: string;
};

function lookAt(
  api: ClusterApi,
  id: string,
  { direction, namespace }: HalfPlace,
  signal: AbortSignal,
): readonly Promise<Look>[] {
  const name = objectName(id, direction);
  const look = async (kind: Look['kind'], ref: ApiRef): Promise<Look> => {
    const key = refKey({ kind, namespace, name });
    try {
      const object = await api.read(ref, signal);
      return object === undefined ? { kind, key } : { kind, key, object: labelled(object, id) };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SluiceError)) throw error;
      return { kind, key, why: asSluiceError(error).message.replace(/\.$/, '') };
    }
  };
  return [look('NetworkPolicy', policyRef(namespace, name)), look('Job', jobRef(namespace, name))];
}

/** The name is unique to this grant, so the object belongs to it even if its label was removed. */
function labelled(object: ApiObject, id: string): ApiObject {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, labels: { ...metadata.labels, [GRANT_LABEL]: id } } };
}

/** The listed objects, updated with those read since. */
function merged(listed: readonly ApiObject[], looks: readonly Look[]): readonly ApiObject[] {
  const places = new Set(
    looks.flatMap(({ key, why }) => (why === undefined ? [key.replace(/^[^/]+\//, '')] : [])),
  );
  const rest = listed.filter(({ metadata }) => !places.has(`${metadata.namespace}/${metadata.name}`));
  return [...rest, ...looks.flatMap(({ object }) => object ?? [])];
}

/** The two collections that hold a grant's objects. */
export const JOBS = { group: 'batch', version: 'v1', resource: 'jobs' } as const;

export const POLICIES = { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' } as const;

export function jobRef(namespace: string, name: string): ApiRef {
  return { ...JOBS, namespace, name };
}

export function policyRef(namespace: string, name: string): ApiRef {
  return { ...POLICIES, namespace, name };
}

/** Verbs on both kinds that each work needs in each namespace it touches (GRANT-9). */
const VERBS = {
  grant: ['create', 'get', 'delete'],
  extend: ['get', 'patch'],
  request: ['create', 'get', 'delete'],
  approve: ['get', 'patch', 'delete'],
} as const;

/**
 * Checks every permission that the work needs, before anything is written.
 *
 * @throws SluiceError `forbidden`, naming verb, resource and namespace of each missing permission
 */
export async function checkRights(
  api: ClusterApi,
  identity: Identity,
  work: keyof typeof VERBS,
  namespaces: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const questions: AccessQuestion[] = [...new Set(namespaces)].flatMap((namespace) =>
    [JOBS, POLICIES].flatMap(({ group, resource }) =>
      VERBS[work].map((verb) => ({ verb, group, resource, namespace })),
    ),
  );
  const answers = await api.allowed(questions, signal);
  const missing = answers.filter(({ allowed }) => !allowed);
  if (missing.length === 0) return;
  const text = missing.map(
    ({ verb, resource, namespace }) => `${verb} ${resource} in namespace ${namespace}`,
  );
  throw new SluiceError('forbidden', `${identity.username} cannot ${text.join(', ')}.`, HINTS[work]);
}

const HINTS = {
  grant:
    'Ask for them, or the role sluice-operator of sluice manifests rbac; without the Job nothing would end the grant if this machine died.',
  extend:
    'Ask for them, or the role sluice-operator of sluice manifests rbac; the lease and the policy are extended together.',
  request:
    'Ask for them, or the role sluice-requester of sluice manifests rbac; a request has the objects of a grant.',
  approve:
    'Ask for them, or the role sluice-approver of sluice manifests rbac; what can not be taken back is not approved.',
} as const;
