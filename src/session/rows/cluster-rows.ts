import { keyOf, type Pod } from '../../core/cluster/cluster.ts';
import { placeIn } from '../../core/common/common.ts';
import { type ClusterEvent, type ClusterModel, policyKey } from '../../core/live/live.ts';
import type { Engine } from '../../core/policy/decide/decide.ts';
import { createPodAddresses, lintContext, lintPolicy } from '../../core/policy/lint/lint.ts';
import type { Direction, Policy, Reading } from '../../core/policy/model/model.ts';
import type { Assessment, Isolation, PodRow, PolicyRow } from '../state/state.ts';
import type { Concern } from './concerns.ts';

/** The rows of pods and policies; unchanged rows and lists keep their identity. */
export type ClusterRows = {
  /** Applies a change, after the model and the engine have. */
  readonly apply: (event: ClusterEvent, concern: Concern) => void;
  readonly pods: (namespace: string | undefined) => readonly PodRow[];
  readonly policies: (namespace: string | undefined) => readonly PolicyRow[];
  /** Assesses policies until `isOver`; true if a row changed. */
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

/** The rows of one namespace, or all; the same array while list and namespace are unchanged. */
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

/** The rows of policies; events and new assessments rebuild only the affected rows. */
type PolicyRows = {
  readonly apply: (event: ClusterEvent) => void;
  readonly assessed: (keys: readonly string[]) => void;
  /** All rows, by kind, namespace and name; the same array while nothing has changed. */
  readonly list: () => readonly PolicyRow[];
};

/** Rows over a live model. */
function createPolicyRows(model: ClusterModel, assessments: Assessments): PolicyRows {
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

/** The rows of pods; an event rebuilds only the affected rows. */
type PodRows = {
  readonly apply: (event: ClusterEvent, concern: Concern) => void;
  /** All rows, by namespace and name; the same array while nothing has changed. */
  readonly list: () => readonly PodRow[];
};

/** Rows over a live model. */
function createPodRows(model: ClusterModel, engine: Engine): PodRows {
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
      if (event.kind === 'pods' && event.type === 'reset') everything = true;
      else if (event.kind === 'pods') pods.add(event.type === 'delete' ? event.key : keyOf(event.object));
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
 * Isolation of a pod in one direction. An admin-tier policy with rules decides before all others, a baseline one only
 * if nothing isolates the pod (ANP-1). Policies don't apply to a host-network pod (NP-29).
 */
function standing(pod: Pod, isolated: boolean, policies: readonly Policy[], direction: Direction): Isolation {
  if (pod.hostNetwork) return '?';
  const rules = (tier: Policy['tier']) =>
    policies.some((policy) => policy.tier === tier && policy[direction].length > 0);
  if (rules('admin') || (!isolated && rules('baseline'))) return 'admin';
  return isolated ? 'iso' : 'open';
}

type Keyed = { readonly key: string };

/** Rows in key order. Between changes the list is the same array. */
type OrderedRows<Row extends Keyed> = {
  readonly get: (key: string) => Row | undefined;
  readonly set: (row: Row) => void;
  readonly delete: (key: string) => void;
  /** Removes all rows except those with the given keys. */
  readonly keep: (keys: ReadonlySet<string>) => void;
  readonly list: () => readonly Row[];
};

/** Rows that are set one by one; a list costs the changes since the last one, plus a copy. */
function createOrderedRows<Row extends Keyed>(): OrderedRows<Row> {
  const rows = new Map<string, Row>();
  let listed: readonly Row[] = [];
  let changed = new Set<string>();

  const remove = (key: string) => {
    if (rows.delete(key)) changed.add(key);
  };

  return {
    get: (key) => rows.get(key),
    set: (row) => {
      if (rows.get(row.key) === row) return;
      rows.set(row.key, row);
      changed.add(row.key);
    },
    delete: remove,
    keep: (keys) => {
      for (const key of rows.keys()) if (!keys.has(key)) remove(key);
    },
    list: () => {
      if (changed.size === 0) return listed;
      listed = changed.size > 100 ? [...rows.values()].sort(byKey) : patched(listed, rows, changed);
      changed = new Set();
      return listed;
    },
  };
}

/** A copy of a sorted list with some rows replaced, removed or inserted. */
function patched<Row extends Keyed>(
  list: readonly Row[],
  rows: ReadonlyMap<string, Row>,
  changed: ReadonlySet<string>,
): readonly Row[] {
  const copy = [...list];
  for (const key of changed) {
    const at = placeIn(copy, (item) => item.key < key);
    const row = rows.get(key);
    const there = copy[at]?.key === key ? 1 : 0;
    if (row === undefined) copy.splice(at, there);
    else copy.splice(at, there, row);
  }
  return copy;
}

function byKey(a: Keyed, b: Keyed): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

/** Assessments of all policies, computed in slices: thousands of them take longer than a key press can wait. */
export type Assessments = {
  readonly apply: (event: ClusterEvent, concern: Concern) => void;
  /** The latest assessment, if any. */
  readonly of: (key: string) => Assessment | undefined;
  /**
   * Works until `isOver`; returns the keys of the assessed policies. Policies near a change come first, all others in
   * later slices: a rule anywhere may refer to the changed pods.
   */
  readonly work: (isOver: () => boolean) => readonly string[];
  /** Whether there is more to do, and whether it is urgent: never assessed, or near a change. */
  readonly left: () => 'nothing' | 'later' | 'soon';
};

/** Assessments over a live engine. */
export function createAssessments(model: ClusterModel, engine: Engine): Assessments {
  const podAddresses = createPodAddresses(model);
  const known = new Map<string, Assessment>();
  const soon = new Set<string>();
  const later = new Set<string>();
  const namespaces = new Set<string>();
  let everything = true;
  let { dialect } = engine;

  /** Turns changes into policies to assess. */
  const gather = () => {
    if (dialect !== engine.dialect) {
      dialect = engine.dialect;
      everything = true;
    }
    if (!everything && namespaces.size === 0) return;
    for (const policy of model.policies()) {
      const key = policyKey(policy);
      const near = policy.namespace !== undefined && namespaces.has(policy.namespace);
      if (near || !known.has(key)) soon.add(key);
      else later.add(key);
    }
    everything = false;
    namespaces.clear();
  };

  const next = (queue: Set<string>): string | undefined => {
    for (const key of queue) {
      soon.delete(key);
      later.delete(key);
      return key;
    }
    return undefined;
  };

  return {
    apply: (event, concern) => {
      if (event.kind === 'policies' && event.type === 'delete') known.delete(event.key);
      if (event.kind === 'policies' && event.type === 'set') soon.add(policyKey(event.object));
      if (concern.what === 'everything') everything = true;
      else if (concern.what === 'namespace') namespaces.add(concern.name);
    },
    of: (key) => known.get(key),
    work: (isOver) => {
      gather();
      const context = lintContext(engine, false, podAddresses);
      const queue = soon.size > 0 ? soon : later;
      const done: string[] = [];
      do {
        const key = next(queue);
        if (key === undefined) break;
        const policy = policyAt(model, key);
        if (policy === undefined) continue;
        const selects = context.selected(policy).length;
        known.set(key, { selects, findings: lintPolicy(context, policy) });
        done.push(key);
      } while (!isOver());
      return done;
    },
    left: () => {
      gather();
      if (soon.size > 0) return 'soon';
      return later.size > 0 ? 'later' : 'nothing';
    },
  };
}

function policyAt(model: ClusterModel, key: string): Policy | undefined {
  const [kind = '', first = '', second] = key.split('/');
  return second === undefined ? model.policy(kind, undefined, first) : model.policy(kind, first, second);
}
