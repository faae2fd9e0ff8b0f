import type { ClusterEvent } from '../../../core/cluster/events.ts';
import type { ClusterModel } from '../../../core/cluster/model.ts';
import { keyOf, type Pod } from '../../../core/cluster/objects.ts';
import type { Engine } from '../../../core/policy/decide/engine.ts';
import type { Direction, Policy } from '../../../core/policy/model/policy.ts';
import type { Isolation, PodRow } from '../../state.ts';
import type { Concern } from './concerns.ts';
import { createOrderedRows } from './ordered-rows.ts';

/** The rows of pods: told of events, they make anew only what an event concerns. */
export type PodRows = {
  readonly apply: (event: ClusterEvent, concern: Concern) => void;
  /** All rows, by namespace and name; the same array while nothing changed. */
  readonly list: () => readonly PodRow[];
};

/** Rows over a live model. */
export function createPodRows(model: ClusterModel, engine: Engine): PodRows {
  const rows = createOrderedRows<PodRow>();
  const pods = new Set<string>();
  const namespaces = new Set<string>();
  let everything = true;
  let { dialect } = engine;
  let hasAdmin = false;

  const put = (pod: Pod) => {
    const key = keyOf(pod);
    const isolation = engine.isolation(pod);
    const policies = hasAdmin ? engine.policiesOn(pod) : [];
    const ingress = standing(pod, isolation.ingress, policies, 'ingress');
    const egress = standing(pod, isolation.egress, policies, 'egress');
    const before = rows.get(key);
    if (before?.pod === pod && before.ingress === ingress && before.egress === egress) return;
    rows.set({ key, pod, ingress, egress });
  };

  const refresh = () => {
    if (everything) {
      hasAdmin = [...engine.policies()].some(({ tier }) => tier !== 'normal');
      rows.keep(new Set(Array.from(model.pods(), keyOf)));
      for (const pod of model.pods()) put(pod);
    } else {
      for (const key of pods) {
        const slash = key.indexOf('/');
        const pod = model.pod(key.slice(0, slash), key.slice(slash + 1));
        if (pod === undefined) rows.delete(key);
        else put(pod);
      }
      for (const name of namespaces) model.podsIn(name).forEach(put);
    }
    everything = false;
    pods.clear();
    namespaces.clear();
  };

  return {
    apply: (event, concern) => {
      if (event.kind === 'pods' && event.type !== 'reset')
        pods.add(event.type === 'delete' ? event.key : keyOf(event.object));
      else if (concern.what === 'everything') everything = true;
      else if (concern.what === 'namespace') namespaces.add(concern.name);
    },
    list: () => {
      if (engine.dialect !== dialect) {
        dialect = engine.dialect;
        everything = true;
      }
      refresh();
      return rows.list();
    },
  };
}

/**
 * How a pod stands in one direction. An admin-tier policy with rules decides before all others, a baseline one only
 * where nothing isolates (ANP-1). A host-network pod is outside of what policies say (NP-29).
 */
function standing(pod: Pod, isolated: boolean, policies: readonly Policy[], direction: Direction): Isolation {
  if (pod.hostNetwork) return '?';
  const rules = (tier: Policy['tier']) =>
    policies.some((policy) => policy.tier === tier && policy[direction].length > 0);
  if (rules('admin') || (!isolated && rules('baseline'))) return 'admin';
  return isolated ? 'iso' : 'open';
}
