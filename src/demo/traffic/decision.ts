import type { Protocol } from '../../core/cluster/cluster.ts';
import type { HalfDecision as PolicyHalf } from '../../core/policy/decide/decide.ts';
import type { Policy, Rule } from '../../core/policy/model/model.ts';
import type { WirePolicy } from '../../hubble/wire/wire.ts';
import type { Mirror } from './mirror.ts';
import { endOf, type Party } from './party.ts';

/** The decision of the datapath at one end of a connection. */
export type HalfDecision = {
  readonly allowed: boolean;
  /** Whether any policy applies; only then is there a verdict event (HUB-17). */
  readonly judged: boolean;
  /** Policies that allow it; a default deny names none (HUB-12). */
  readonly by: readonly WirePolicy[];
  /** Hubble's `policy_match_type`: none 0, L3-Only 1, L3-L4 2, L4-Only 3, all 4. */
  readonly match: number;
};

export type Decision = { readonly egress: HalfDecision; readonly ingress: HalfDecision };

const OPEN: HalfDecision = { allowed: true, judged: false, by: [], match: 0 };

/** A cache of decisions by path, for one revision of a mirror. */
const known = new WeakMap<Mirror, { readonly revision: number; readonly decisions: Map<string, Decision> }>();

/** Evaluates the current policies for a connection. Undecidable connections are allowed. */
export function decide(mirror: Mirror, from: Party, to: Party, port: number, protocol: Protocol): Decision {
  const revision = mirror.revision();
  const kept = known.get(mirror);
  const cache = kept?.revision === revision ? kept : { revision, decisions: new Map<string, Decision>() };
  if (cache !== kept) known.set(mirror, cache);
  const key = `${keyOf(from)} ${keyOf(to)} ${port} ${protocol}`;
  const found = cache.decisions.get(key) ?? evaluate(mirror, from, to, port, protocol);
  cache.decisions.set(key, found);
  return found;
}

function keyOf(party: Party): string {
  return party.type === 'pod' ? party.pod.uid : `${party.type} ${party.ip}`;
}

function evaluate(mirror: Mirror, from: Party, to: Party, port: number, protocol: Protocol): Decision {
  const decision = mirror.engine.decide({ from: endOf(from), to: endOf(to), port, protocol });
  return {
    egress: from.type === 'pod' ? halfOf(mirror, decision.egress) : OPEN,
    ingress: to.type === 'pod' ? halfOf(mirror, decision.ingress) : OPEN,
  };
}

function halfOf(mirror: Mirror, half: PolicyHalf): HalfDecision {
  const allowed = half.verdict !== 'deny';
  if (!half.isolated) return { ...OPEN, allowed };
  const admitting = half.steps.filter(({ action }) => action === 'allow');
  const [first] = admitting;
  // Traffic from a node to its own pods is always allowed (NP-28).
  if (allowed && first === undefined) return OPEN;
  return {
    allowed,
    judged: true,
    by: allowed ? distinct(admitting.map(({ applied }) => wirePolicy(applied.policy, mirror))) : [],
    match: allowed && first !== undefined ? matchType(first.rule) : 0,
  };
}

function matchType(rule: Rule | undefined): number {
  const peers = rule !== undefined && rule.peers !== 'any';
  const ports = rule !== undefined && rule.ports !== 'any';
  if (peers) return ports ? 2 : 1;
  return ports ? 3 : 4;
}

/** A policy as Hubble names it in a flow. */
export function wirePolicy(policy: Policy, mirror: Mirror): WirePolicy {
  const { kind, name, namespace, uid } = policy;
  const prefix = 'k8s:io.cilium.k8s.policy';
  return {
    name,
    namespace,
    kind,
    labels: [
      `${prefix}.derived-from=${kind}`,
      `${prefix}.name=${name}`,
      ...(namespace === undefined ? [] : [`${prefix}.namespace=${namespace}`]),
      `${prefix}.uid=${uid}`,
    ],
    revision: mirror.model.revision('policies'),
  };
}

function distinct(policies: readonly WirePolicy[]): readonly WirePolicy[] {
  return [
    ...new Map(
      policies.map((policy) => [`${policy.kind}/${policy.namespace}/${policy.name}`, policy]),
    ).values(),
  ];
}
