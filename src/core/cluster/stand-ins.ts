import { numberOf, type Raw, rawOf, textOf, wordOf } from '../common/common.ts';
import { mapPod } from './map-pod.ts';
import type { ApiObject, Pod } from './objects.ts';
import { podTemplatesOf } from './pod-templates.ts';
import { safeLabels } from './selector.ts';

/** Maximum number of pods created for a StatefulSet. */
const MOST = 100;

/** The value of labels whose value only the cluster knows. */
const UNKNOWN = 'stand-in';

/**
 * Pods that stand in for those of a workload, with its template's labels and ports, and the labels that its controller
 * adds (API-16); undefined if the object has no pod template. Two stand for any number: a pod always reaches itself, but
 * perhaps not another one. Pods of a StatefulSet differ in name and labels, so all of them are created.
 * @param isScaled whether an autoscaler sets the number of pods
 */
export function standInsOf(object: ApiObject, isScaled: boolean): readonly Pod[] | undefined {
  const templates = podTemplatesOf(object);
  if (templates.length === 0) return undefined;
  const { name } = object.metadata;
  return templates.flatMap(({ template, count: asked, around }, number) => {
    const count = asked === 1 && !isScaled ? 1 : Math.max(2, asked);
    const base = number === 0 ? name : `${name}-t${number + 1}`;
    if (object.kind === 'StatefulSet') {
      const start = numberOf(rawOf(around.ordinals).start) ?? 0;
      return Array.from({ length: Math.min(count, MOST) }, (_, at) =>
        standIn(object, template, `${base}-${start + at}`, start + at),
      );
    }
    const names = count === 1 ? [base] : [base, `${base}-2`];
    return names.map((own) => standIn(object, template, own, 0));
  });
}

/** The labels that a controller adds to the pods that it makes (API-16). */
function addedLabels(
  { kind, apiVersion, metadata, spec }: ApiObject,
  name: string,
  ordinal: number,
): Record<string, string> {
  const job = (own: string) => ({
    'batch.kubernetes.io/job-name': own,
    'job-name': own,
    'batch.kubernetes.io/controller-uid': metadata.uid ?? UNKNOWN,
    'controller-uid': metadata.uid ?? UNKNOWN,
    ...(rawOf(spec).completionMode === 'Indexed' ? { 'batch.kubernetes.io/job-completion-index': '0' } : {}),
  });
  switch (kind) {
    case 'Deployment':
      return { 'pod-template-hash': UNKNOWN };
    case 'Rollout':
      return apiVersion.startsWith('argoproj.io/') ? { 'rollouts-pod-template-hash': UNKNOWN } : {};
    case 'StatefulSet':
      return {
        'statefulset.kubernetes.io/pod-name': name,
        'apps.kubernetes.io/pod-index': `${ordinal}`,
        'controller-revision-hash': UNKNOWN,
      };
    case 'DaemonSet':
      return { 'controller-revision-hash': UNKNOWN, 'pod-template-generation': '1' };
    case 'Job':
      return job(metadata.name);
    case 'CronJob':
      return job(`${metadata.name}-0`);
    case 'DeploymentConfig':
      return { deploymentconfig: metadata.name, deployment: `${metadata.name}-1` };
    default:
      return {};
  }
}

/** `Deployment/shop/web`: the target of an autoscaler; undefined for any other object. */
export function scaledBy({ kind, metadata, spec }: ApiObject): string | undefined {
  if (kind !== 'HorizontalPodAutoscaler') return undefined;
  const target = rawOf(rawOf(spec).scaleTargetRef);
  return `${textOf(target.kind)}/${metadata.namespace}/${textOf(target.name)}`;
}

function standIn(object: ApiObject, template: Raw, name: string, ordinal: number): Pod {
  const { name: owner, namespace, uid } = object.metadata;
  const labels = Object.entries(rawOf(rawOf(template.metadata).labels));
  const pod = mapPod({
    apiVersion: 'v1',
    kind: 'Pod',
    spec: template.spec,
    metadata: {
      name,
      namespace,
      labels: {
        ...Object.fromEntries(labels.map(([key, value]) => [key, wordOf(value)])),
        ...addedLabels(object, name, ordinal),
      },
      ownerReferences: [
        { apiVersion: object.apiVersion, kind: object.kind, name: owner, uid: uid ?? '', controller: true },
      ],
    },
  });
  const ownerLabels = safeLabels(object.metadata.labels);
  return { ...pod, phase: 'Running', status: 'Running', standIn: true, ownerLabels };
}
