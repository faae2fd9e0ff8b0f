import { stringify } from 'yaml';
import { permanentPolicies } from '../../core/access/permanent.ts';
import { keyOf } from '../../core/cluster/objects.ts';
import { SluiceError } from '../../core/errors.ts';
import { POLICY_KINDS } from '../../core/policy/kinds.ts';
import type { ApiObject, ApiRef } from '../../core/ports.ts';
import type { Commands } from '../commands.ts';
import { jobRef, policyRef } from '../grants/objects.ts';
import { judgeAttempt } from '../rows/attempts/attempt-lines.ts';
import type { GrantLine, PodRow, PolicyRow, SessionState } from '../state.ts';
import { textField } from '../text-field.ts';
import type { App } from './app.ts';
import { attemptUnderCursor } from './ends.ts';
import { judgePath } from './path-state.ts';

type Panels = Pick<
  Commands,
  | 'explain'
  | 'detail'
  | 'promote'
  | 'openHelp'
  | 'openCharts'
  | 'openFilter'
  | 'openCommand'
  | 'pick'
  | 'copyText'
>;

/** What opens over the panes to be read, filtered or picked from. */
export function panels(app: App): Panels {
  return {
    explain: () => explain(app),
    detail: () => {
      const runtime = app.runtime();
      const found = underCursor(app.state(), app);
      if (runtime === undefined || found === undefined) {
        if (app.state().focus === 'attempts') explain(app);
        return;
      }
      app.push({ type: 'detail', title: found.title, lines: [], scroll: 0, loading: true });
      app.run(async (signal) => {
        const objects = await Promise.all(found.refs.map((ref) => runtime.connection.api.read(ref, signal)));
        const texts = objects.flatMap((object) => (object === undefined ? [] : [yamlOf(object)]));
        if (texts.length === 0)
          throw new SluiceError('not-found', `${found.title} is gone.`, 'Go back with esc.');
        const lines = texts.join('---\n').split('\n');
        app.update('detail', (overlay) =>
          overlay.title === found.title ? { ...overlay, lines, loading: false } : overlay,
        );
      });
    },
    promote: () => promote(app),
    openHelp: () => app.push({ type: 'help', scroll: 0 }),
    openCharts: () => app.push({ type: 'charts' }),
    openFilter: () => {
      const { focus, panes } = app.state();
      app.push({ type: 'filter', pane: focus, field: textField(panes[focus].filter) });
    },
    openCommand: () => app.push({ type: 'command', field: textField(), completions: [] }),
    pick: (what) => {
      app.run(async () => {
        const { cluster } = app.state();
        if (what === 'namespace') {
          const names = [...(app.runtime()?.model.namespaces() ?? [])].map(({ name }) => name).sort();
          const items = cluster.confinedTo === undefined ? ['all', ...names] : names;
          const current = cluster.namespace ?? 'all';
          app.push({
            type: 'pick',
            what,
            items,
            current,
            filter: textField(),
            index: Math.max(0, items.indexOf(current)),
          });
          return;
        }
        const { names } = await app.deps.contexts();
        const current = cluster.context;
        app.push({
          type: 'pick',
          what,
          items: names,
          current,
          filter: textField(),
          index: Math.max(0, names.indexOf(current)),
        });
      });
    },
    copyText: () => copyText(app),
  };
}

function explain(app: App): void {
  const runtime = app.runtime();
  const { path } = app.state();
  if (runtime === undefined) return;
  const at = runtime.connection.api.clock.now();
  const line = path.marked === true ? undefined : attemptUnderCursor(app.state(), app.visibleRows);
  if (line !== undefined) {
    const verdict = judgeAttempt(runtime.model, runtime.engine, line.row.newest);
    const title = `${line.row.sourceName} → ${line.row.destinationName} :${line.row.port ?? '?'}/${line.row.protocol.toLowerCase()}`;
    const told =
      verdict === undefined
        ? { problem: 'its ends are not known well enough to judge the policies' }
        : { verdict };
    app.push({ type: 'explain', title, attempt: line, scroll: 0, at, ...told });
    return;
  }
  const { source, destination, port } = path;
  if (source === undefined || destination === undefined || port === undefined) {
    app.notify(
      'warn',
      'Nothing to explain yet.',
      'Move to an attempt, or mark a source with s and a destination with d.',
    );
    return;
  }
  const verdict = judgePath(runtime, source, destination, port);
  const title = `${path.sourceName} → ${path.destinationName} :${port.port}/${port.protocol.toLowerCase()}`;
  app.push({
    type: 'explain',
    title,
    scroll: 0,
    at,
    ...(typeof verdict === 'string' ? { problem: verdict } : { verdict }),
  });
}

/** Shows the permanent policies that would open the path, to be copied into Git; nothing is applied. */
function promote(app: App): void {
  const runtime = app.runtime();
  const { source, destination, port } = app.state().path;
  if (runtime === undefined || source === undefined || destination === undefined || port === undefined) {
    app.notify(
      'warn',
      'There is no path to make a policy for.',
      'Move to an attempt, or mark a source and a destination.',
    );
    return;
  }
  app.run(async (signal) => {
    const plan = await runtime.plan({ source, destination, ports: [port], seconds: 900, reason: '' }, signal);
    if (!plan.ok) throw new SluiceError('refused', plan.message, plan.hint);
    const lines = permanentPolicies(plan).map(yamlOf).join('---\n').split('\n');
    app.push({
      type: 'detail',
      title: `Policy for Git: ${plan.source} → ${plan.destination}`,
      lines,
      scroll: 0,
      loading: false,
    });
  });
}

type Under = { readonly title: string; readonly refs: readonly ApiRef[] };

function underCursor(state: SessionState, app: App): Under | undefined {
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
  return {
    title: `Pod ${keyOf(row.pod)}`,
    refs: [{ group: '', version: 'v1', resource: 'pods', namespace, name }],
  };
}

function policyUnder(row: PolicyRow | undefined): Under | undefined {
  const listed = row === undefined ? undefined : POLICY_KINDS.find(({ kind }) => kind === row.policy.kind);
  if (row === undefined || listed === undefined) return undefined;
  const { namespace, name } = row.policy;
  const { group, version, resource } = listed;
  return {
    title: `${row.policy.kind} ${keyOf(row.policy)}`,
    refs: [{ group, version, resource, name, ...(namespace === undefined ? {} : { namespace }) }],
  };
}

function grantUnder(row: GrantLine | undefined): Under | undefined {
  if (row === undefined) return undefined;
  const refs = row.grant.halves.flatMap(({ namespace, policy, lease }) => [
    ...(policy === undefined ? [] : [policyRef(namespace, policy.name)]),
    ...(lease === undefined ? [] : [jobRef(namespace, lease.name)]),
  ]);
  return { title: `Grant ${row.grant.id}`, refs };
}

/** The object as YAML for people: without managedFields, which nobody reads. */
export function yamlOf(object: ApiObject): string {
  const { managedFields: _, ...metadata } = object.metadata;
  return stringify({ ...object, metadata }, { lineWidth: 0 });
}

function copyText(app: App): string | undefined {
  const { overlay, focus, panes } = app.state();
  if (overlay.type === 'detail') return overlay.lines.join('\n');
  const key = app.visibleRows(app.state(), focus)[panes[focus].index]?.key;
  const line = attemptUnderCursor(app.state(), app.visibleRows);
  if (line !== undefined) {
    const { sourceName, destinationName, port, protocol, verdict } = line.row;
    return `${sourceName} → ${destinationName} :${port ?? '?'}/${protocol.toLowerCase()} ${verdict}: ${line.why}`;
  }
  return key;
}
