import type { ApiObject } from '../cluster/cluster.ts';
import { textAt } from '../common/common.ts';
import { parseNetworkPolicy } from '../policy/kinds/kinds.ts';
import { announcedOf } from './announced.ts';
import type { Grant, GrantHalf, GrantState, GrantWindow, UnseenHalf } from './grant.ts';
import { objectTroubles, troubleText } from './judge.ts';
import { windowOf } from './lease.ts';
import { GRANT_LABEL, type HalfPlace, NOTE, objectName, readHalfPlaces, readPorts } from './names.ts';
import { approvalOf, isPending, waitingOf } from './pending.ts';
import { grantedWorkloads } from './witness.ts';

/** Objects that could not be read, and why: `Job/ns/name`, `NetworkPolicy/ns/name`. */
export type Unread = ReadonlyMap<string, string>;

/** The grant id of an object; undefined if sluice does not manage it. */
export function grantOf(object: ApiObject): string | undefined {
  return object.metadata.labels?.[GRANT_LABEL];
}

/**
 * Reads grants from all objects with sluice's labels. The Job determines the end, not the `expires-at` annotation
 * (GRANT-15); anyone may edit annotations, so they are only displayed. Halves that annotations mention but that are not
 * among the objects are `unseen`, unless they are known to be deleted.
 *
 * @param unread objects that were requested by name and could not be read
 * @param gone objects that were requested by name and do not exist, as `NetworkPolicy/ns/name`
 */
export function readGrants(
  policies: readonly ApiObject[],
  jobs: readonly ApiObject[],
  unread: Unread = new Map(),
  gone: ReadonlySet<string> = new Set(),
): readonly Grant[] {
  const ids = new Set([...policies, ...jobs].flatMap((object) => grantOf(object) ?? []));
  const isOf = (id: string) => (object: ApiObject) => grantOf(object) === id;
  return [...ids]
    .sort()
    .map((id) => readGrant(id, policies.filter(isOf(id)), jobs.filter(isOf(id)), { unread, gone }));
}

/** All objects with sluice's labels, as `readGrants` takes them. */
export type GrantObjects = Known & {
  readonly policies: readonly ApiObject[];
  readonly jobs: readonly ApiObject[];
};

type Known = { readonly unread: Unread; readonly gone: ReadonlySet<string> };

function readGrant(
  id: string,
  policies: readonly ApiObject[],
  jobs: readonly ApiObject[],
  known: Known,
): Grant {
  const own = ({ metadata }: ApiObject) => isNameOf(id, metadata.name);
  const [ownPolicies, ownJobs] = [policies.filter(own), jobs.filter(own)];
  const strangers = [...policies, ...jobs].filter((object) => !own(object));
  const notes = (ownJobs[0] ?? ownPolicies[0])?.metadata.annotations ?? {};
  const first = earliest(ownJobs);
  const window = first === undefined ? undefined : windowOf(first);
  const announced = first === undefined ? undefined : announcedOf(first);
  const workloads = first === undefined ? undefined : grantedWorkloads(first);
  const waiting = waitingOf(ownPolicies, ownJobs);
  const approval = ownJobs.map(approvalOf).find((one) => one !== undefined);
  const { [NOTE.ticket]: ticket, [NOTE.breakGlass]: breakGlass } = notes;
  const found = readHalves(ownPolicies, ownJobs);
  // A lease alone says nothing about a policy that could not be read.
  const isHidden = (half: GrantHalf) => half.policy === undefined && known.unread.has(policyKeyOf(id, half));
  const halves = found.filter((half) => !isHidden(half));
  const declared = declaredHalves([...ownPolicies, ...ownJobs]);
  const hidden = found
    .filter(isHidden)
    .filter((half) => !declared.some((place) => isAt(half, place)))
    .map(({ direction, namespace }): HalfPlace => ({ direction, namespace }));
  const absent = [...declared, ...hidden].filter((place) => !halves.some((half) => isAt(half, place)));
  const unseen = absent
    .filter((place) => !known.gone.has(policyKeyOf(id, place)))
    .map((place) => unseenHalf(id, place, known.unread));
  const ended = absent.filter((place) => known.gone.has(policyKeyOf(id, place)));
  return {
    id,
    source: notes[NOTE.source] ?? '?',
    destination: notes[NOTE.destination] ?? '?',
    ports: readPorts(notes[NOTE.ports] ?? ''),
    reason: notes[NOTE.reason] ?? '',
    ticket,
    requester: notes[NOTE.requester] ?? '?',
    halves,
    ...(unseen.length === 0 ? {} : { unseen }),
    ...(window === undefined ? {} : { window }),
    ...(announced === undefined ? {} : { announced }),
    policies: ownPolicies.map(parseNetworkPolicy),
    ...(workloads === undefined ? {} : { workloads }),
    ...(waiting === undefined ? {} : { waiting }),
    ...(approval === undefined ? {} : { approval }),
    ...(breakGlass === undefined ? {} : { breakGlass }),
    state: waiting === undefined ? readState(ownPolicies, window) : { name: 'leasing' },
    drift: [
      ...(waiting === undefined ? ownPolicies.filter(isPending) : []).map((policy) =>
        troubleText(policy, 'it still waits for approval, so that the path is not open'),
      ),
      ...unseen.map(({ direction, namespace, why }) => `unseen half in ${namespace} (${direction}): ${why}`),
      ...objectTroubles(ownPolicies, ownJobs, known.unread),
      ...ended.map(({ direction, namespace }) => `its ${direction} half in ${namespace} was deleted`),
      ...strangers.map(
        ({ kind, metadata }) =>
          `${kind} ${metadata.namespace}/${metadata.name} has its label, but does not belong to it`,
      ),
    ],
    mine: false,
  };
}

