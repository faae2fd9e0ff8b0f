import type { EndRef, Pod } from '../cluster/cluster.ts';
import type { End } from '../policy/model/model.ts';
import { nameOfEnd, podsOfEnd } from '../policy/path/path.ts';
import type { GrantRequest } from './grant.ts';
import type { PeerSelection, PlanInput } from './plan.ts';
import { noPods, type Refusal, refusal } from './refusals.ts';
import { type Selection, selectPods } from './selection.ts';

/** One end of the grant: the picked pods with their selector, or an address. */
export type Side =
  | { readonly type: 'pods'; readonly pods: readonly Pod[]; readonly selection: Selection }
  | { readonly type: 'ip'; readonly ip: string };

/** The request with a Service's address replaced by the Service: policies never see that address (NP-27). */
export function meantBy({ model, request }: Pick<PlanInput, 'model' | 'request'>): GrantRequest {
  const { destination } = request;
  if (destination.type !== 'ip' || model.podAt(destination.ip) !== undefined) return request;
  const service = model.serviceAt(destination.ip);
  if (service === undefined) return request;
  const { namespace, name } = service;
  return { ...request, destination: { type: 'service', namespace, name } };
}

/** Resolves an end to its pods and their selector, or to the reason why it can't be an end of a grant. */
export function sideOf(input: PlanInput, end: EndRef, role: 'source' | 'destination'): Side | Refusal {
  const { model, engine, workloads, permanent = false } = input;
  if (end.type === 'ip') {
    const pod = model.podAt(end.ip);
    if (pod === undefined) return { type: 'ip', ip: end.ip };
    return sideOf(input, { type: 'pod', namespace: pod.namespace, name: pod.name }, role);
  }
  const pods = podsOfEnd(model, end);
  if (pods.length === 0) return noPods(end, role);
  const workload =
    end.type === 'workload'
      ? workloads.find(
          ({ kind, namespace, name }) =>
            kind === end.ref.kind && namespace === end.ref.namespace && name === end.ref.name,
        )
      : undefined;
  const neighbours = [...model.podsIn(pods[0]?.namespace ?? '')].filter(selectable);
  const selection = selectPods(pods, neighbours, { ...engine.dialect, permanent }, workload);
  if (selection === undefined) {
    return refusal(
      'cannot-open',
      `The pods of ${nameOfEnd(end)} share no ${permanent ? 'lasting ' : ''}label that a policy could select.`,
      'Add a label that only they have, such as app.',
    );
  }
  if (end.type === 'pod' && selection.matched.length > pods.length) {
    const others = selection.matched.filter((pod) => pod.name !== end.name).map(({ name }) => name);
    return refusal(
      'cannot-open',
      `No label distinguishes ${end.name} from ${list(others)}.`,
      'Grant access for the whole workload, or label the pod.',
    );
  }
  return { type: 'pods', pods, selection };
}

/** Whether policies can select the pod at all, unlike terminated and host-network pods (NP-29, NP-32). */
function selectable(pod: Pod): boolean {
  return !pod.hostNetwork && pod.phase !== 'Succeeded' && pod.phase !== 'Failed';
}

/** The side as the peer in the other side's policy. */
export function peerOf(side: Side): PeerSelection {
  if (side.type === 'ip') return side;
  return { type: 'pods', namespace: side.selection.namespace, selector: side.selection.selector };
}

/** The intended ends: each pod, or the address. */
export function endsOf(side: Side): readonly End[] {
  return side.type === 'ip' ? [{ type: 'ip', ip: side.ip }] : side.pods.map((pod) => ({ type: 'pod', pod }));
}

function list(names: readonly string[]): string {
  return names.length <= 2
    ? names.join(' and ')
    : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}
