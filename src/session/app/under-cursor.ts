import { keyOf, workloadResource } from '../../core/cluster/cluster.ts';
import { POLICY_KINDS } from '../../core/policy/kinds/kinds.ts';
import type { PolicyRef, Verdict } from '../../core/policy/model/model.ts';
import { answerOf } from '../../core/policy/path/path.ts';
import type { ApiRef } from '../../core/ports/ports.ts';
import { jobRef, policyRef } from '../grants/grants.ts';
import { decidersInFlows, judgedOn, rowPath, seenPath } from '../rows/rows.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { AttemptLine, GrantLine, PodRow, PolicyRow, ServiceRow, WorkloadRow } from '../state/state.ts';
import type { App } from './app-parts.ts';
import { attemptUnderCursor } from './picked-ends.ts';

/** The row under the cursor, and the API objects behind it; behind an attempt are the policies that decided it. */
export type Under = { readonly title: string; readonly refs: readonly ApiRef[] } & (
  | { readonly pane: 'pods'; readonly row: PodRow }
  | { readonly pane: 'workloads'; readonly row: WorkloadRow }
  | { readonly pane: 'services'; readonly row: ServiceRow }
  | { readonly pane: 'policies'; readonly row: PolicyRow }
  | { readonly pane: 'grants'; readonly row: GrantLine }
  | { readonly pane: 'attempts'; readonly row: AttemptLine }
);

/** The row under the cursor of the focused pane. */
export function underCursor(app: App, runtime: Runtime): Under | undefined {
  const state = app.state();
  const { focus, panes } = state;
  const key = app.visibleRows(state, focus)[panes[focus].index]?.key;
  switch (focus) {
    case 'pods':
      if (state.listed === 'workloads') return workloadUnder(state.workloads.find((row) => row.key === key));
      if (state.listed === 'services') return serviceUnder(state.services.find((row) => row.key === key));
      return podUnder(state.pods.find((row) => row.key === key));
    case 'policies':
      return policyUnder(state.policies.find((row) => row.key === key));
    case 'grants':
      return grantUnder(state.grants.find((row) => row.key === key));
    case 'attempts': {
      const line = attemptUnderCursor(state, app.visibleRows);
      return line === undefined ? undefined : decidersUnder(runtime, line, state.cluster.namespace);
    }
  }
}

/** The policies that decided an attempt: those of the denied halves if it is denied, else those that let it through. */
function decidersUnder(runtime: Runtime, line: AttemptLine, inView: string | undefined): Under {
  const { newest } = line.row;
  const seen = seenPath(runtime.model, line.row);
  const judgement = seen === undefined ? undefined : judgedOn(runtime, seen);
  const found =
    judgement === undefined || judgement instanceof Error
      ? decidersInFlows(newest)
      : decidersOf(answerOf(runtime.engine, judgement).verdict);
  const refs = found.flatMap(({ kind = '', namespace, name }) => refOf({ kind, namespace, name }) ?? []);
  const unique = [
    ...new Map(refs.map((ref) => [`${ref.resource} ${ref.namespace} ${ref.name}`, ref])).values(),
  ];
  return {
    pane: 'attempts',
    row: line,
    title: `Policies that decide ${rowPath(line, inView)}`,
    refs: unique,
  };
}

function decidersOf({ verdict, egress, ingress }: Verdict): readonly PolicyRef[] {
  const halves = [egress, ingress].filter((half) => verdict !== 'deny' || half.verdict === 'deny');
  return halves.flatMap(({ deciders, nearMisses }) => [...nearMisses, ...deciders]);
}

function refOf({ kind, namespace, name }: PolicyRef): ApiRef | undefined {
  const listed = POLICY_KINDS.find((known) => known.kind === kind);
  if (listed === undefined) return undefined;
  const { group, version, resource } = listed;
  return { group, version, resource, name, namespace };
}

function podUnder(row: PodRow | undefined): Under | undefined {
  if (row === undefined) return undefined;
  const { namespace, name } = row.pod;
  const ref = { group: '', version: 'v1', resource: 'pods', namespace, name };
  return { pane: 'pods', row, title: `Pod ${keyOf(row.pod)}`, refs: [ref] };
}

function workloadUnder(row: WorkloadRow | undefined): Under | undefined {
  if (row === undefined) return undefined;
  const { kind, namespace, name } = row.workload;
  const place = workloadResource(kind);
  const refs = place === undefined ? [] : [{ ...place, namespace, name }];
  return { pane: 'workloads', row, title: `${kind} ${keyOf(row.workload)}`, refs };
}

function serviceUnder(row: ServiceRow | undefined): Under | undefined {
  if (row === undefined) return undefined;
  const { namespace, name } = row.service;
  const ref = { group: '', version: 'v1', resource: 'services', namespace, name };
  return { pane: 'services', row, title: `Service ${keyOf(row.service)}`, refs: [ref] };
}

function policyUnder(row: PolicyRow | undefined): Under | undefined {
  const ref = row === undefined ? undefined : refOf(row.policy);
  if (row === undefined || ref === undefined) return undefined;
  return { pane: 'policies', row, title: `${row.policy.kind} ${keyOf(row.policy)}`, refs: [ref] };
}

function grantUnder(row: GrantLine | undefined): Under | undefined {
  if (row === undefined) return undefined;
  const refs = row.grant.halves.flatMap(({ namespace, policy, lease }) => [
    ...(policy === undefined ? [] : [policyRef(namespace, policy.name)]),
    ...(lease === undefined ? [] : [jobRef(namespace, lease.name)]),
  ]);
  return { pane: 'grants', row, title: `Grant ${row.grant.id}`, refs };
}
