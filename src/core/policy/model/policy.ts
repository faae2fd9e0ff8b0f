import type { Labels, Protocol, Selector } from '../../cluster/cluster.ts';
import { isRecord, type Raw, rawOf, rawsOf, safeText, textOf, timeOf } from '../../common/common.ts';

export type Direction = 'ingress' | 'egress';

/** Identifies one policy object. */
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
  /** Never a host-network pod, as the API says (ANP-6). */
  readonly notOnHost?: boolean;
  /** `pods` refers to Cilium's identity labels, whatever the dialect (CIL-6 to CIL-8). */
  readonly identity?: 'cilium';
};

/** A service named by a Cilium rule; without a namespace, in any namespace (CIL-12). */
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
      /** Matches pod addresses whatever the dialect says (ANP-7). */
      readonly reachesPods?: boolean;
      /** Read as Cilium reads CIDRs, whatever the dialect: never pods, nodes by mode (CIL-11). */
      readonly identity?: 'cilium';
    }
  /** The CIDRs of groups, by name or by label; the groups are separate objects (CIL-22). */
  | {
      readonly type: 'cidr-group';
      readonly by: { readonly name: string } | { readonly selector: Selector };
      readonly except: readonly string[];
    }
  /** One of Cilium's names for a group of ends: `world`, `host`, `cluster`, … (CIL-10). */
  | { readonly type: 'entity'; readonly entity: string }
  /** A selector of reserved labels: nodes and world, never pods (CIL-6). */
  | { readonly type: 'reserved'; readonly selector: Selector }
  /** What services resolve to. If they resolve to nothing, a rule with ports matches everyone (CIL-12). */
  | { readonly type: 'services'; readonly services: readonly ServiceMatch[]; readonly orAnybody: boolean }
  /** Nodes by their labels, and host-network pods on them (ANP-7). */
  | { readonly type: 'nodes'; readonly selector: Selector }
  /** Addresses that a DNS name has resolved to: not known from objects. */
  | { readonly type: 'domain'; readonly pattern: string; readonly identity?: 'cilium' }
  /** A peer that this version can't read: it may match anything (ANP-10). */
  | { readonly type: 'unknown'; readonly text: string };

/** Which ports. `to` is inclusive; a name resolves on the destination pod (NP-24, NP-25). */
export type PortMatch =
  | { readonly type: 'all'; readonly protocol: Protocol }
  | {
      readonly type: 'range';
      readonly protocol: Protocol;
      readonly from: number;
      readonly to: number;
      /** Comes from the `endPort` of a NetworkPolicy, which not every enforcer supports (NP-24). */
      readonly byEndPort?: boolean;
    }
  | {
      readonly type: 'named';
      readonly protocol: Protocol;
      readonly name: string;
      /** Cilium: from the number of the named port up to this one (CIL-13, CIL-17). */
      readonly to?: number;
    }
  /** One ICMP type of one family, any code: only Cilium has such rules (CIL-19). */
  | {
      readonly type: 'icmp';
      readonly protocol: 'ICMP';
      readonly family: 4 | 6;
      readonly icmpType: number;
    };

export type RuleAction = 'allow' | 'deny' | 'pass';

/**
 * One rule: peers are ORed, ports are ORed, and both must match. `any` is everything, including outside the cluster; an
 * empty list matches nothing.
 */
export type Rule = {
  readonly action: RuleAction;
  readonly peers: readonly Peer[] | 'any';
  readonly ports: readonly PortMatch[] | 'any';
  /** Set when a proxy then decides on the request: `http`, `dns`, … (CIL-18). */
  readonly l7?: string;
  /** Its position, if not simply in the list: section and index. */
  readonly at?: { readonly section: string; readonly index: number };
};

