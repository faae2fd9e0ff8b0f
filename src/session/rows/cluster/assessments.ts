import type { ClusterEvent } from '../../../core/cluster/events.ts';
import { type ClusterModel, policyKey } from '../../../core/cluster/model.ts';
import type { Engine } from '../../../core/policy/decide/engine.ts';
import { createPodAddresses, type Finding, lintContext, lintPolicy } from '../../../core/policy/lint/lint.ts';
import type { Policy } from '../../../core/policy/model/policy.ts';
import type { Concern } from './concerns.ts';

/** What is to be said of one policy besides what is written in it. */
export type Assessment = {
  /** Live pods that it selects. */
  readonly selects: number;
  /** Mistakes in it, gravest first. */
  readonly findings: readonly Finding[];
};

/** Assessments of all policies, worked out bit by bit: thousands of them take longer than a key may wait. */
export type Assessments = {
  readonly apply: (event: ClusterEvent, concern: Concern) => void;
  /** The newest assessment; undefined until there is one. */
  readonly of: (key: string) => Assessment | undefined;
  /**
   * Works until `isOver`; gives the keys of the policies that were looked at. What a change concerns comes first, and
   * in the next piece all others: a rule anywhere may name the pods that changed.
   */
  readonly work: (isOver: () => boolean) => readonly string[];
  /** Whether there is more to do, and whether it is urgent: never looked at, or concerned by a change. */
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

  /** Turns what changed into policies to look at. */
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
