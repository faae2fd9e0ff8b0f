import type { EndRef, Pod, PortSpec } from '../../core/cluster/cluster.ts';
import type { Grant } from '../../core/grants/grants.ts';
import type { ClusterModel } from '../../core/live/live.ts';
import type { FlowEnd } from '../../core/traffic/traffic.ts';
import { seenEnd, seenPort } from '../rows/rows.ts';
import type { AttemptLine, SessionState, VisibleRows } from '../state/state.ts';

/** What a person points at: the end by workload, the pod that it was picked as, and the port where one is known. */
export type Picked = {
  readonly end: EndRef;
  readonly pod?: { readonly namespace: string; readonly name: string };
  readonly port?: PortSpec;
};

/** The workload of a pod, or the pod itself when nothing controls it. */
export function endOfPod(pod: Pod): EndRef {
  return pod.owner === undefined
    ? { type: 'pod', namespace: pod.namespace, name: pod.name }
    : { type: 'workload', ref: pod.owner };
}

/** What one end of an attempt is, as a grant can take it; undefined when nothing tells. */
export function pickedFlowEnd(model: ClusterModel, end: FlowEnd, port?: PortSpec): Picked | undefined {
  const seen = seenEnd(model, end);
  if (seen === undefined) return undefined;
  const withPort = port === undefined ? {} : { port };
  const pod = seen.type === 'pod' ? model.pod(seen.namespace, seen.name) : undefined;
  if (pod === undefined) return { end: seen, ...withPort };
  return { end: endOfPod(pod), pod: { namespace: pod.namespace, name: pod.name }, ...withPort };
}

/** The attempt line under the cursor, when the attempts are in focus. */
export function attemptUnderCursor(state: SessionState, visibleRows: VisibleRows): AttemptLine | undefined {
  if (state.focus !== 'attempts') return undefined;
  const key = visibleRows(state, 'attempts')[state.panes.attempts.index]?.key;
  return state.attempts.find((line) => line.key === key);
}

/** The grant under the cursor, when the grants are in focus. */
export function grantUnderCursor(state: SessionState, visibleRows: VisibleRows): Grant | undefined {
  if (state.focus !== 'grants') return undefined;
  const key = visibleRows(state, 'grants')[state.panes.grants.index]?.key;
  return state.grants.find((line) => line.key === key)?.grant;
}

/** What the cursor is on, as a source or a destination. */
export function pickedUnderCursor(
  state: SessionState,
  visibleRows: VisibleRows,
  model: ClusterModel,
  role: 'source' | 'destination',
): Picked | undefined {
  if (state.focus === 'pods') {
    const key = visibleRows(state, 'pods')[state.panes.pods.index]?.key;
    const row = state.pods.find((candidate) => candidate.key === key);
    if (row === undefined) return undefined;
    const declared = row.pod.ports[0];
    return {
      end: endOfPod(row.pod),
      pod: { namespace: row.pod.namespace, name: row.pod.name },
      ...(declared === undefined ? {} : { port: { port: declared.port, protocol: declared.protocol } }),
    };
  }
  const line = attemptUnderCursor(state, visibleRows);
  if (line === undefined) return undefined;
  const { newest } = line.row;
  return pickedFlowEnd(model, role === 'source' ? newest.source : newest.destination, seenPort(line.row));
}