/** Anyone may copy labels, so an object belongs to a grant only if sluice's naming matches too. */
export function isNameOf(id: string, name: string): boolean {
  return name === objectName(id, 'ingress') || name === objectName(id, 'egress');
}

/** The halves that any of these objects tells of. */
export function declaredHalves(objects: readonly ApiObject[]): readonly HalfPlace[] {
  const places = objects.flatMap(({ metadata }) => readHalfPlaces(metadata.annotations?.[NOTE.halves] ?? ''));
  return [...new Map(places.map((place) => [`${place.direction}/${place.namespace}`, place])).values()];
}

function isAt(half: GrantHalf, { direction, namespace }: HalfPlace): boolean {
  return half.direction === direction && half.namespace === namespace;
}

/** The key of a half's policy in `unread` and `gone`. */
export function policyKeyOf(id: string, { direction, namespace }: HalfPlace): string {
  return `NetworkPolicy/${namespace}/${objectName(id, direction)}`;
}

function unseenHalf(id: string, place: HalfPlace, unread: Unread): UnseenHalf {
  return { ...place, why: unread.get(policyKeyOf(id, place)) ?? 'it was not checked' };
}

function readHalves(policies: readonly ApiObject[], jobs: readonly ApiObject[]): readonly GrantHalf[] {
  const names = new Set(
    [...policies, ...jobs].map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
  );
  return [...names].sort().map((key) => {
    const isIt = ({ metadata }: ApiObject) => `${metadata.namespace}/${metadata.name}` === key;
    const policy = policies.find(isIt);
    const lease = jobs.find(isIt);
    const any = policy ?? lease;
    return {
      direction: directionOf(policy, any),
      namespace: any?.metadata.namespace ?? '',
      ...(policy === undefined
        ? {}
        : { policy: { name: policy.metadata.name, uid: policy.metadata.uid ?? '' } }),
      ...(lease === undefined ? {} : { lease: { name: lease.metadata.name, uid: lease.metadata.uid ?? '' } }),
    };
  });
}

function directionOf(policy: ApiObject | undefined, any: ApiObject | undefined): GrantHalf['direction'] {
  const type = textAt(policy, 'spec', 'policyTypes', 0);
  if (type !== undefined) return type === 'Egress' ? 'egress' : 'ingress';
  return any?.metadata.name.endsWith('-out') === true ? 'egress' : 'ingress';
}

function readState(policies: readonly ApiObject[], window: GrantWindow | undefined): GrantState {
  if (policies.length === 0) return { name: 'leasing' };
  const created = Math.max(
    ...policies.map((policy) => Date.parse(policy.metadata.creationTimestamp ?? '') || 0),
  );
  return { name: 'applied', at: window?.start ?? created };
}

/** The lease that ends first, of those that run. */
function earliest(jobs: readonly ApiObject[]): ApiObject | undefined {
  const end = (job: ApiObject) => windowOf(job)?.end ?? Number.POSITIVE_INFINITY;
  return jobs.filter((job) => windowOf(job) !== undefined).toSorted((a, b) => end(a) - end(b))[0];
}
