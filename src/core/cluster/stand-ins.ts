import { numberOf, type Raw, rawOf, textOf, wordOf } from '../common/common.ts';
import { mapPod } from './map-pod.ts';
import type { ApiObject, Pod } from './objects.ts';

type Template = {
  /** Path to the pod template in the spec. */
  readonly path: readonly string[];
  /** The field beside the template that sets how many pods run at once; without it, one pod per node. */
  readonly count?: string;
};

const TEMPLATES: Readonly<Record<string, Template>> = {
  Deployment: { path: ['template'], count: 'replicas' },
  StatefulSet: { path: ['template'], count: 'replicas' },
  DaemonSet: { path: ['template'] },
  ReplicaSet: { path: ['template'], count: 'replicas' },
  ReplicationController: { path: ['template'], count: 'replicas' },
  Job: { path: ['template'], count: 'parallelism' },
  CronJob: { path: ['jobTemplate', 'spec', 'template'], count: 'parallelism' },
};

/** Maximum number of pods created for a StatefulSet. */
const MOST = 100;

/**
 * Pods that stand in for those of a workload, with its template's labels and ports; undefined if the object has no pod
 * template. Two stand for any number: a pod always reaches itself, but perhaps not another one. Pods of a StatefulSet
 * differ in name and labels, so all of them are created.
 * @param isScaled whether an autoscaler sets the number of pods
 */
export function standInsOf(object: ApiObject, isScaled: boolean): readonly Pod[] | undefined {
  const kind = Object.hasOwn(TEMPLATES, object.kind) ? TEMPLATES[object.kind] : undefined;
  if (kind === undefined) return undefined;
  const around = kind.path.slice(0, -1).reduce<Raw>((at, step) => rawOf(at[step]), rawOf(object.spec));
  const template = rawOf(around.template);
  const asked = kind.count === undefined ? 2 : (numberOf(around[kind.count] ?? 1) ?? 2);
  const count = asked === 1 && !isScaled ? 1 : Math.max(2, asked);
  const { name } = object.metadata;
  if (object.kind !== 'StatefulSet') {
    const names = count === 1 ? [name] : [name, `${name}-2`];
    return names.map((own) => standIn(object, template, own, {}));
  }
  const start = numberOf(rawOf(around.ordinals).start) ?? 0;
  return Array.from({ length: Math.min(count, MOST) }, (_, at) => {
    const own = `${name}-${start + at}`;
    const labels = {
      'statefulset.kubernetes.io/pod-name': own,
      'apps.kubernetes.io/pod-index': `${start + at}`,
    };
    return standIn(object, template, own, labels);
  });
}

/** `Deployment/shop/web`: the target of an autoscaler; undefined for any other object. */
export function scaledBy({ kind, metadata, spec }: ApiObject): string | undefined {
  if (kind !== 'HorizontalPodAutoscaler') return undefined;
  const target = rawOf(rawOf(spec).scaleTargetRef);
  return `${textOf(target.kind)}/${metadata.namespace}/${textOf(target.name)}`;
}

function standIn(object: ApiObject, template: Raw, name: string, more: Record<string, string>): Pod {
  const { name: owner, namespace, uid } = object.metadata;
  const labels = Object.entries(rawOf(rawOf(template.metadata).labels));
  const pod = mapPod({
    apiVersion: 'v1',
    kind: 'Pod',
    spec: template.spec,
    metadata: {
      name,
      namespace,
      labels: { ...Object.fromEntries(labels.map(([key, value]) => [key, wordOf(value)])), ...more },
      ownerReferences: [
        { apiVersion: object.apiVersion, kind: object.kind, name: owner, uid: uid ?? '', controller: true },
      ],
    },
  });
  return { ...pod, phase: 'Running', status: 'Running', standIn: true };
}
