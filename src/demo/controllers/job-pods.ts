import { at, isRecord, listAt, numberAt, textAt } from '../../core/json.ts';
import type { Random } from '../random.ts';
import { keyOfObject, type Stored, stringMap, timestamp } from '../store/objects.ts';
import type { Store } from '../store/store.ts';

/** Pods of a Job that have not ended. */
export function activePods(store: Store, job: Stored): readonly Stored[] {
  return store
    .list('/pods', job.metadata.namespace)
    .filter(
      (pod) =>
        (pod.metadata.ownerReferences ?? []).some(({ uid }) => uid === job.metadata.uid) &&
        !['Succeeded', 'Failed'].includes(textAt(pod.status, 'phase') ?? ''),
    );
}

/**
 * Makes the pods that `parallelism` asks for. Nothing here would run them: they stay Pending, as gated or unschedulable
 * pods do, which delays a lease's end by a second (LEASE-12).
 *
 * @returns how many the Job has now
 */
export function ensurePods(store: Store, random: Random, job: Stored): number {
  const wanted = at(job.spec, 'suspend') === true ? 0 : (numberAt(job.spec, 'parallelism') ?? 1);
  const have = activePods(store, job).length;
  for (let i = have; i < wanted; i++) store.put('/pods', podOf(job, random));
  return Math.max(have, wanted);
}

export function deletePods(store: Store, pods: readonly Stored[]): void {
  for (const pod of pods) store.remove('/pods', keyOfObject(pod));
}

function podOf(job: Stored, random: Random): Stored {
  const template = at(job.spec, 'template');
  const spec = at(template, 'spec');
  const gated = listAt(spec, 'schedulingGates').length > 0;
  const time = timestamp(Date.now());
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      name: `${job.metadata.name}-${random.text(5)}`,
      generateName: `${job.metadata.name}-`,
      namespace: job.metadata.namespace ?? 'default',
      uid: random.uuid(),
      resourceVersion: '',
      generation: 1,
      creationTimestamp: time,
      labels: stringMap(at(template, 'metadata', 'labels')),
      ownerReferences: [
        {
          apiVersion: job.apiVersion,
          kind: job.kind,
          name: job.metadata.name,
          uid: job.metadata.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: isRecord(spec) ? spec : {},
    status: {
      phase: 'Pending',
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          lastProbeTime: null,
          lastTransitionTime: time,
          reason: gated ? 'SchedulingGated' : 'Unschedulable',
          message: gated
            ? 'Scheduling is blocked due to non-empty scheduling gates'
            : '0/3 nodes are available.',
        },
      ],
      qosClass: 'BestEffort',
    },
  };
}
