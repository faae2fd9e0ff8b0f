import { at, numberAt, sameJson, textAt } from '../../core/common/common.ts';
import {
  deleteObject,
  keyOfObject,
  objectKey,
  type Random,
  type Store,
  type Stored,
  stringMap,
  withMetadata,
  withPart,
} from '../store/store.ts';
import {
  type Addresses,
  createMaker,
  makePod,
  type NodeName,
  pendingStatus,
  WORKLOADS,
  type WorkloadPlan,
} from '../world/world.ts';
import type { Work } from './work.ts';

/** Delay from a change to a controller's reaction, ms. */
const REACTION = 15;

const SETS = { ReplicaSet: 'apps/replicasets', StatefulSet: 'apps/statefulsets' } as const;

/**
 * Maintains the pods of ReplicaSets and StatefulSets, and lets Deployments scale. Template changes are not rolled out.
 */
export function startPodSets(
  store: Store,
  work: Work,
  { random, addresses }: { readonly random: Random; readonly addresses: Addresses },
): () => void {
  const reconcile = (resource: string, key: string): void => {
    const set = store.get(resource, key);
    const plan = set === undefined ? undefined : planOf(set);
    if (set === undefined || plan === undefined || set.metadata.deletionTimestamp !== undefined) return;
    const pods = podsOf(store, set);
    const wanted = numberAt(set.spec, 'replicas') ?? 1;
    for (let i = pods.length; i < wanted; i++) add(set, plan);
    for (const pod of pods.slice(wanted)) deleteObject(store, '/pods', pod, {}, Date.now());
    report(resource, set, plan);
  };

  /** Creates a pod on the node with the fewest pods of its set. */
  const add = (set: Stored, plan: WorkloadPlan): void => {
    const name = nameFor(store, set, random);
    const node = nodeFor(podsOf(store, set), plan);
    const now = Date.now();
    const ordinal: Readonly<Record<string, string>> =
      set.kind === 'StatefulSet' ? { 'statefulset.kubernetes.io/pod-name': name } : {};
    const { status, ...pod } = makePod(createMaker(random, now), plan, {
      name,
      node,
      ip: plan.hostNetwork === true ? '' : addresses.next(node),
      owner: set,
      labels: { ...stringMap(at(set.spec, 'template', 'metadata', 'labels')), ...ordinal },
      age: 0,
    });
    startPod(store, work, store.put('/pods', { ...pod, status: pendingStatus(now) }), status);
  };

  const report = (resource: string, set: Stored, plan: WorkloadPlan): void => {
    const pods = podsOf(store, set);
    const ready = (plan.health ?? 'ready') === 'ready' ? pods.filter(runs).length : 0;
    const counts = { replicas: pods.length, readyReplicas: ready, availableReplicas: ready };
    putStatus(resource, withPart(set, 'status', counts));
    const deployment = deploymentOf(store, set);
    if (deployment !== undefined) {
      putStatus(
        'apps/deployments',
        withPart(deployment, 'status', { ...counts, updatedReplicas: pods.length }),
      );
    }
  };
  const putStatus = (resource: string, object: Stored): void => {
    const before = store.get(resource, keyOfObject(object));
    if (!sameJson(before?.status, object.status)) store.put(resource, object);
  };

  const scale = (deployment: Stored): void => {
    const set = store
      .list(SETS.ReplicaSet, deployment.metadata.namespace)
      .find(({ metadata }) => metadata.ownerReferences?.[0]?.uid === deployment.metadata.uid);
    const replicas = numberAt(deployment.spec, 'replicas') ?? 1;
    if (set !== undefined && numberAt(set.spec, 'replicas') !== replicas) {
      store.put(SETS.ReplicaSet, withPart(set, 'spec', { replicas }));
    }
  };

  return store.subscribe(({ resource, type, object }) => {
    const key = keyOfObject(object);
    if (resource === 'apps/deployments' && type === 'MODIFIED') {
      work.after(REACTION, `scale ${key}`, () => {
        const fresh = store.get(resource, key);
        if (fresh !== undefined) scale(fresh);
      });
    }
    const set = resource === '/pods' ? setOf(object) : type === 'MODIFIED' ? { resource, key } : undefined;
    if (set?.resource === SETS.ReplicaSet || set?.resource === SETS.StatefulSet) {
      work.after(REACTION, `set ${set.resource} ${set.key}`, () => reconcile(set.resource, set.key));
    }
  });
}

