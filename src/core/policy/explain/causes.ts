import { keyOf } from '../../cluster/cluster.ts';
import { assertNever } from '../../common/common.ts';
import type { Conflict, OpenQuestion, Settled } from '../decide/decide.ts';
import {
  type Doubt,
  type EnforcerName,
  HBONE_PORT,
  nameOfSide,
  OWN_NODE,
  type Side,
  UNKNOWN_NODE,
} from '../match/match.ts';
import type { Decision, ForeignObject, Policy } from '../model/model.ts';
import { podText } from './text.ts';

/** Why no rule is evaluated for a half. */
export function settledText(settled: Settled, self: Side): string {
  switch (settled) {
    case 'outside':
      return self.type === 'ip' && self.reserved !== undefined
        ? `${self.reserved} is an endpoint of Cilium's own`
        : 'outside the cluster';
    case 'node':
      return isUnlisted(self) ? 'a node has no policies' : `${nodeName(self)} is a node`;
    case 'finished':
      return `${self.type === 'pod' ? podText(self.pod) : self.text} has terminated: it has no network`;
    case 'never':
      return 'enable-policy is never: no policy is enforced';
    case 'own-node':
      return 'its own node always reaches it';
    case 'itself':
      return 'a pod always reaches itself';
    default:
      return assertNever(settled);
  }
}

const TUNNEL_TEXTS: Readonly<Record<Decision, string>> = {
  allow: 'which is admitted: only the port asked for is not',
  deny: 'which is not admitted: only the port asked for is',
  undecidable: 'of which that is not known',
};

function isUnlisted(self: Side): boolean {
  return self.type === 'ip' && (self.node === UNKNOWN_NODE || self.node === OWN_NODE);
}

function nodeName(self: Side): string {
  return self.type === 'ip' ? (self.node?.name ?? self.text) : self.pod.name;
}

/** What makes a half undecidable; undefined where the underlying decision says enough. */
export function openText(question: OpenQuestion): string | undefined {
  switch (question.type) {
    case 'host-network':
      return `${question.pod.name} is on the host network: the API leaves this undefined`;
    case 'addresses':
      return `${nameOfSide(question.side)} has several addresses, and policies treat them differently`;
    case 'hairpin':
      return 'whether a pod reaches itself through its Service differs between enforcers';
    case 'foreign':
      return foreignDoubtText(question.objects);
    case 'mesh':
      return question.waypoint === undefined
        ? `Istio ambient carries it over tcp ${HBONE_PORT} (HBONE), ${TUNNEL_TEXTS[question.verdict]}`
        : `Istio may carry it through waypoint ${question.waypoint}, which is then the other end`;
    case 'not-enforced':
      return undefined;
    default:
      return assertNever(question);
  }
}

function foreignDoubtText([first, ...rest]: readonly ForeignObject[]): string | undefined {
  if (first === undefined) return undefined;
  const more = rest.length === 0 ? '' : ` (and ${rest.length} more)`;
  return `${foreignText(first)} may also apply${more}`;
}

/** `Calico NetworkPolicy shop/x`, as kind and name. */
export function foreignText(object: ForeignObject): string {
  return `${object.kind} ${keyOf(object)}`;
}

/** Conflicts that remain although each rule is clear. */
export function conflictText(conflict: Conflict): string {
  switch (conflict.type) {
    case 'tie':
      return `${conflict.policies.map(({ name }) => name).join(' and ')} conflict at the same priority`;
    case 'baseline-accept':
      return `Cilium may still apply the baseline accept of ${conflict.policy.name}`;
    case 'icmp':
      return 'the NetworkPolicy API does not define ICMP: enforcers differ';
    default:
      return assertNever(conflict);
  }
}

/** Why a match is unknown. */
export function doubtText(doubt: Doubt, enforcer: EnforcerName): string {
  switch (doubt.type) {
    case 'labels':
      return `the labels of ${doubt.of} ${doubt.name} are unknown`;
    case 'no-address':
      return `${doubt.pod} has no address yet`;
    case 'node-address':
      return 'the addresses of the nodes are unknown';
    case 'some-addresses':
      return `${doubt.pod} has several addresses, and ${doubt.cidr} contains only some`;
    case 'enforcer':
      return `whether ${ENFORCER_TEXTS[doubt.what]} is ${whoseText(enforcer)}`;
    case 'domain':
      return `${doubt.pattern} may or may not have resolved to ${doubt.address}`;
    case 'unknown-peer':
      return `a policy has ${doubt.text}`;
    case 'api-server':
      return 'the addresses of the API server are unknown';
    case 'cidr-group':
      return `${doubt.name === undefined ? 'no CIDR group is' : `CIDR group ${doubt.name} is not`} known`;
    default:
      return assertNever(doubt);
  }
}

const ENFORCER_TEXTS: Readonly<Record<Extract<Doubt, { type: 'enforcer' }>['what'], string>> = {
  'end-port': 'it supports endPort',
  'host-namespace': 'the host network counts as a namespace',
  'host-address': 'an ipBlock matches a node by this address',
  'service-port': 'it admits a port of a Service that leads to another port of the pods',
  'sidecar-ports': 'it supports port names of sidecars',
  sctp: 'it filters SCTP',
  'ipblock-pods': 'an ipBlock matches pods',
  'networks-inside': 'networks in a ClusterNetworkPolicy match pods',
};

/** `not known for calico`. */
export function whoseText(enforcer: EnforcerName): string {
  return enforcer === 'unknown' || enforcer === 'none'
    ? 'unknown: the enforcer is not known'
    : `not known for ${enforcer}`;
}

/** Tools used by a person at a keyboard: their name is no help. */
const HANDS = /^(?:kubectl|before-first-apply|curl|Mozilla)/;

/**
 * What manages a policy object, as a phrase: from the marks that tools leave on it (Helm, Argo CD, Flux), its owner,
 * `app.kubernetes.io/managed-by`, or the last writer of its spec; undefined if unknown.
 */
export function managedBy(policy: Policy): string | undefined {
  const tool = toolOf(policy);
  if (tool !== undefined) return `managed by ${tool}`;
  const { owner, manager } = policy.origin ?? {};
  if (owner !== undefined) return `owned by ${owner}`;
  return manager === undefined || HANDS.test(manager) ? undefined : `last written by ${manager}`;
}

function toolOf({ labels, annotations }: Policy): string | undefined {
  const tracked = annotations['argocd.argoproj.io/tracking-id']?.split(':')[0];
  const application = tracked ?? labels['argocd.argoproj.io/instance'];
  if (application !== undefined) return `Argo CD application ${application}`;
  const kustomization = labels['kustomize.toolkit.fluxcd.io/name'];
  if (kustomization !== undefined) return `Flux kustomization ${kustomization}`;
  const helm = labels['helm.toolkit.fluxcd.io/name'];
  if (helm !== undefined) return `Flux Helm release ${helm}`;
  const release = annotations['meta.helm.sh/release-name'];
  if (release !== undefined) return `Helm release ${release}`;
  return labels['app.kubernetes.io/managed-by'];
}
