import type { Labels, Protocol, Selector } from '../../cluster/cluster.ts';
import { isRecord, type Raw, rawOf, rawsOf, safeText, textOf, timeOf } from '../../common/common.ts';

export type Direction = 'ingress' | 'egress';

/** Names one policy object. */
export type PolicyRef = { readonly kind: string; readonly namespace?: string; readonly name: string };

/** Evaluation order: admin, then normal (NetworkPolicy and Cilium's), then baseline (ANP-1). */
export type Tier = 'admin' | 'normal' | 'baseline';

/** Which namespaces a selector reaches: one by name, or those whose labels match. */
export type NamespaceMatch =
  | { readonly by: 'name'; readonly name: string }
  | { readonly by: 'labels'; readonly selector: Selector };

/** Pods of some namespaces. */
export type PodMatch = {
  readonly namespaces: NamespaceMatch;
  readonly pods: Selector;
  /** Never a host-network pod, by the text of the API (ANP-6). */
  readonly notOnHost?: boolean;
  /** `pods` speaks of Cilium's identity labels, whatever the dialect (CIL-6 to CIL-8). */
  readonly identity?: 'cilium';
};

/** A service that a rule of Cilium names; without a namespace, in any (CIL-12). */
export type ServiceMatch = {
  readonly namespace?: string;
  readonly by: { readonly name: string } | { readonly selector: Selector };
};

/** Who may be at the other end. New kinds add members here, not fields elsewhere. */
export type Peer =
  | ({ readonly type: 'pods' } & PodMatch)
  | {
      readonly type: 'cidr';
      readonly cidr: string;
      readonly except: readonly string[];
      /** Matches addresses of pods whatever the dialect says (ANP-7). */
      readonly reachesPods?: boolean;
      /** Read as Cilium reads CIDRs, whatever the dialect: never pods, nodes by mode (CIL-11). */
      readonly identity?: 'cilium';
    }
  /** The CIDRs of groups, by name or by their labels; the groups are objects of their own (CIL-22). */
  | {
      readonly type: 'cidr-group';
      readonly by: { readonly name: string } | { readonly selector: Selector };
      readonly except: readonly string[];
    }
  /** One of Cilium's names for a group of ends: `world`, `host`, `cluster`, … (CIL-10). */
  | { readonly type: 'entity'; readonly entity: string }
  /** A selector of reserved labels: nodes and world, never pods (CIL-6). */
  | { readonly type: 'reserved'; readonly selector: Selector }
  /** What services stand for. When they stand for nothing, a rule with ports means anybody (CIL-12). */
  | { readonly type: 'services'; readonly services: readonly ServiceMatch[]; readonly orAnybody: boolean }
  /** Nodes by their labels, and host-network pods on them (ANP-7). */
  | { readonly type: 'nodes'; readonly selector: Selector }
  /** Addresses that a DNS name stood for when somebody looked it up: not known from objects. */
  | { readonly type: 'domain'; readonly pattern: string; readonly identity?: 'cilium' }
  /** A peer that this version cannot read: it may match anything (ANP-10). */
  | { readonly type: 'unknown'; readonly text: string };

/** Which ports. `to` is inclusive; a name resolves on the destination pod (NP-24, NP-25). */
export type PortMatch =
  | { readonly type: 'all'; readonly protocol: Protocol }
  | {
      readonly type: 'range';
      readonly protocol: Protocol;
      readonly from: number;
      readonly to: number;
      /** By the `endPort` of a NetworkPolicy, which not every enforcer takes (NP-24). */
      readonly byEndPort?: boolean;
    }
  | {
      readonly type: 'named';
      readonly protocol: Protocol;
      readonly name: string;
      /** Cilium: from the number that the name stands for up to this one (CIL-13, CIL-17). */
      readonly to?: number;
    }
  /** One type of ICMP of one family, any code: only Cilium has such rules (CIL-19). */
  | {
      readonly type: 'icmp';
      readonly protocol: 'ICMP';
      readonly family: 4 | 6;
      readonly icmpType: number;
    };

export type RuleAction = 'allow' | 'deny' | 'pass';

/**
 * One rule: peers OR each other, ports OR each other, peers AND ports. `any` is everything, outside included; an
 * empty list matches nothing.
 */
export type Rule = {
  readonly action: RuleAction;
  readonly peers: readonly Peer[] | 'any';
  readonly ports: readonly PortMatch[] | 'any';
  /** Set when a proxy then decides on the request: `http`, `dns`, … (CIL-18). */
  readonly l7?: string;
  /** Where it stands, when not simply in the list: section and index there. */
  readonly at?: { readonly section: string; readonly index: number };
};