/** The set that controls a pod. */
function setOf(pod: Stored): { readonly resource: string; readonly key: string } | undefined {
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner?.kind !== 'ReplicaSet' && owner?.kind !== 'StatefulSet') return undefined;
  return { resource: SETS[owner.kind], key: objectKey(pod.metadata.namespace, owner.name) };
}

function planOf(set: Stored): WorkloadPlan | undefined {
  const { namespace, name, ownerReferences } = set.metadata;
  const workload = set.kind === 'ReplicaSet' ? ownerReferences?.[0]?.name : name;
  return WORKLOADS.find((plan) => plan.namespace === namespace && plan.name === workload);
}

function deploymentOf(store: Store, set: Stored): Stored | undefined {
  const owner = set.metadata.ownerReferences?.find(({ kind }) => kind === 'Deployment');
  const found = store.get('apps/deployments', objectKey(set.metadata.namespace, owner?.name ?? ''));
  return found?.metadata.uid === owner?.uid ? found : undefined;
}

/** Pods that count for a set, oldest first. A StatefulSet waits for a terminating pod, whose name it needs. */
function podsOf(store: Store, set: Stored): readonly Stored[] {
  return store
    .list('/pods', set.metadata.namespace)
    .filter(
      ({ metadata, status }) =>
        (metadata.deletionTimestamp === undefined || set.kind === 'StatefulSet') &&
        (metadata.ownerReferences ?? []).some(({ uid }) => uid === set.metadata.uid) &&
        !['Succeeded', 'Failed'].includes(textAt(status, 'phase') ?? ''),
    )
    .toSorted((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1));
}

function runs(pod: Stored): boolean {
  return textAt(pod.status, 'phase') === 'Running';
}

/** A StatefulSet's pods are numbered from 0 and keep their names. */
function nameFor(store: Store, set: Stored, random: Random): string {
  if (set.kind !== 'StatefulSet') return `${set.metadata.name}-${random.text(3)}`;
  for (let i = 0; ; i++) {
    const name = `${set.metadata.name}-${i}`;
    if (store.get('/pods', objectKey(set.metadata.namespace, name)) === undefined) return name;
  }
}

function nodeFor(pods: readonly Stored[], plan: WorkloadPlan): NodeName {
  const count = (node: NodeName): number =>
    pods.filter(({ spec }) => textAt(spec, 'nodeName') === node).length;
  const [first = 'node-a', ...rest] = plan.nodes;
  return rest.reduce((best, node) => (count(node) < count(best) ? node : best), first);
}

/** How long a pod takes to start and to terminate, ms. */
const START = 700;

const END = 900;

/** Starts a new pod after a delay; until then it has no address. */
export function startPod(store: Store, work: Work, pod: Stored, status: unknown): void {
  work.after(START, `start ${pod.metadata.uid}`, () => {
    const fresh = store.get('/pods', keyOfObject(pod));
    if (fresh?.metadata.uid === pod.metadata.uid) store.put('/pods', { ...fresh, status });
  });
}

/** Terminates pods that are being deleted, as their nodes do within the grace period. */
export function startKubelets(store: Store, work: Work): () => void {
  return store.subscribe(({ resource, type, object }) => {
    if (resource !== '/pods' || type !== 'MODIFIED') return;
    if (object.metadata.deletionTimestamp === undefined) return;
    work.after(END, `end ${object.metadata.uid}`, () => {
      const fresh = store.get('/pods', keyOfObject(object));
      if (fresh?.metadata.uid !== object.metadata.uid) return;
      const ended = withMetadata(fresh, { deletionGracePeriodSeconds: 0 });
      deleteObject(store, '/pods', ended, { graceSeconds: 0 }, Date.now());
    });
  });
}
