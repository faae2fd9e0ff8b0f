import type {
  V1JobSpec,
  V1LabelSelector,
  V1NetworkPolicyPeer,
  V1NetworkPolicyPort,
  V1NetworkPolicySpec,
} from '@kubernetes/client-node';
import type { ApiObject, OwnerReference, Pod, PortSpec, Requirement, Selector } from '../cluster/cluster.ts';
import { at, formatDuration, listAt, textAt } from '../common/common.ts';
import type { Direction } from '../policy/model/model.ts';
import { formatAnnounced } from './announced.ts';
import type { GrantWindow } from './grant.ts';
import {
  formatHalves,
  formatPorts,
  GRANT_LABEL,
  type HalfPlace,
  MANAGED_BY,
  NOTE,
  objectName,
  portRuns,
} from './names.ts';
import type { GrantPlan, PeerSelection } from './plan.ts';
import { type Role, witnessNotes } from './witness.ts';

/** The annotations of both objects of a half. */
export type GrantNotes = {
  readonly id: string;
  readonly requester: string;
  readonly reason: string;
  readonly ticket?: string;
  readonly source: string;
  readonly destination: string;
  readonly ports: readonly PortSpec[];
  /** Whether the enforcer takes `endPort` (NP-24). */
  readonly ranges: boolean;
  readonly version: string;
  readonly halves: readonly HalfPlace[];
  /** The longest window, extensions included, seconds. */
  readonly most: number;
  /** The pods that it is for when it is planned. */
  readonly pods: Readonly<Record<Role, readonly Pod[]>>;
};

/** The longest reason or ticket, in UTF-16 code units; the annotations of an object share 256 KiB (LEASE-13). */
export const NOTE_LIMIT = 1_024;

/** The scheduling gate and the label of no node by which the pods of a lease never run. */
const NEVER = 'sluice.dev/never';

/**
 * Whether the pods of a Job never run, as those of a lease: the template of a Job is immutable. One of the two marks is
 * enough, as a server before 1.26 drops the gate.
 */
export function neverRuns(job: ApiObject): boolean {
  const template = at(job, 'spec', 'template', 'spec');
  const isGated = listAt(template, 'schedulingGates').some((gate) => textAt(gate, 'name') === NEVER);
  return isGated || textAt(template, 'nodeSelector', NEVER) !== undefined;
}

/**
 * The lease: a Job that runs no pod and whose deadline makes the cluster delete what it owns (LEASE-1). `parallelism:
 * 0` without `completions` neither starts nor completes. The pod template meets the restricted Pod Security Standard
 * and can never be scheduled, even if `parallelism` is raised.
 *
 * @param policy what it will own, which it keeps a copy of (GRANT-17)
 */
export function leaseManifest(
  notes: GrantNotes,
  direction: Direction,
  policy: ApiObject,
  seconds: number,
): ApiObject {
  const { annotations, ...marks } = metadata(notes, direction, policy.metadata.namespace ?? '');
  const window = formatAnnounced({ seconds, most: notes.most, by: notes.requester });
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...marks,
      annotations: { ...annotations, [NOTE.window]: window, ...witnessNotes(policy, notes.pods) },
    },
    spec: {
      parallelism: 0,
      activeDeadlineSeconds: seconds,
      ttlSecondsAfterFinished: 0,
      backoffLimit: 0,
      template: {
        metadata: { labels: { [MANAGED_BY]: 'sluice', [GRANT_LABEL]: notes.id } },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          schedulingGates: [{ name: NEVER }],
          nodeSelector: { [NEVER]: 'true' },
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65_534,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: 'never',
              image: 'sluice.dev/never:runs',
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
              resources: {
                requests: { cpu: '1m', memory: '1Mi' },
                limits: { cpu: '1m', memory: '1Mi' },
              },
            },
          ],
        },
      },
    } satisfies V1JobSpec,
  };
}

/**
 * The policy of one half: one direction, one rule, one peer, the requested ports (GRANT-5). `ownedPolicy` adds owner
 * and times once the lease runs.
 */
export function policyManifest(
  notes: GrantNotes,
  direction: Direction,
  subject: { readonly namespace: string; readonly selector: Selector },
  peer: PeerSelection,
): ApiObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metadata(notes, direction, subject.namespace),
    spec: policySpec(direction, subject.selector, [{ peer, ports: notes.ports }], notes.ranges),
  };
}

/** One rule of a policy: whom it admits, on which ports. */
export type PolicyRule = { readonly peer: PeerSelection; readonly ports: readonly PortSpec[] };

/**
 * The spec of a policy of one direction.
 *
 * @param ranges whether consecutive ports are one item with `endPort`, rather than listed (GRANT-40)
 */
