import { type EndRef, isInCidr, keyOf, type WorkloadRef } from '../../core/cluster/cluster.ts';
import { policyKey } from '../../core/live/live.ts';
import type { Policy } from '../../core/policy/model/model.ts';
import { podsOfEnd } from '../../core/policy/path/path.ts';
import type { Attempt, FlowEnd } from '../../core/traffic/traffic.ts';
import { seenEnd } from '../rows/rows.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { GrantEnds, PaneId, SessionState, Subject } from '../state/state.ts';

/** The panes with the rows of their drills found anew; undefined if nothing changed. */
export function drilledAnew(runtime: Runtime, state: SessionState): SessionState['panes'] | undefined {
  let panes: SessionState['panes'] | undefined;
  for (const pane of Object.keys(state.panes) as PaneId[]) {
    const { drill } = state.panes[pane];
    if (drill === undefined) continue;
    const keys = keysOf(runtime, state, pane, drill.into);
    if (keys.size === drill.keys.size && keys.isSubsetOf(drill.keys)) continue;
    panes = { ...(panes ?? state.panes), [pane]: { ...state.panes[pane], drill: { ...drill, keys } } };
  }
  return panes;
}

/** The keys of the rows of a pane that have to do with a subject: by identity, never by how it is written. */
export function keysOf(
  runtime: Runtime,
  state: SessionState,
  pane: PaneId,
  subject: Subject,
): ReadonlySet<string> {
  switch (pane) {
    case 'attempts':
      return new Set(attemptKeys(runtime, state, subject));
    case 'policies':
      return new Set(policyKeys(runtime, state, subject));
    case 'pods':
      return new Set(podKeys(runtime, subject));
    case 'grants':
      return new Set();
  }
}

function attemptKeys(runtime: Runtime, { attempts }: SessionState, subject: Subject): readonly string[] {
  switch (subject.type) {
    case 'pod':
    case 'workload':
    case 'service':
      return attemptsOf(runtime, subject).map(({ rowKey }) => rowKey);
    case 'grant':
      return attemptsBetween(runtime, subject).map(({ rowKey }) => rowKey);
    case 'policies':
      return attempts.flatMap(({ key, decidedBy }) =>
        decidedBy.some((policy) => subject.keys.includes(policy)) ? [key] : [],
      );
    case 'attempts':
      return [subject.key];
  }
}

function policyKeys(runtime: Runtime, { attempts }: SessionState, subject: Subject): readonly string[] {
  const { engine, model } = runtime;
  switch (subject.type) {
    case 'pod':
    case 'workload':
    case 'service':
      return podsOfEnd(model, subject).flatMap((pod) => engine.policiesOn(pod).map(policyKey));
    case 'policies':
      return subject.keys;
    case 'grant':
      return subject.policies;
    case 'attempts':
      return attempts.find(({ key }) => key === subject.key)?.decidedBy ?? [];
  }
}

function podKeys(runtime: Runtime, subject: Subject): readonly string[] {
  const { engine, fold, model } = runtime;
  switch (subject.type) {
    case 'workload':
    case 'service':
      return podsOfEnd(model, subject).map(keyOf);
    case 'pod': {
      const self = keyOf(subject);
      return attemptsOf(runtime, subject)
        .flatMap(({ source, destination }) => [podKey(runtime, source), podKey(runtime, destination)])
        .filter((key) => key !== undefined)
        .filter((key) => key !== self);
    }
    case 'grant':
      return [subject.source, subject.destination]
        .filter((end) => end !== undefined)
        .flatMap((end) => podsOfEnd(model, end).map(keyOf));
    case 'policies':
      return policiesAt(runtime, subject.keys).flatMap((policy) => engine.selected(policy).map(keyOf));
    case 'attempts':
      return fold
        .attempts({ rowKey: subject.key })
        .flatMap(({ source, destination }) => [podKey(runtime, source), podKey(runtime, destination)])
        .filter((key) => key !== undefined);
  }
}

function policiesAt({ engine }: Runtime, keys: readonly string[]): readonly Policy[] {
  return [...engine.policies()].filter((policy) => keys.includes(policyKey(policy)));
}

/** The attempts at one of whose ends some pod of an end was seen, or a Service itself. */
export function attemptsOf(runtime: Runtime, end: EndRef): readonly Attempt[] {
  const isOf = seenAs(runtime, end);
  return runtime.fold.attempts().filter(({ source, destination }) => isOf(source) || isOf(destination));
}

/** The attempts from one end to another on some ports; those of a Service may ask its pods on ports of their own. */
export function attemptsBetween(
  runtime: Runtime,
  { source, destination, ports }: GrantEnds,
): readonly Attempt[] {
  if (source === undefined || destination === undefined) return [];
  const isSource = seenAs(runtime, source);
  const isDestination = seenAs(runtime, destination);
  const isPort = ({ protocol, destination: { port } }: Attempt) =>
    destination.type === 'service' || ports.some((one) => one.port === port && one.protocol === protocol);
  return runtime.fold
    .attempts()
    .filter((attempt) => isPort(attempt) && isSource(attempt.source) && isDestination(attempt.destination));
}

/** Whether one end of an attempt is an end: also a pod of a workload that has gone since. */
function seenAs({ model }: Runtime, end: EndRef): (one: FlowEnd) => boolean {
  const pods = new Set(end.type === 'pod' ? [keyOf(end)] : podsOfEnd(model, end).map(keyOf));
  return (one) => {
    const seen = seenEnd(model, one);
    switch (seen?.type) {
      case 'pod':
        return pods.has(keyOf(seen));
      case 'service':
        return end.type === 'service' && keyOf(seen) === keyOf(end);
      default:
        if (end.type === 'ip') return one.ip === end.ip;
        if (end.type === 'range') return one.ip !== undefined && isInCidr(end.cidr, one.ip);
        return end.type === 'workload' && isOfWorkload(one, end.ref);
    }
  };
}

function isOfWorkload({ namespace, workload }: FlowEnd, { kind, name, ...ref }: WorkloadRef): boolean {
  return namespace === ref.namespace && workload?.kind === kind && workload.name === name;
}

function podKey({ model }: Runtime, end: FlowEnd): string | undefined {
  const seen = seenEnd(model, end);
  return seen?.type === 'pod' ? keyOf(seen) : undefined;
}
