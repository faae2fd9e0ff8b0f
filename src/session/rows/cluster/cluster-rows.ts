import type { ClusterEvent } from '../../../core/cluster/events.ts';
import type { ClusterModel } from '../../../core/cluster/model.ts';
import type { Engine } from '../../../core/policy/decide/engine.ts';
import type { PodRow, PolicyRow } from '../../state.ts';
import { type Assessments, createAssessments } from './assessments.ts';
import type { Concern } from './concerns.ts';
import { createPodRows } from './pod-rows.ts';
import { createPolicyRows } from './policy-rows.ts';

/** The rows of pods and policies; what didn't change keeps its identity, rows and lists alike. */
export type ClusterRows = {
  /** Takes in a change, after model and engine did. */
  readonly apply: (event: ClusterEvent, concern: Concern) => void;
  readonly pods: (namespace: string | undefined) => readonly PodRow[];
  readonly policies: (namespace: string | undefined) => readonly PolicyRow[];
  /** Looks at policies until `isOver`; true when a row changed. */
  readonly work: (isOver: () => boolean) => boolean;
  readonly left: Assessments['left'];
};

/** Rows over a live model. */
export function createClusterRows(model: ClusterModel, engine: Engine): ClusterRows {
  const assessments = createAssessments(model, engine);
  const pods = createPodRows(model, engine);
  const policies = createPolicyRows(model, assessments);
  const podView = viewOf<PodRow>(({ pod }, namespace) => pod.namespace === namespace);
  const policyView = viewOf<PolicyRow>(
    ({ policy }, namespace) => policy.namespace === undefined || policy.namespace === namespace,
  );
  return {
    apply: (event, concern) => {
      assessments.apply(event, concern);
      pods.apply(event, concern);
      policies.apply(event);
    },
    pods: (namespace) => podView(pods.list(), namespace),
    policies: (namespace) => policyView(policies.list(), namespace),
    work: (isOver) => {
      const done = assessments.work(isOver);
      policies.assessed(done);
      return done.length > 0;
    },
    left: assessments.left,
  };
}

/** The rows of one namespace, or all; the same array while neither the list nor the namespace is another. */
function viewOf<Row>(belongs: (row: Row, namespace: string) => boolean) {
  let from: readonly Row[] | undefined;
  let at: string | undefined;
  let shown: readonly Row[] = [];
  return (list: readonly Row[], namespace: string | undefined): readonly Row[] => {
    if (namespace === undefined) return list;
    if (list !== from || namespace !== at) {
      shown = list.filter((row) => belongs(row, namespace));
      from = list;
      at = namespace;
    }
    return shown;
  };
}
