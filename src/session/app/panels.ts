import { type ApiObject, keyOf } from '../../core/cluster/cluster.ts';
import { asSluiceError, isAbort, SluiceError } from '../../core/common/common.ts';
import { permanentPolicies } from '../../core/grants/grants.ts';
import { POLICY_KINDS } from '../../core/policy/kinds/kinds.ts';
import type { ApiRef } from '../../core/ports/ports.ts';
import { writeYaml } from '../../core/yaml/yaml.ts';
import { jobRef, policyRef } from '../grants/grants.ts';
import { barsOf } from '../rows/rows.ts';
import type { Runtime } from '../runtime/runtime.ts';
import {
  type AboutItem,
  type AttemptLine,
  type Commands,
  type GrantLine,
  type Overlay,
  type PodRow,
  type PolicyRow,
  textField,
} from '../state/state.ts';
import { aboutGrant } from './about-grant.ts';
import { aboutPod } from './about-pod.ts';
import { aboutPolicy } from './about-policy.ts';
import type { App } from './app-parts.ts';
import { explain } from './explaining.ts';
import { grantPath } from './path-state.ts';
import { attemptUnderCursor } from './picked-ends.ts';

type Panels = Pick<
  Commands,
  | 'explain'
  | 'about'
  | 'detail'
  | 'promote'
  | 'openHelp'
  | 'openCharts'
  | 'openFilter'
  | 'openCommand'
  | 'pick'
  | 'copyText'
>;

/** Overlays for reading, filtering and picking. */
export function panels(app: App, completions: (text: string) => readonly string[]): Panels {
  return {
    explain: () => explain(app),
    ...objectPanel(app, () => explain(app)),
    promote: () => promote(app),
    openHelp: () => app.push({ type: 'help', scroll: 0 }),
    openCharts: () => {
      app.push({ type: 'charts', bar: barsOf(app.state())[0]?.key });
      app.refresh();
    },
    openFilter: () => {
      const { focus, panes } = app.state();
      const before = panes[focus].filter;
      app.push({ type: 'filter', pane: focus, field: textField(before), before });
    },
    openCommand: () => app.push({ type: 'command', field: textField(), completions: completions('') }),
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

/** Shows permanent policies that would open the path, to be copied into Git; nothing is applied. */
function promote(app: App): void {
  const runtime = app.runtime();
  const { path } = app.state();
  const { source, destination, port } = path;
  if (runtime === undefined || source === undefined || destination === undefined || port === undefined) {
    app.notify(
      'warn',
      'No path to write a policy for.',
      'Move to an attempt, or mark a source and a destination.',
    );
    return;
  }
  app.run(async (signal) => {
    const plan = await runtime.plan({ source, destination, ports: [port], seconds: 900, reason: '' }, signal);
    if (!plan.ok) throw new SluiceError('refused', plan.message, plan.hint);
    const lines = yamlLines(permanentPolicies(plan));
    const title = `Policy for Git: ${plan.source} → ${plan.destination}`;
    app.push({ type: 'detail', title, lines, scroll: 0, loading: false }, path);
  });
}

/** The open panel as plain text; the description becomes comments, so that the whole is valid YAML. */
function detailText(about: readonly AboutItem[], lines: readonly string[]): string {
  const width = Math.max(0, ...about.map(({ label }) => label.length));
  return [...about.map(({ label, text }) => `# ${label.padEnd(width)}  ${text}`), ...lines].join('\n');
}

function copyText(app: App): string | undefined {
  const { overlay, focus, panes } = app.state();
  if (overlay.type === 'detail') return detailText(overlay.about ?? [], overlay.lines);
  if (overlay.type === 'explain') return explainedText(overlay);
  const line = attemptUnderCursor(app.state(), app.visibleRows);
  if (line !== undefined) return attemptText(line);
  return app.visibleRows(app.state(), focus)[panes[focus].index]?.key;
}

function explainedText({ title, attempt, verdict, problem }: Extract<Overlay, { type: 'explain' }>): string {
  if (attempt !== undefined) return attemptText(attempt);
  if (verdict === undefined) return `${title}: ${problem ?? 'not known'}`;
  return `${title} ${verdict.verdict}: egress ${verdict.egress.summary}, ingress ${verdict.ingress.summary}`;
}

function attemptText({ row, why }: AttemptLine): string {
  const { sourceName, destinationName, port, protocol, verdict } = row;
  return `${sourceName} → ${destinationName} :${port ?? '?'}/${protocol.toLowerCase()} ${verdict}: ${why}`;
}

/** Opens the description and the YAML of the row under the cursor; the YAML is read from the server. */
function objectPanel(app: App, explain: () => void): Pick<Commands, 'about' | 'detail'> {
  const open = (makeAbout: (runtime: Runtime, under: Under) => readonly AboutItem[]) => {
    const runtime = app.runtime();
    const under = underCursor(app);
    if (runtime === undefined) return;
    if (under === undefined) {
      if (app.state().focus === 'attempts') explain();
      return;
    }
    const { title } = under;
    app.push(
      { type: 'detail', title, about: makeAbout(runtime, under), lines: [], scroll: 0, loading: true },
      under.pane === 'grants' ? grantPath(app, under.row.grant) : undefined,
    );
    app.run(async (signal) => {
      const lines = await readYaml(runtime, under, signal);
      app.update('detail', (overlay) =>
        overlay.title === title ? { ...overlay, lines, loading: false } : overlay,
      );
    });
  };
  return { about: () => open(aboutOf), detail: () => open(() => []) };
}

function aboutOf({ engine }: Runtime, under: Under): readonly AboutItem[] {
  switch (under.pane) {
    case 'pods':
      return aboutPod(engine, under.row);
    case 'policies':
      return aboutPolicy(engine, under.row);
    case 'grants':
      return aboutGrant(under.row);
  }
}

/** The current objects as YAML lines; on failure the error as a comment, so that the panel stays open and shows it. */
async function readYaml(
  { connection }: Runtime,
  { title, refs }: Under,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    const found = await Promise.all(refs.map((ref) => connection.api.read(ref, signal)));
    const objects = found.filter((object) => object !== undefined);
    if (objects.length === 0)
      throw new SluiceError(
        'not-found',
        `${title} no longer exists.`,
        'The row disappears with the next update.',
      );
    return yamlLines(objects);
  } catch (error) {
    if (isAbort(error)) throw error;
    const { message, hint } = asSluiceError(error);
    return [`# ${message} ${hint}`];
  }
}

/** The row under the cursor, and the API objects behind it. Attempts have none. */
type Under = { readonly title: string; readonly refs: readonly ApiRef[] } & (
  | { readonly pane: 'pods'; readonly row: PodRow }
  | { readonly pane: 'policies'; readonly row: PolicyRow }
  | { readonly pane: 'grants'; readonly row: GrantLine }
);

/** The row under the cursor of the focused pane. */
function underCursor(app: App): Under | undefined {
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
  const ref = { group, version, resource, name, namespace };
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

/** The object as YAML, without managedFields. */
export function yamlOf(object: ApiObject): string {
  const { managedFields: _, ...metadata } = object.metadata;
  return writeYaml({ ...object, metadata });
}

/** Objects as the lines of one YAML file. */
export function yamlLines(objects: readonly ApiObject[]): readonly string[] {
  return objects.map(yamlOf).join('---\n').trimEnd().split('\n');
}
