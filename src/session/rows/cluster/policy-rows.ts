import type { ClusterEvent } from '../../../core/cluster/events.ts';
import { type ClusterModel, policyKey } from '../../../core/cluster/model.ts';
import type { Direction, Policy, Reading } from '../../../core/policy/model/policy.ts';
import type { PolicyRow } from '../../state.ts';
import type { Assessments } from './assessments.ts';
import { createOrderedRows } from './ordered-rows.ts';

/** The rows of policies: told of events and of new assessments, they make anew only those. */
export type PolicyRows = {
  readonly apply: (event: ClusterEvent) => void;
  readonly assessed: (keys: readonly string[]) => void;
  /** All rows, by kind, namespace and name; the same array while nothing changed. */
  readonly list: () => readonly PolicyRow[];
};

/** Rows over a live model. */
export function createPolicyRows(model: ClusterModel, assessments: Assessments): PolicyRows {
  const rows = createOrderedRows<PolicyRow>();

  const put = (policy: Policy) => {
    const key = policyKey(policy);
    const assessment = assessments.of(key);
    const before = rows.get(key);
    if (before?.policy === policy && before.assessment === assessment) return;
    rows.set({
      key,
      policy,
      directions: directionsOf(policy.parts ?? [policy]),
      rules: (policy.parts ?? [policy]).reduce(
        (sum, part) => sum + part.ingress.length + part.egress.length,
        0,
      ),
      assessment,
    });
  };
  const putAll = () => {
    rows.keep(new Set(Array.from(model.policies(), policyKey)));
    for (const policy of model.policies()) put(policy);
  };
  putAll();

  return {
    apply: (event) => {
      if (event.kind !== 'policies') return;
      if (event.type === 'reset') putAll();
      else if (event.type === 'delete') rows.delete(event.key);
      else put(event.object);
    },
    assessed: (keys) => {
      for (const key of keys) {
        const row = rows.get(key);
        if (row !== undefined) put(row.policy);
      }
    },
    list: rows.list,
  };
}

function directionsOf(readings: readonly Reading[]): PolicyRow['directions'] {
  const speaksOf = (direction: Direction) =>
    readings.some((reading) => reading.isolates[direction] || reading[direction].length > 0);
  const [incoming, outgoing] = [speaksOf('ingress'), speaksOf('egress')];
  if (incoming && outgoing) return 'IN,OUT';
  if (incoming) return 'IN';
  return outgoing ? 'OUT' : '-';
}
