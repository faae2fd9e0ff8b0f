import { type ApiObject, keyOf, type Pod, refKey } from '../cluster/cluster.ts';
import { at, listAt, numberAt, sameJson, textAt } from '../common/common.ts';
import { specChanges } from './admission.ts';
import { formatPorts, NOTE, readPorts } from './names.ts';
import { openSpec } from './pending.ts';

/** Which end of a path a pod is. */
export type Role = 'source' | 'destination';

/** The workloads whose pods a grant is for, by `role/ownerKey`. */
export type GrantedWorkloads = ReadonlySet<string>;

/** More workloads than this are not announced, and then not compared. */
const MOST_WORKLOADS = 200;

/**
 * What a lease keeps of the policy that it owns, as annotations: its spec and the workloads of the pods that it is for.
 * Any process can tell by them whether the policy still is what was granted (GRANT-17).
 */
export function witnessNotes(
  policy: ApiObject,
  pods: Readonly<Record<Role, readonly Pod[]>>,
): Readonly<Record<string, string>> {
  const workloads = new Set([
    ...pods.source.map((pod) => workloadEntry('source', pod)),
    ...pods.destination.map((pod) => workloadEntry('destination', pod)),
  ]);
  return {
    [NOTE.policy]: JSON.stringify(policy.spec),
    ...(workloads.size > MOST_WORKLOADS ? {} : { [NOTE.workloads]: [...workloads].join(',') }),
  };
}

/** `source/Deployment/shop/web`. */
export function workloadEntry(role: Role, pod: Pod): string {
  return `${role}/${ownerKey(pod)}`;
}

/** The workload of a pod, or the pod itself if it has no owner. */
export function ownerKey({ owner, namespace, name }: Pod): string {
  return owner === undefined ? keyOf({ namespace, name }) : refKey(owner);
}

/** The workloads that a lease announces; undefined if it announces none. */
export function grantedWorkloads({ metadata }: ApiObject): GrantedWorkloads | undefined {
  const text = metadata.annotations?.[NOTE.workloads];
  return text === undefined ? undefined : new Set(text.split(','));
}

/** Whether two states of a lease say the same about what was granted. */
export function sameWitness(one: ApiObject, other: ApiObject): boolean {
  const said = ({ metadata }: ApiObject) =>
    [NOTE.policy, NOTE.workloads].map((key) => metadata.annotations?.[key]);
  return sameJson(said(one), said(other));
}

/** The most changed fields that are named, and the longest text about one. */
const NAMED = 2;
const LONGEST = 120;

/**
 * How a policy departs from what was granted; empty if it doesn't. A lease made before GRANT-17 announces its ports alone.
 *
 * @param granted its spec when it was made, for the process that made it; else as its lease announces it
 */
export function specFaults(policy: ApiObject, lease: ApiObject, granted?: unknown): readonly string[] {
  // The lease of a request has the spec that its policy is to have once it is open.
  const [is, meant] =
    granted === undefined ? [openSpec(policy.spec), announcedSpec(lease)] : [policy.spec, granted];
  if (meant === undefined) return shapeFaults(policy, lease);
  if (sameJson(is, meant)) return [];
  const changes = specChanges(meant, is);
  const named = changes.slice(0, NAMED).map((change) => change.replaceAll('undefined', 'nothing'));
  const short = named.map((text) => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text));
  const more = changes.length > NAMED ? ` and ${changes.length - NAMED} more` : '';
  return [`it is not what was granted: ${short.join(', ') || 'fields were added'}${more}`];
}

/** The spec that a lease announces for its policy; undefined if it announces none that can be read. */
function announcedSpec({ metadata }: ApiObject): unknown {
  try {
    return JSON.parse(metadata.annotations?.[NOTE.policy] ?? '');
  } catch {
    return undefined;
  }
}

/** What can be compared without the spec: one rule with one peer for some pods, and the ports asked for (GRANT-5). */
function shapeFaults({ spec }: ApiObject, { metadata }: ApiObject): readonly string[] {
  const [rule, ...rules] = [...listAt(spec, 'ingress'), ...listAt(spec, 'egress')];
  const peers = [...listAt(rule, 'from'), ...listAt(rule, 'to')];
  const ports = listAt(rule, 'ports').map((port) => {
    const range = [numberAt(port, 'port'), numberAt(port, 'endPort')].filter((one) => one !== undefined);
    return `${range.join('-')}/${(textAt(port, 'protocol') ?? 'TCP').toLowerCase()}`;
  });
  const asked = readPorts(metadata.annotations?.[NOTE.ports] ?? '');
  const open = formatPorts(ports.flatMap(readPorts));
  const isWide = rule === undefined || rules.length > 0 || peers.length !== 1;
  return [
    ...(isWide || sameJson(at(spec, 'podSelector'), {})
      ? ['it is not what was granted: it admits more']
      : []),
    ...(asked.length === 0 || open === formatPorts(asked)
      ? []
      : [`it is not what was granted: its ports are ${open || 'all'} instead of ${formatPorts(asked)}`]),
  ];
}
