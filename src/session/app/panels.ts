import { permanentPolicies } from '../../core/access/permanent.ts';
import { SluiceError } from '../../core/errors.ts';
import type { Commands } from '../commands.ts';
import type { AboutItem, AttemptLine, Overlay } from '../state.ts';
import { textField } from '../text-field.ts';
import type { App } from './app.ts';
import { objectPanel } from './objects/object-panel.ts';
import { yamlLines } from './objects/yaml.ts';
import { attemptUnderCursor } from './path/ends.ts';
import { explain } from './path/explaining.ts';

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

/** What opens over the panes to be read, filtered or picked from. */
export function panels(app: App, completions: (text: string) => readonly string[]): Panels {
  return {
    explain: () => explain(app),
    ...objectPanel(app, () => explain(app)),
    promote: () => promote(app),
    openHelp: () => app.push({ type: 'help', scroll: 0 }),
    openCharts: () => app.push({ type: 'charts' }),
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

/** Shows the permanent policies that would open the path, to be copied into Git; nothing is applied. */
function promote(app: App): void {
  const runtime = app.runtime();
  const { path } = app.state();
  const { source, destination, port } = path;
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
    const lines = yamlLines(permanentPolicies(plan));
    const title = `Policy for Git: ${plan.source} → ${plan.destination}`;
    app.push({ type: 'detail', title, lines, scroll: 0, loading: false }, path);
  });
}

/** What is open as plain text; what is said of the object stands as comments, so that the rest stays YAML. */
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
