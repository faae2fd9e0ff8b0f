import { numberOf, type Raw, rawOf, textOf, wordOf } from '../common/common.ts';
import { mapPod } from './map-pod.ts';
import type { ApiObject, Pod } from './objects.ts';

type Template = {
  /** Where the pod template is in the spec. */
  readonly path: readonly string[];
  /** The field beside the template that says how many pods run at once; one pod to a node where there is none. */
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

/** How many pods of a StatefulSet are made at most. */
const MOST = 100;

/**
 * The pods that stand for those of a workload, with its template's labels and ports; undefined when the object has no
 * pod template. Two stand for any number of pods: a pod always reaches itself, but perhaps not another one. Those of a
 * StatefulSet are told apart by name and labels, so that all are made.
 *
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

/** `Deployment/shop/web`: what an autoscaler scales; undefined for any other object. */
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
