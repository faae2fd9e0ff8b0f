import type { ClusterModel } from '../../core/cluster/model.ts';
import { keyOf, type Pod } from '../../core/cluster/objects.ts';
import type { Engine } from '../../core/policy/engine.ts';
import type { Policy } from '../../core/policy/policy.ts';
import type { Isolation, PodRow, PolicyRow } from '../state.ts';

/** Makes the rows of pods and policies; rows whose contents are as before keep their identity. */
export type ClusterRows = {
  readonly pods: (namespace: string | undefined) => readonly PodRow[];
  readonly policies: (namespace: string | undefined) => readonly PolicyRow[];
};

/** Rows over a live model. Cheap to call again: only what changed is made anew. */
export function createClusterRows(model: ClusterModel, engine: Engine): ClusterRows {
  const podRows = new Map<string, PodRow>();
  const policyRows = new Map<string, PolicyRow>();

  const podRow = (pod: Pod): PodRow => {
    const key = keyOf(pod);
    const isolation = engine.isolation(pod);
    const ingress = isolationOf(pod, isolation.ingress);
    const egress = isolationOf(pod, isolation.egress);
    const before = podRows.get(key);
    if (before?.pod === pod && before.ingress === ingress && before.egress === egress) return before;
    const row: PodRow = { key, pod, ingress, egress };
    podRows.set(key, row);
    return row;
  };

  const policyRow = (policy: Policy): PolicyRow => {
    const key = `${policy.kind}/${keyOf(policy)}`;
    const selects = engine.selected(policy).length;
    const before = policyRows.get(key);
    if (before?.policy === policy && before.selects === selects) return before;
    const row: PolicyRow = {
      key,
      policy,
      selects,
      directions: directionsOf(policy),
      rules: policy.ingress.length + policy.egress.length,
    };
    policyRows.set(key, row);
    return row;
  };

  return {
    pods: (namespace) => {
      const pods = namespace === undefined ? model.pods() : model.podsIn(namespace);
      const rows = Array.from(pods, podRow);
      if (podRows.size > rows.length * 2 + 1_000) podRows.clear();
      return rows.sort(byKey);
    },
    policies: (namespace) => {
      const rows: PolicyRow[] = [];
      for (const policy of model.policies()) {
        if (namespace === undefined || policy.namespace === undefined || policy.namespace === namespace)
          rows.push(policyRow(policy));
      }
      if (policyRows.size > rows.length * 2 + 1_000) policyRows.clear();
      return rows.sort(byKey);
    },
  };
}

/** A host-network pod is outside of what policies say (facts/policy.md §1 rule 29). */
function isolationOf(pod: Pod, isolated: boolean): Isolation {
  if (pod.hostNetwork) return '?';
  return isolated ? 'iso' : 'open';
}

function directionsOf({ isolates, ingress, egress }: Policy): PolicyRow['directions'] {
  const incoming = isolates.ingress || ingress.length > 0;
  const outgoing = isolates.egress || egress.length > 0;
  if (incoming && outgoing) return 'IN,OUT';
  if (incoming) return 'IN';
  return outgoing ? 'OUT' : '-';
}

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}
