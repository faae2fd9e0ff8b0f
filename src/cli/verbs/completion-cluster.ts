/* Names for completion that only a cluster, or manifests, can tell. */

import { type ApiObject, type EndRef, isLive, mapPod, mapService } from '../../core/cluster/cluster.ts';
import { findLeftovers } from '../../core/grants/grants.ts';
import { type ClusterModel, createClusterModel } from '../../core/live/live.ts';
import { grantEndOf, kindNamed, parsePathEnd, podsOfEnd, workloadWord } from '../../core/policy/path/path.ts';
import { connect } from '../../kube/kube.ts';
import { untilAborted } from '../../session/session.ts';
import { askedDialect, connectOptions, worldOf } from '../connect/connect.ts';
import { loadManifests } from '../manifests/manifests.ts';
import type { GlobalOptions } from '../shared/shared.ts';
import { type Candidate, plain } from './candidate.ts';
import { earliestNow, findInScope } from './with-grants.ts';

/** How long a person waits after a tab, ms. */
const LOOK_FOR = 2_000;

type Cluster = Awaited<ReturnType<typeof connect>>;

/**
 * Looks into a cluster for a short time. Nobody can be asked anything: credential plug-ins get no terminal, and a login
 * is not renewed, because a renewal that is cut off may lose it.
 */
