import type { Pod, Protocol } from '../../../../src/core/cluster/objects.ts';
import { type ClusterModel, createClusterModel } from '../../../../src/core/live/model.ts';
import { createEngine, type Engine } from '../../../../src/core/policy/decide/engine.ts';
import { POLICY_KINDS } from '../../../../src/core/policy/kinds/policy-kinds.ts';
import { manifestEvents } from '../../../../src/core/policy/kinds/read-manifests.ts';
import type { Dialect } from '../../../../src/core/policy/match/dialect.ts';

export type RawPod = {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly ip?: string;
  readonly hostNetwork?: boolean;
  readonly ports: readonly {
    readonly containerPort: number;
    readonly name?: string;
    readonly protocol: Protocol;
  }[];
};

export type RawPolicy = { readonly apiVersion: string; readonly kind: string };

/** The first kind among policies that the engine does not evaluate. */
export function unknownKind(policies: readonly RawPolicy[]): string | undefined {
  return policies.find(({ kind }) => !POLICY_KINDS.some((known) => known.kind === kind))?.kind;
}

/** A pod of the short form used by the tables, as a manifest. */
export function podManifest(pod: RawPod): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: pod.namespace, name: pod.name, labels: pod.labels },
    spec: { hostNetwork: pod.hostNetwork ?? false, containers: [{ name: 'main', ports: pod.ports }] },
    status: { phase: 'Running', ...(pod.ip === undefined ? {} : { podIPs: [{ ip: pod.ip }] }) },
  };
}

/** Namespaces of the short form, as manifests. */
export function namespaceManifests(
  namespaces: Readonly<Record<string, Record<string, string>>>,
): readonly unknown[] {
  return Object.entries(namespaces).map(([name, labels]) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels },
  }));
}

/** A model and an engine over manifests; `change` may adapt the pods first. */
export function worldOf(
  documents: readonly unknown[],
  dialect: Dialect,
  change: (pod: Pod) => Pod = (pod) => pod,
): { readonly model: ClusterModel; readonly engine: Engine } {
  const model = createClusterModel();
  for (const event of manifestEvents(documents)) {
    const adapted =
      event.kind === 'pods' && event.type === 'reset'
        ? { ...event, objects: event.objects.map(change) }
        : event;
    model.apply(adapted);
  }
  return { model, engine: createEngine(model, dialect) };
}

/** The pod `namespace/name`; the vectors name no other. */
export function podNamed(model: ClusterModel, key: string): Pod {
  const [namespace = '', name = ''] = key.split('/');
  const pod = model.pod(namespace, name);
  if (pod === undefined) throw new Error(`the vectors name ${key}, which is not among their pods`);
  return pod;
}
