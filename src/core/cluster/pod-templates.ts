import { isRecord, numberOf, type Raw, rawOf, rawsOf, textOf } from '../common/common.ts';
import type { ApiObject } from './objects.ts';
import { operatedTemplate } from './operator-kinds.ts';

/** What pods are made from. */
export type PodTemplate = {
  /** Labels and spec, as in a PodTemplateSpec. */
  readonly template: Raw;
  /** How many pods run at once, as far as the object says; several where a node or an operator decides. */
  readonly count: number;
  /** The object around the template, with the other fields of the controller. */
  readonly around: Raw;
};

type Shape = {
  /** Path to the pod template in the spec. */
  readonly path: readonly string[];
  /** The field beside the template that sets how many pods run at once; without it, one pod per node. */
  readonly count?: string;
};

const SHAPES: Readonly<Record<string, Shape>> = {
  Deployment: { path: ['template'], count: 'replicas' },
  StatefulSet: { path: ['template'], count: 'replicas' },
  DaemonSet: { path: ['template'] },
  ReplicaSet: { path: ['template'], count: 'replicas' },
  ReplicationController: { path: ['template'], count: 'replicas' },
  Job: { path: ['template'], count: 'parallelism' },
  CronJob: { path: ['jobTemplate', 'spec', 'template'], count: 'parallelism' },
};

/** Groups whose objects hold pod templates as patterns, and make no pods. */
const PATTERNS = /(?:^|\.)(?:kyverno\.io|gatekeeper\.sh)$/;

/** How deep a pod template may lie: `jobTemplate.spec.template` is the third level, a list counts as one. */
const DEPTH = 6;

/**
 * The pod templates of an object; empty if it makes no pods. Kinds of Kubernetes in any API group; kinds of well-known
 * operators, which write the template themselves (API-16); of any other kind, whatever field named `template` holds
 * containers, as in an Argo Rollout, a DeploymentConfig or a CloneSet.
 */
export function podTemplatesOf({ apiVersion, kind, spec, metadata }: ApiObject): readonly PodTemplate[] {
  const shape = Object.hasOwn(SHAPES, kind) ? SHAPES[kind] : undefined;
  if (shape !== undefined) return [templateAt(rawOf(spec), shape)];
  if (!apiVersion.includes('/')) return [];
  const group = apiVersion.slice(0, apiVersion.indexOf('/'));
  const operated = operatedTemplate(group, kind, metadata.name, rawOf(spec));
  if (operated !== undefined)
    return [{ template: operated, count: countIn(rawOf(spec), 'replicas', 2), around: {} }];
  return PATTERNS.test(group) ? [] : templatesIn(rawOf(spec), DEPTH);
}

function templateAt(spec: Raw, { path, count }: Shape): PodTemplate {
  const around = path.slice(0, -1).reduce<Raw>((at, step) => rawOf(at[step]), spec);
  return {
    template: rawOf(around.template),
    count: count === undefined ? 2 : countIn(around, count, 1),
    around,
  };
}

function countIn(around: Raw, field: string, absent: number): number {
  return numberOf(around[field] ?? absent) ?? 2;
}

function templatesIn(around: Raw, depth: number): readonly PodTemplate[] {
  if (depth === 0) return [];
  return Object.entries(around).flatMap(([key, value]): readonly PodTemplate[] => {
    if (Array.isArray(value)) return rawsOf(value).flatMap((item) => templatesIn(item, depth - 1));
    if (!isRecord(value)) return [];
    const isTemplate = /template$/i.test(key) && rawsOf(rawOf(value.spec).containers).some(isContainer);
    return isTemplate
      ? [{ template: value, count: countIn(around, 'replicas', 2), around }]
      : templatesIn(value, depth - 1);
  });
}

function isContainer({ name, image }: Raw): boolean {
  return textOf(name) !== undefined || textOf(image) !== undefined;
}
