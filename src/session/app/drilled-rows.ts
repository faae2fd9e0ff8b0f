import { type EndRef, keyOf } from '../../core/cluster/cluster.ts';
import { policyKey } from '../../core/live/live.ts';
import type { Policy } from '../../core/policy/model/model.ts';
import { podsOfEnd } from '../../core/policy/path/path.ts';
import type { Attempt, FlowEnd } from '../../core/traffic/traffic.ts';
import { seenEnd } from '../rows/rows.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { PaneId, SessionState, Subject } from '../state/state.ts';

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
export function attemptsOf(
  runtime: Runtime,
  end: Extract<EndRef, { type: 'pod' | 'workload' | 'service' }>,
): readonly Attempt[] {
  const pods = new Set(end.type === 'pod' ? [keyOf(end)] : podsOfEnd(runtime.model, end).map(keyOf));
  const isOf = (one: FlowEnd) => {
    const seen = seenEnd(runtime.model, one);
    if (seen?.type === 'service') return end.type === 'service' && keyOf(seen) === keyOf(end);
    return seen?.type === 'pod' && pods.has(keyOf(seen));
  };
  return runtime.fold.attempts().filter(({ source, destination }) => isOf(source) || isOf(destination));
}

function podKey({ model }: Runtime, end: FlowEnd): string | undefined {
  const seen = seenEnd(model, end);
  return seen?.type === 'pod' ? keyOf(seen) : undefined;
}
