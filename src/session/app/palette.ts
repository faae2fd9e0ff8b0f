import type { EndRef } from '../../core/cluster/cluster.ts';
import { policyKey } from '../../core/live/live.ts';
import { nameOfEnd } from '../../core/policy/path/path.ts';
import type { Commands, PaletteTarget } from '../state/state.ts';
import { textField } from '../state/state.ts';
import type { App } from './app-parts.ts';
import { type CommandLine, namespaceNames, showNamespace } from './command-line.ts';
import { setPane } from './navigation.ts';

type Palette = Pick<Commands, 'openCommand' | 'choose' | 'complete' | 'go'>;

/** The palette: a command line over everything that has a name. */
export function palette(app: App, line: CommandLine, commands: () => Commands): Palette {
  return {
    openCommand: () => {
      const { overlay, focus } = app.state();
      app.push({
        type: 'command',
        field: textField(),
        of: overlay.type === 'none' ? focus : overlay.type,
        targets: [...line.commands(), ...namespaceTargets(app), ...rowTargets(app)],
      });
      app.run(async () => {
        const { names } = await app.deps.contexts();
        app.update('command', (open) => ({
          ...open,
          targets: [...open.targets, ...names.map(contextTarget)],
        }));
      });
    },
    choose: (index) => app.update('command', (open) => ({ ...open, index })),
    complete: (text) =>
      app.update('command', ({ index: _, problem: __, ...open }) => ({ ...open, field: textField(text) })),
    go: (target) => {
      app.clear();
      if (!('pane' in target)) return;
      const { pane, namespace, key, filter = '' } = target;
      const { cluster } = app.state();
      const hidden =
        namespace !== undefined && cluster.namespace !== undefined && cluster.namespace !== namespace;
      if (hidden && !showNamespace(app, namespace)) return;
      if (pane === 'attempts' && app.state().dropsOnly) commands().toggleDropsOnly();
      if (pane === 'pods') commands().list('pods');
      else commands().focus(pane);
      setPane(app, pane, { filter, drill: undefined });
      if (key !== undefined && !commands().moveTo(key))
        app.notify('warn', `${target.text} is not in ${pane} any more.`, 'Open the palette again.');
    },
  };
}

function namespaceTargets(app: App): readonly PaletteTarget[] {
  const { confinedTo } = app.state().cluster;
  const names = namespaceNames(app);
  return (confinedTo === undefined ? ['all', ...names] : names).map((name) => ({
    kind: 'namespace',
    text: name,
    note: name === 'all' ? 'show all namespaces' : 'show this namespace',
    line: `ns ${name}`,
  }));
}

function contextTarget(name: string): PaletteTarget {
  return { kind: 'context', text: name, note: 'connect to this context', line: `ctx ${name}` };
}

/** Pairs that were seen lately, and every workload, pod and policy of the cluster. */
function rowTargets(app: App): readonly PaletteTarget[] {
  const runtime = app.runtime();
  if (runtime === undefined) return [];
  const targets: PaletteTarget[] = app.state().attempts.map(({ key, row }) => ({
    kind: 'pair',
    text: `${row.sourceName} → ${row.destinationName}${row.port === undefined ? '' : ` :${row.port}`}`,
    note: row.verdict,
    pane: 'attempts',
    key,
  }));
  const workloads = new Map<string, PaletteTarget>();
  const pods: PaletteTarget[] = [];
  for (const { namespace, name, owner } of runtime.model.pods()) {
    pods.push({
      kind: 'pod',
      text: name,
      note: namespace,
      pane: 'pods',
      namespace,
      key: `${namespace}/${name}`,
    });
    if (owner === undefined) continue;
    const end: EndRef = { type: 'workload', ref: owner };
    workloads.set(`${owner.kind} ${namespace}/${owner.name}`, {
      kind: 'workload',
      text: nameOfEnd(end),
      note: `${owner.kind} in ${namespace}`,
      pane: 'pods',
      namespace,
      filter: `^${namespace}/${owner.name}-`,
    });
  }
  const policies = Array.from(
    runtime.model.policies(),
    (policy): PaletteTarget => ({
      kind: 'policy',
      text: policy.name,
      note: policy.namespace === undefined ? policy.kind : `${policy.kind} in ${policy.namespace}`,
      pane: 'policies',
      key: policyKey(policy),
      ...(policy.namespace === undefined ? {} : { namespace: policy.namespace }),
    }),
  );
  return [...targets, ...workloads.values(), ...policies, ...pods];
}