/** What a policy says: whom it applies to, and what it allows or denies. */
export type Reading = {
  /** The pods it applies to. */
  readonly subject: PodMatch;
  /** Directions in which its subjects are denied whatever no rule allows. */
  readonly isolates: { readonly ingress: boolean; readonly egress: boolean };
  readonly ingress: readonly Rule[];
  readonly egress: readonly Rule[];
};

/** An omitted or empty field whose meaning the rules no longer show: for lints. */
export type OmittedField =
  | { readonly field: 'policyTypes'; readonly emptySections: readonly Direction[] }
  | {
      readonly field: 'toFQDNs' | 'toServices';
      readonly at: { readonly section: string; readonly index: number };
      readonly hasPorts: boolean;
    };

/** A field where the schema has none, which the API server drops: `egress[0].toEndpoints[0]` and `toPorts`. */
export type MisplacedField = {
  readonly at: string;
  readonly field: string;
  /** Whether it belongs elsewhere in a rule, so that it is only indented wrongly. */
  readonly belongsElsewhere: boolean;
};

/** Policies that are added (or replace one of the same kind and name) and removed. */
export type PolicyChange = { readonly add: readonly Policy[]; readonly remove: readonly PolicyRef[] };

/** `owner`: the controller, as `Kustomization shop`. `manager`: the last writer of the spec, as in kubectl. */
export type Origin = { readonly owner?: string; readonly manager?: string };

/** A policy of any kind, in the common model that the engine evaluates. */
export type Policy = PolicyRef &
  Reading & {
    readonly uid: string;
    readonly labels: Labels;
    readonly annotations: Labels;
    readonly tier: Tier;
    readonly priority?: number;
    /** Rules of sections that `policyTypes` does not list: no effect, except on Cilium (NP-8, CIL-21). */
    readonly unlisted?: { readonly ingress: readonly Rule[]; readonly egress: readonly Rule[] };
    readonly omittedFields?: readonly OmittedField[];
    /** What the API server dropped or would drop; set if there is any. */
    readonly misplacedFields?: readonly MisplacedField[];
    /** Several rules under one name with their own subjects; if set, these count, not the fields above. */
    readonly parts?: readonly Reading[];
    /** Set when it enforces nothing at all; `problems` says why. */
    readonly inert?: boolean;
    /** Why it enforces nothing, or less than it says: shown as a warning. Empty for a valid policy. */
    readonly problems: readonly string[];
    /** Who created and wrote the object, from its ownerReferences and managedFields. */
    readonly origin?: Origin;
    /** ms since the epoch. */
    readonly created: number;
  };

/** A policy in the cluster of a kind that is not evaluated here, such as Calico's or Istio's. */
export type ForeignObject = { readonly kind: string; readonly namespace?: string; readonly name: string };

/**
 * A key and the source before its colon; `any` without one. Kubernetes' own keys have neither a source nor a derived
 * meaning, so code that collects keys need not know whose policy they come from.
 */
export function unprefixed(key: string): { readonly source: string; readonly key: string } {
  const colon = key.indexOf(':');
  return colon < 0 ? { source: 'any', key } : { source: key.slice(0, colon), key: key.slice(colon + 1) };
}

const DERIVED = new Set(['io.cilium.k8s.policy.serviceaccount', 'projectcalico.org/serviceaccount']);

/** Whether a label key derived by Cilium or Calico distinguishes pods of one namespace by their service account. */
export function isAccountKey(key: string): boolean {
  return DERIVED.has(key) || key.startsWith('pcsa.');
}

/** The origin of a policy object from its metadata; empty if the metadata does not tell. */
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

/** The last writer among the managers of the spec's fields. */
function managerOf(metadata: Raw): string | undefined {
  const writers = rawsOf(metadata.managedFields)
    .filter(({ fieldsV1, subresource }) => subresource === undefined && isRecord(rawOf(fieldsV1)['f:spec']))
    .toSorted((a, b) => timeOf(b.time) - timeOf(a.time));
  const manager = textOf(writers[0]?.manager);
  return manager === undefined ? undefined : safeText(manager);
}
