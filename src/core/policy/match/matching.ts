import type { Labels, Namespace, Pod, Protocol, Selector } from '../../cluster/cluster.ts';
import type { Peer, PodMatch, Policy, PortMatch, Query, Reading } from '../model/model.ts';
import type { Side } from './side.ts';

/** Whether something matches; `maybe` when the available objects do not tell. */
export type Match = 'yes' | 'no' | 'maybe';

/** The question put to a rule: a port, and the two sides. `self` has the policies, `destination` owns the port. */
export type Question = {
  readonly port: Query['port'];
  readonly protocol: Query['protocol'];
  readonly self: Side;
  readonly peer: Side;
  readonly destination: Side;
  /** The Service that was dialed, for an enforcer that decides egress by it (ENF-33). */
  readonly through?: Query['through'];
};

/** Why a match is a `maybe`. */
export type Doubt =
  /** Labels that are in no list. */
  | { readonly type: 'labels'; readonly of: 'namespace' | 'node' | 'service account'; readonly name: string }
  | { readonly type: 'no-address'; readonly pod: string }
  /** A node of which nothing is known. */
  | { readonly type: 'node-address' }
  /** A CIDR contains only some of a pod's addresses. */
  | { readonly type: 'some-addresses'; readonly pod: string; readonly cidr: string }
  /** Unknown behavior of the enforcer. */
  | {
      readonly type: 'enforcer';
      readonly what:
        | 'service-port'
        | 'host-namespace'
        | 'host-address'
        | 'end-port'
        | 'sidecar-ports'
        | 'sctp'
        | 'ipblock-pods'
        | 'networks-inside';
    }
  /** Whether a DNS name resolved to an address. */
  | { readonly type: 'domain'; readonly pattern: string; readonly address: string }
  | { readonly type: 'unknown-peer'; readonly text: string }
  | { readonly type: 'api-server' }
  /** A missing CIDR group: one by name, or any. */
  | { readonly type: 'cidr-group'; readonly name?: string };

/** Collects the doubts behind every `maybe`, in the order found. */
export type Doubts = Doubt[] | undefined;

export type CidrPeer = Peer & { readonly type: 'cidr' };
export type NamedPort = PortMatch & { readonly type: 'named' };

/** Peer types that exist only in one enforcer's policies, not in a Kubernetes API. */
export type EnforcerPeer = Peer & { readonly type: 'cidr-group' | 'entity' | 'reserved' | 'services' };

/**
 * How an enforcer matches what differs between enforcers: labels, CIDRs, named ports, its own peer types. Created by
 * the dialect for one cluster; its caches are valid for its lifetime.
 */
export type Matching = {
  /**
   * A policy as the enforcer reads it: itself, its parts, or another reading. Always the same objects for one policy.
   */
  readonly readings: (policy: Policy) => readonly Reading[];
  /** The labels of a pod as seen by a pod selector. */
  readonly podLabels: (match: PodMatch, pod: Pod) => Labels;
  /** Whether labels from `podLabels` satisfy a pod selector. */
  readonly matchLabels: (match: PodMatch, labels: Labels, pod: Pod, doubts: Doubts) => Match;
  /** Whether selectors see a pod label at all, by its key. */
  readonly seesLabel: (key: string) => boolean;
  /** The labels of a namespace as seen by a namespace selector. */
  readonly namespaceLabels: (selector: Selector, namespace: Pick<Namespace, 'name' | 'labels'>) => Labels;
  readonly matchCidr: (peer: CidrPeer, question: Question, doubts: Doubts) => Match;
  readonly matchEnforcerPeer: (peer: EnforcerPeer, question: Question, doubts: Doubts) => Match;
  /** Whether a policy's pattern matches a DNS name. */
  readonly matchDomain: (peer: Peer & { readonly type: 'domain' }, name: string) => boolean;
  /** Whether a port has that name. The protocol has already been checked. */
  readonly matchName: (port: NamedPort, question: Question, doubts: Doubts) => Match;
  /** The single number of a port name over the whole cluster. */
  readonly clusterPort: (name: string, protocol: Protocol) => number | 'none' | 'several';
  /** Whether a subject contains one of the enforcer's own endpoints, by its reserved name. */
  readonly selectsReserved: (subject: PodMatch, name: string) => boolean;
};
