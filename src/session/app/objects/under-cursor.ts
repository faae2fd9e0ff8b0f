import { keyOf } from '../../../core/cluster/objects.ts';
import { POLICY_KINDS } from '../../../core/policy/kinds.ts';
import type { ApiRef } from '../../../core/ports.ts';
import { jobRef, policyRef } from '../../grants/objects.ts';
import type { GrantLine, PodRow, PolicyRow } from '../../state.ts';
import type { App } from '../app.ts';

/** The row under the cursor, and the objects of the server that it stands for. Attempts are no objects. */
export type Under = { readonly title: string; readonly refs: readonly ApiRef[] } & (
  | { readonly pane: 'pods'; readonly row: PodRow }
  | { readonly pane: 'policies'; readonly row: PolicyRow }
  | { readonly pane: 'grants'; readonly row: GrantLine }
);

/** What the cursor of the pane in focus is on. */
export function underCursor(app: App): Under | undefined {
  const state = app.state();
  const { focus, panes } = state;
  const key = app.visibleRows(state, focus)[panes[focus].index]?.key;
  switch (focus) {
    case 'pods':
      return podUnder(state.pods.find((row) => row.key === key));
    case 'policies':
      return policyUnder(state.policies.find((row) => row.key === key));
    case 'grants':
      return grantUnder(state.grants.find((row) => row.key === key));
    case 'attempts':
      return undefined;
  }
}

function podUnder(row: PodRow | undefined): Under | undefined {
  if (row === undefined) return undefined;
  const { namespace, name } = row.pod;
  const ref = { group: '', version: 'v1', resource: 'pods', namespace, name };
  return { pane: 'pods', row, title: `Pod ${keyOf(row.pod)}`, refs: [ref] };
}

function policyUnder(row: PolicyRow | undefined): Under | undefined {
  const listed = POLICY_KINDS.find(({ kind }) => kind === row?.policy.kind);
  if (row === undefined || listed === undefined) return undefined;
  const { namespace, name } = row.policy;
  const { group, version, resource } = listed;
  const ref = { group, version, resource, name, ...(namespace === undefined ? {} : { namespace }) };
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
