import { selectorOf } from '../../core/cluster/labels.ts';
import type { Workload, WorkloadRef } from '../../core/cluster/objects.ts';
import { parseSelector, safeLabels } from '../../core/cluster/selector.ts';
import { SluiceError } from '../../core/errors.ts';
import { at } from '../../core/json.ts';
import type { ClusterApi } from '../../core/ports.ts';
import type { Resource } from '../list-watch/collection.ts';

const KINDS: Readonly<Record<string, Resource>> = {
  Deployment: { group: 'apps', version: 'v1', resource: 'deployments' },
  StatefulSet: { group: 'apps', version: 'v1', resource: 'statefulsets' },
  DaemonSet: { group: 'apps', version: 'v1', resource: 'daemonsets' },
  ReplicaSet: { group: 'apps', version: 'v1', resource: 'replicasets' },
  Job: { group: 'batch', version: 'v1', resource: 'jobs' },
  ReplicationController: { group: '', version: 'v1', resource: 'replicationcontrollers' },
};

/**
 * A workload with the selector of its pods. Undefined when it does not exist, may not be read, is of a kind that is
 * not known here, or has a selector that can't be read.
 */
export async function readWorkload(
  read: ClusterApi['read'],
  ref: WorkloadRef,
  signal?: AbortSignal,
): Promise<Workload | undefined> {
  const kind = Object.hasOwn(KINDS, ref.kind) ? KINDS[ref.kind] : undefined;
  if (kind === undefined) return undefined;
  const object = await read({ ...kind, namespace: ref.namespace, name: ref.name }, signal).catch(
    (error: unknown) => {
      if (error instanceof SluiceError && error.code === 'forbidden') return undefined;
      throw error;
    },
  );
  if (object === undefined) return undefined;
  const raw = at(object, 'spec', 'selector');
  if (ref.kind === 'ReplicationController') return { ...ref, selector: selectorOf(safeLabels(raw)) };
  const { selector, problems } = parseSelector(raw);
  return problems.length > 0 || selector.length === 0 ? undefined : { ...ref, selector };
}
