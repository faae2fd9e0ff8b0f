import type { Labels, Namespace, Pod, Protocol, Selector } from '../../cluster/cluster.ts';
import type { Peer, PodMatch, Policy, PortMatch, Query, Reading } from '../model/model.ts';
import type { Side } from './side.ts';

/** Whether something matches; `maybe` when the objects at hand do not tell. */
export type Match = 'yes' | 'no' | 'maybe';

/** What a rule is asked: a port, and the sides. `self` has the policies, `destination` owns the port. */
export type Question = {
  readonly port: Query['port'];
  readonly protocol: Query['protocol'];
  readonly self: Side;
  readonly peer: Side;
  readonly destination: Side;
};

/** Why a match is a `maybe`. */
export type Doubt =
  /** Labels that no list holds. */
  | { readonly type: 'labels'; readonly of: 'namespace' | 'service account'; readonly name: string }
  | { readonly type: 'no-address'; readonly pod: string }
  /** Of a pod's addresses a CIDR holds only some. */
  | { readonly type: 'some-addresses'; readonly pod: string; readonly cidr: string }
  /** What is not known for the enforcer. */
  | {
      readonly type: 'enforcer';
      readonly what: 'end-port' | 'sidecar-ports' | 'sctp' | 'ipblock-pods' | 'networks-inside';
    }
  /** Whether a DNS name stood for an address. */
  | { readonly type: 'domain'; readonly pattern: string; readonly address: string }
  | { readonly type: 'unknown-peer'; readonly text: string }
  | { readonly type: 'api-server' }
  /** A CIDR group that is not there: by its name, or any. */
  | { readonly type: 'cidr-group'; readonly name?: string };

/** Collects the doubts behind every `maybe`, in the order in which they come up. */
export type Doubts = Doubt[] | undefined;

export type CidrPeer = Peer & { readonly type: 'cidr' };
export type NamedPort = PortMatch & { readonly type: 'named' };

/** Peers that the policies of one enforcer have, and no API of Kubernetes. */
export type EnforcerPeer = Peer & { readonly type: 'cidr-group' | 'entity' | 'reserved' | 'services' };

/**
 * How an enforcer matches what is not the same everywhere: labels, CIDRs, named ports, peers of its own. Made for
 * one cluster by the dialect; what it remembers of objects is good for as long as it is.
 */
export type Matching = {
  /** What a policy says to the enforcer: itself, its parts, or another reading. Of one policy always the same objects. */
  readonly readings: (policy: Policy) => readonly Reading[];
  /** The labels of a pod that a selector of pods sees. */
  readonly podLabels: (match: PodMatch, pod: Pod) => Labels;
  /** Whether labels, as `podLabels` gives them, are what a selector of pods asks for. */
  readonly matchLabels: (match: PodMatch, labels: Labels, pod: Pod, doubts: Doubts) => Match;
  /** Whether selectors see a label of pods at all, by its key. */
  readonly seesLabel: (key: string) => boolean;
  /** The labels of a namespace that a selector of namespaces sees. */
  readonly namespaceLabels: (selector: Selector, namespace: Pick<Namespace, 'name' | 'labels'>) => Labels;
  readonly matchCidr: (peer: CidrPeer, question: Question, doubts: Doubts) => Match;
  readonly matchEnforcerPeer: (peer: EnforcerPeer, question: Question, doubts: Doubts) => Match;
  /** Whether a pattern of a policy holds a DNS name. */
  readonly matchDomain: (peer: Peer & { readonly type: 'domain' }, name: string) => boolean;
  /** Whether a port is the one of that name. The protocol is looked at already. */
  readonly matchName: (port: NamedPort, question: Question, doubts: Doubts) => Match;
  /** The one number that a port name has over the whole cluster. */
  readonly clusterPort: (name: string, protocol: Protocol) => number | 'none' | 'several';
  /** Whether a subject holds an endpoint of the enforcer's own, by its reserved name. */
  readonly selectsReserved: (subject: PodMatch, name: string) => boolean;
};