async function lookAt<T>(
  options: GlobalOptions,
  look: (cluster: Cluster, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const signal = AbortSignal.timeout(LOOK_FOR);
  const cluster = await connect({ ...connectOptions(options, { screen: true }), renews: false });
  try {
    return await Promise.race([look(cluster, signal), untilAborted(signal)]);
  } finally {
    await cluster.dispose();
  }
}

/** The namespaces of the cluster. */
export function namespacesOf(options: GlobalOptions): Promise<readonly Candidate[]> {
  return lookAt(options, async ({ api }, signal) => {
    const found = await api.list({ group: '', version: 'v1', resource: 'namespaces' }, { signal });
    return found.map(({ metadata }) => plain(metadata.name));
  });
}

/** The active grants that `extend` would find, or the requests that `approve` would. */
export function grantsIn(
  options: GlobalOptions,
  which: 'grants' | 'requests' = 'grants',
): Promise<readonly Candidate[]> {
  return lookAt(options, async ({ api, namespace }, signal) => {
    const found = await findInScope(api, options, namespace, 'wherever', signal);
    return found[which].map(({ id, source, destination }) => ({
      value: id,
      about: `${source} → ${destination}`,
    }));
  });
}

/** What `sweep` would remove by its name. */
export function leftoversIn(options: GlobalOptions): Promise<readonly Candidate[]> {
  return lookAt(options, async ({ api, namespace }, signal) => {
    const { objects } = await findInScope(api, options, namespace, 'wherever', signal);
    return findLeftovers(objects, earliestNow(api.clock))
      .filter(({ state }) => state === 'leftover' || state === 'foreign')
      .map(({ name, why }) => ({ value: name, about: why.join('; ') }));
  });
}

/**
 * The workloads, Services and pods of a namespace, as ends are written: of the one that is typed, else of that of the
 * line. With `manifests`, those of these files and folders.
 */
export async function endsOn(
  options: GlobalOptions,
  manifests: readonly string[] | undefined,
  typed: string,
): Promise<readonly Candidate[]> {
  const { namespace, prefix, kind } = typedParts(typed);
  const [model, own] = await modelOf(options, manifests, namespace);
  return endsOf(model, own)
    .filter((end) => kind === undefined || kindNamed(kind) === end.kind)
    .map((end) => ({
      // A kind that is typed already stays as it is spelled.
      value: `${prefix}${kind === undefined ? end.word : `${kind}/${end.name}`}`,
      about: end.kind,
    }));
}

/** The ports of the destination on the line, or of all Services and pods of the namespace. */
export async function portsOn(
  options: GlobalOptions,
  manifests: readonly string[] | undefined,
  destination: string | undefined,
): Promise<readonly Candidate[]> {
  const asked = destination === undefined ? undefined : typedParts(destination).namespace;
  const [model, own] = await modelOf(options, manifests, asked);
  const meant = destination === undefined ? undefined : endMeant(model, destination, own);
  const services = [...model.services()].filter(({ namespace }) => namespace === own);
  const ports =
    meant === undefined
      ? [...services, ...model.podsIn(own)].flatMap((one) => one.ports)
      : meant.type === 'service'
        ? (model.service(meant.namespace, meant.name)?.ports ?? [])
        : podsOfEnd(model, meant).flatMap((pod) => pod.ports);
  const names = new Map(
    ports.map(({ port, protocol, name }) => [`${port}/${protocol.toLowerCase()}`, name ?? '']),
  );
  return Array.from(names, ([value, about]) => ({ value, about }));
}

/** The end, unless its name means several things or nothing. */
function endMeant(model: ClusterModel, text: string, namespace: string): EndRef | undefined {
  try {
    return grantEndOf(model, parsePathEnd(text, namespace), 'destination');
  } catch {
    return undefined;
  }
}

/** What is typed of `ns/kind/name`, up to the name. */
function typedParts(typed: string): {
  readonly namespace: string | undefined;
  readonly prefix: string;
  readonly kind: string | undefined;
} {
  const parts = typed.split('/').slice(0, -1);
  const [first] = parts;
  const namespace = first === undefined || kindNamed(first) !== undefined ? undefined : first;
  const kind = parts.at(namespace === undefined ? 0 : 1);
  return { namespace, prefix: namespace === undefined ? '' : `${namespace}/`, kind };
}

type NamedEnd = { readonly kind: string; readonly name: string; readonly word: string };

function endsOf(model: ClusterModel, namespace: string): readonly NamedEnd[] {
  const pods = model.podsIn(namespace).filter(isLive);
  const owners = new Map(
    pods.flatMap(({ owner }) => (owner === undefined ? [] : [[`${owner.kind}/${owner.name}`, owner]])),
  );
  const services = [...model.services()].filter((service) => service.namespace === namespace);
  return [
    ...[...owners.values()].map(({ kind, name }) => ({ kind, name, word: workloadWord(kind, name) })),
    ...services.map(({ name }) => ({ kind: 'Service', name, word: `svc/${name}` })),
    ...pods.flatMap(({ name, standIn }) => (standIn === true ? [] : [{ kind: 'Pod', name, word: name }])),
  ];
}

/** The names of a namespace, and that namespace: the one asked for, else that of the line. */
async function modelOf(
  options: GlobalOptions,
  manifests: readonly string[] | undefined,
  asked: string | undefined,
): Promise<readonly [ClusterModel, string]> {
  if (manifests === undefined) return modelOfCluster(options, asked);
  const namespace = asked ?? options.namespace ?? 'default';
  return [await modelOfManifests(manifests, namespace), namespace];
}

async function modelOfManifests(paths: readonly string[], namespace: string): Promise<ClusterModel> {
  // Completion must not take the input of the shell.
  if (paths.includes('-')) return createClusterModel();
  const loaded = await loadManifests(paths, { namespace });
  return worldOf(loaded, askedDialect({})).model;
}

/** The pods and Services of one namespace, and its name; what may not be listed is left out. */
function modelOfCluster(
  options: GlobalOptions,
  asked: string | undefined,
): Promise<readonly [ClusterModel, string]> {
  return lookAt(options, async ({ api, namespace: own }, signal) => {
    const namespace = asked ?? own;
    const list = (resource: string): Promise<readonly ApiObject[]> =>
      api.list({ group: '', version: 'v1', resource }, { namespace, signal }).catch(() => []);
    const [pods, services] = await Promise.all([list('pods'), list('services')]);
    const model = createClusterModel();
    model.apply({ type: 'reset', kind: 'pods', source: 'pods', objects: pods.map(mapPod) });
    model.apply({ type: 'reset', kind: 'services', source: 'services', objects: services.map(mapService) });
    return [model, namespace];
  });
}