export function policySpec(
  direction: Direction,
  subject: Selector,
  rules: readonly PolicyRule[],
  ranges: boolean,
): V1NetworkPolicySpec {
  const portsOf = (ports: readonly PortSpec[]): V1NetworkPolicyPort[] =>
    ranges
      ? portRuns(ports).map(({ protocol, from, to }) =>
          from === to ? { protocol, port: from } : { protocol, port: from, endPort: to },
        )
      : ports.map(({ port, protocol }) => ({ protocol, port }));
  const sections =
    direction === 'ingress'
      ? { ingress: rules.map(({ peer, ports }) => ({ from: [peerManifest(peer)], ports: portsOf(ports) })) }
      : { egress: rules.map(({ peer, ports }) => ({ to: [peerManifest(peer)], ports: portsOf(ports) })) };
  return {
    podSelector: labelSelector(subject),
    policyTypes: [direction === 'ingress' ? 'Ingress' : 'Egress'],
    ...sections,
  };
}

/**
 * The policy to create: owned only by its lease, with `blockOwnerDeletion` unset (LEASE-9, GRANT-9), and marked with
 * the end of the window for people and for cleaners such as kyverno, kube-janitor or k8s-ttl-controller.
 */
export function ownedPolicy(policy: ApiObject, lease: ApiObject, window: GrantWindow): ApiObject {
  const owner: OwnerReference = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    name: lease.metadata.name,
    uid: lease.metadata.uid ?? '',
  };
  const times = expiryMarks(window);
  return {
    ...policy,
    metadata: {
      ...policy.metadata,
      labels: { ...policy.metadata.labels, ...times.labels },
      annotations: { ...policy.metadata.annotations, ...times.annotations },
      ownerReferences: [owner],
    },
  };
}

/**
 * Labels and annotations with the end of the window; an extension moves all of them, or a cleaner would end it early.
 */
export function expiryMarks(window: GrantWindow): {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
} {
  const at = isoSeconds(window.end);
  return {
    labels: { 'cleanup.kyverno.io/ttl': at.replaceAll(':', '') },
    annotations: {
      [NOTE.expiresAt]: at,
      'janitor/expires': at,
      'k8s-ttl-controller.twin.sh/ttl': formatDuration(window.seconds),
    },
  };
}

/** RFC 3339 in whole seconds, UTC. */
export function isoSeconds(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

function metadata(notes: GrantNotes, direction: Direction, namespace: string): ApiObject['metadata'] {
  const annotations: Record<string, string> = {
    [NOTE.requester]: notes.requester,
    [NOTE.reason]: notes.reason,
    [NOTE.source]: notes.source,
    [NOTE.destination]: notes.destination,
    [NOTE.ports]: formatPorts(notes.ports),
    [NOTE.version]: notes.version,
    [NOTE.halves]: formatHalves(notes.halves),
  };
  if (notes.ticket !== undefined) annotations[NOTE.ticket] = notes.ticket;
  return {
    name: objectName(notes.id, direction),
    namespace,
    labels: { [MANAGED_BY]: 'sluice', [GRANT_LABEL]: notes.id },
    annotations,
  };
}

/** The plan for another reason and ticket: nothing but its annotations depends on them. */
export function withReason(
  plan: Extract<GrantPlan, { ok: true }>,
  { reason, ticket }: Pick<GrantNotes, 'reason' | 'ticket'>,
): Extract<GrantPlan, { ok: true }> {
  const noted = (object: ApiObject): ApiObject => {
    const { [NOTE.ticket]: _, ...others } = object.metadata.annotations ?? {};
    const annotations = {
      ...others,
      [NOTE.reason]: reason,
      ...(ticket === undefined ? {} : { [NOTE.ticket]: ticket }),
    };
    return { ...object, metadata: { ...object.metadata, annotations } };
  };
  const halves = plan.halves.map((half) => ({
    ...half,
    lease: noted(half.lease),
    policy: noted(half.policy),
  }));
  return { ...plan, halves };
}

function peerManifest(peer: PeerSelection): V1NetworkPolicyPeer {
  if (peer.type === 'addresses') return { ipBlock: { cidr: peer.cidr } };
  return {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': peer.namespace } },
    podSelector: labelSelector(peer.selector),
  };
}

function labelSelector(selector: Selector): V1LabelSelector {
  const equal = selector.filter(isEquality);
  const others = selector.filter((requirement) => !isEquality(requirement));
  return {
    ...(equal.length > 0
      ? { matchLabels: Object.fromEntries(equal.map(({ key, values }) => [key, values[0] ?? ''])) }
      : {}),
    ...(others.length > 0
      ? {
          matchExpressions: others.map(({ key, operator, values }) => ({
            key,
            operator,
            ...(values.length > 0 ? { values: [...values] } : {}),
          })),
        }
      : {}),
  };
}

function isEquality({ operator, values }: Requirement): boolean {
  return operator === 'In' && values.length === 1;
}