/** What a policy says: whom it applies to, and what it allows or denies them. */
export type Reading = {
  /** The pods that it applies to. */
  readonly subject: PodMatch;
  /** Directions in which its subjects are denied what no rule allows. */
  readonly isolates: { readonly ingress: boolean; readonly egress: boolean };
  readonly ingress: readonly Rule[];
  readonly egress: readonly Rule[];
};

/** A field left out or empty whose meaning the rules no longer show: for lints. */
export type OmittedField =
  | { readonly field: 'policyTypes'; readonly emptySections: readonly Direction[] }
  | {
      readonly field: 'toFQDNs' | 'toServices';
      readonly at: { readonly section: string; readonly index: number };
      readonly hasPorts: boolean;
    };

/** Policies that come (or replace one of the same kind and name) and go. */
export type PolicyChange = { readonly add: readonly Policy[]; readonly remove: readonly PolicyRef[] };

/** `owner`: the controller, as `Kustomization shop`. `manager`: who wrote its spec last, as kubectl says it. */
export type Origin = { readonly owner?: string; readonly manager?: string };

/** A policy of any kind, in the one model that the engine evaluates. */
export type Policy = PolicyRef &
  Reading & {
    readonly uid: string;
    readonly labels: Labels;
    readonly annotations: Labels;
    readonly tier: Tier;
    readonly priority?: number;
    /** Rules of sections that `policyTypes` does not list: without effect, except on Cilium (NP-8, CIL-21). */
    readonly unlisted?: { readonly ingress: readonly Rule[]; readonly egress: readonly Rule[] };
    readonly omittedFields?: readonly OmittedField[];
    /** Several rules with subjects of their own under one name; then these count, not the fields above. */
    readonly parts?: readonly Reading[];
    /** Set when it enforces nothing at all; `problems` says why. */
    readonly inert?: boolean;
    /** Why it enforces nothing, or less than it says: shown as a warning. Empty for a sound policy. */
    readonly problems: readonly string[];
    /** Who made and wrote the object, by its ownerReferences and managedFields. */
    readonly origin?: Origin;
    /** ms since the epoch. */
    readonly created: number;
  };

/** A policy in the cluster of a kind that is not evaluated here, as Calico's or Istio's. */
export type ForeignObject = { readonly kind: string; readonly namespace?: string; readonly name: string };

/**
 * A key and the source before its colon; `any` without one. Kubernetes' own keys have neither a source nor a derived
 * meaning, so that whoever gathers keys needs not know whose policy they are of.
 */
export function unprefixed(key: string): { readonly source: string; readonly key: string } {
  const colon = key.indexOf(':');
  return colon < 0 ? { source: 'any', key } : { source: key.slice(0, colon), key: key.slice(colon + 1) };
}

const DERIVED = new Set(['io.cilium.k8s.policy.serviceaccount', 'projectcalico.org/serviceaccount']);

/** Whether a label key, as Cilium or Calico derives it, tells pods of one namespace apart by their service account. */
export function isAccountKey(key: string): boolean {
  return DERIVED.has(key) || key.startsWith('pcsa.');
}

/** Where a policy object comes from, by its metadata; nothing where that tells nothing. */
export function originOf(metadata: Raw): { readonly origin?: Origin } {
  const owner = ownerOf(metadata);
  const manager = managerOf(metadata);
  if (owner === undefined && manager === undefined) return {};
  return {
    origin: { owner, manager },
  };
}

/** The controller among the owners, else the first. */
function ownerOf(metadata: Raw): string | undefined {
  const owners = rawsOf(metadata.ownerReferences);
  const owner = owners.find(({ controller }) => controller === true) ?? owners[0];
  const [kind, name] = [textOf(owner?.kind), textOf(owner?.name)];
  return kind === undefined || name === undefined ? undefined : `${safeText(kind)} ${safeText(name)}`;
}

/** Of the managers of fields of the spec, the one that wrote last. */
function managerOf(metadata: Raw): string | undefined {
  const writers = rawsOf(metadata.managedFields)
    .filter(({ fieldsV1, subresource }) => subresource === undefined && isRecord(rawOf(fieldsV1)['f:spec']))
    .toSorted((a, b) => timeOf(b.time) - timeOf(a.time));
  const manager = textOf(writers[0]?.manager);
  return manager === undefined ? undefined : safeText(manager);
}
