import type { EndRef, Pod, PortSpec } from '../../core/cluster/cluster.ts';
import type { Grant } from '../../core/grants/grants.ts';
import type { ClusterModel } from '../../core/live/live.ts';
import { podsOfEnd } from '../../core/policy/path/path.ts';
import type { FlowEnd } from '../../core/traffic/traffic.ts';
import { seenEnd, seenPort } from '../rows/rows.ts';
import type { AttemptLine, SessionState, VisibleRows } from '../state/state.ts';

/** What the user picked: the end by workload, the pod it was picked from, and the port if known. */
export type Picked = {
  readonly end: EndRef;
  readonly pod?: { readonly namespace: string; readonly name: string };
  readonly port?: PortSpec;
};

/** The workload of a pod, or the pod itself if it has no controller. */
export function endOfPod(pod: Pod): EndRef {
  return pod.owner === undefined
    ? { type: 'pod', namespace: pod.namespace, name: pod.name }
    : { type: 'workload', ref: pod.owner };
}

/** One end of an attempt, as a grant takes it; undefined if it is unknown. */
export function pickedFlowEnd(model: ClusterModel, end: FlowEnd, port?: PortSpec): Picked | undefined {
  const seen = seenEnd(model, end);
  if (seen === undefined) return undefined;
  const withPort = port === undefined ? {} : { port };
  const pod = seen.type === 'pod' ? model.pod(seen.namespace, seen.name) : undefined;
  if (pod === undefined) return { end: seen, ...withPort };
  return { end: endOfPod(pod), pod: { namespace: pod.namespace, name: pod.name }, ...withPort };
}

/** The attempt under the cursor, if attempts are focused. */
export function attemptUnderCursor(state: SessionState, visibleRows: VisibleRows): AttemptLine | undefined {
  if (state.focus !== 'attempts') return undefined;
  const key = visibleRows(state, 'attempts')[state.panes.attempts.index]?.key;
  return state.attempts.find((line) => line.key === key);
}

/** The grant under the cursor, if grants are focused. */
export function grantUnderCursor(state: SessionState, visibleRows: VisibleRows): Grant | undefined {
  if (state.focus !== 'grants') return undefined;
  const key = visibleRows(state, 'grants')[state.panes.grants.index]?.key;
  return state.grants.find((line) => line.key === key)?.grant;
}

/** The row under the cursor, as a source or a destination. */
export function pickedUnderCursor(
  state: SessionState,
  visibleRows: VisibleRows,
  model: ClusterModel,
  role: 'source' | 'destination',
): Picked | undefined {
  if (state.focus === 'pods' && state.listed !== 'pods') return pickedObject(state, visibleRows, model);
  if (state.focus === 'pods') {
    const key = visibleRows(state, 'pods')[state.panes.pods.index]?.key;
    const row = state.pods.find((candidate) => candidate.key === key);
    if (row === undefined) return undefined;
    return {
      end: endOfPod(row.pod),
      pod: { namespace: row.pod.namespace, name: row.pod.name },
      ...declared(row.pod.ports),
    };
  }
  const line = attemptUnderCursor(state, visibleRows);
  if (line === undefined) return undefined;
  const { newest } = line.row;
  return pickedFlowEnd(model, role === 'source' ? newest.source : newest.destination, seenPort(line.row));
}

/** The workload or Service under the cursor, with the first port that it declares. */
function pickedObject(
  state: SessionState,
  visibleRows: VisibleRows,
  model: ClusterModel,
): Picked | undefined {
  const key = visibleRows(state, 'pods')[state.panes.pods.index]?.key;
  const workload = state.workloads.find((row) => row.key === key)?.workload;
  if (state.listed === 'workloads') {
    if (workload === undefined) return undefined;
    const end: EndRef = { type: 'workload', ref: workload };
    return { end, ...declared(podsOfEnd(model, end).flatMap(({ ports }) => ports)) };
  }
  const service = state.services.find((row) => row.key === key)?.service;
  if (service === undefined) return undefined;
  const { namespace, name, ports } = service;
  return { end: { type: 'service', namespace, name }, ...declared(ports) };
}

function declared([first]: readonly PortSpec[]): Pick<Picked, 'port'> {
  return first === undefined ? {} : { port: { port: first.port, protocol: first.protocol } };
}
