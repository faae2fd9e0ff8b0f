import type { ApiObject, Pod } from '../cluster/cluster.ts';
import { at, isRecord, textAt } from '../common/common.ts';
import { policyKey } from '../live/live.ts';
import type { Engine } from '../policy/decide/decide.ts';
import type { Policy } from '../policy/model/model.ts';
import { GRANT_LABEL } from './names.ts';
import { type Reach, reachOf } from './reach.ts';
import type { Role } from './witness.ts';

/** A pod that a grant reaches, as first seen. */
export type Reached = { readonly pod: Pod; readonly role: Role };

/** The surroundings at planning time: the policies on a grant's ends, and the pods that its labels reach. */
export type Surroundings = {
  /** Policies that select an end, except grants, by `policyKey`. */
  readonly base: ReadonlyMap<string, Policy>;
  /** By `role/uid`. */
  readonly reached: ReadonlyMap<string, Reached>;
  /** UIDs of all pods in the namespaces of the ends, to recognize new ones. */
  readonly present: ReadonlySet<string>;
};

/** The current surroundings of a grant's policies; `policies` as they are or will be in force. */
export function surroundingsOf(engine: Engine, policies: readonly Policy[]): Surroundings {
  const reach = reachOf(engine, policies);
  const reached = reachedOf(reach);
  const own = new Set(policies.map(policyKey));
  const base = [...reached.values()].flatMap(({ pod }) =>
    engine
      .policiesOn(pod)
      .filter((policy) => !own.has(policyKey(policy)) && policy.labels[GRANT_LABEL] === undefined),
  );
  const namespaces = new Set([...reached.values()].map(({ pod }) => pod.namespace));
  return {
    base: new Map(base.map((policy) => [policyKey(policy), policy])),
    reached,
    present: new Set([...namespaces].flatMap((name) => engine.model.podsIn(name).map(({ uid }) => uid))),
  };
}

/** The pods of a reach by `role/uid`. */
export function reachedOf({ sources, destinations }: Reach): ReadonlyMap<string, Reached> {
  const pods = (role: Role, ends: Reach['sources']) =>
    ends.flatMap((end) => (end.type === 'pod' ? [{ pod: end.pod, role }] : []));
  return new Map(
    [...pods('source', sources), ...pods('destination', destinations)].map((reached) => [
      `${reached.role}/${reached.pod.uid}`,
      reached,
    ]),
  );
}

/** The content of a policy without identity, dates and writers: one that was recreated unchanged is the same. */
export function meaningOf(policy: Policy): unknown {
  const { uid, created, labels, annotations, origin, ...says } = policy;
  return says;
}

/** The namespaces that a grant's policy affects: that of its pods and, if it names one, that of the peer. */
export function touchedNamespaces(policy: ApiObject): readonly string[] {
  const peers = [
    at(policy, 'spec', 'ingress', 0, 'from', 0, 'namespaceSelector', 'matchLabels'),
    at(policy, 'spec', 'egress', 0, 'to', 0, 'namespaceSelector', 'matchLabels'),
  ];
  const named = peers.flatMap((labels) =>
    isRecord(labels) ? (textAt(labels, 'kubernetes.io/metadata.name') ?? []) : [],
  );
  return [...new Set([policy.metadata.namespace ?? '', ...named])];
}
