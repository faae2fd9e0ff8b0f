import type { ApiObject } from '../../core/cluster/cluster.ts';
import { asSluiceError, isAbort, SluiceError } from '../../core/common/common.ts';
import { promotedText } from '../../core/grants/grants.ts';
import { writeYaml } from '../../core/yaml/yaml.ts';
import { barsOf, rowPath } from '../rows/rows.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type AboutItem, type Commands, textField } from '../state/state.ts';
import { aboutGrant } from './about-grant.ts';
import { aboutPod } from './about-pod.ts';
import { aboutPolicy } from './about-policy.ts';
import type { App } from './app-parts.ts';
import { explain } from './explaining.ts';
import { grantPath } from './path-state.ts';
import { attemptUnderCursor } from './picked-ends.ts';
import { type Under, underCursor } from './under-cursor.ts';

type Panels = Pick<
  Commands,
  | 'explain'
  | 'about'
  | 'detail'
  | 'openAttempts'
  | 'promote'
  | 'openHelp'
  | 'openCharts'
  | 'openFilter'
  | 'openMessages'
  | 'openLog'
  | 'toggleManifests'
  | 'pick'
>;

/** Overlays for reading, filtering and picking. */
export function panels(app: App): Panels {
  return {
    explain: () => explain(app),
    ...objectPanel(app),
    openAttempts: () => openAttempts(app),
    promote: () => promote(app),
    openHelp: () => {
      const { overlay, focus } = app.state();
      app.push({ type: 'help', of: overlay.type === 'none' ? focus : overlay.type, scroll: 0 });
    },
    openLog: () => app.push({ type: 'log', manifests: false, scroll: Number.MAX_SAFE_INTEGER }),
    toggleManifests: () => app.update('log', (open) => ({ ...open, manifests: !open.manifests })),
    openMessages: () => app.push({ type: 'messages', scroll: Number.MAX_SAFE_INTEGER }),
    openCharts: () => {
      app.push({ type: 'charts', bar: barsOf(app.state())[0]?.key });
      app.refresh();
    },
    openFilter: () => {
      const { focus, panes } = app.state();
      const before = panes[focus].filter;
      app.push({ type: 'filter', pane: focus, field: textField(before), before });
    },
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
  };
}

/** How many attempts are listed. */
const LISTED = 200;

/** Lists the last attempts of the row under the cursor. */
function openAttempts(app: App): void {
  const runtime = app.runtime();
  const line = attemptUnderCursor(app.state(), app.visibleRows);
  if (runtime === undefined || line === undefined) {
    app.notify('warn', 'No attempt under the cursor.', 'Move to an attempt (3).');
    return;
  }
  const known = runtime.fold.attempts({ rowKey: line.key });
  const many = known.length > LISTED ? `Last ${LISTED} of ${known.length} attempts` : 'Attempts';
  app.push({
    type: 'detail',
    title: `${many} ${rowPath(line, app.state().cluster.namespace)}`,
    tells: 'attempts',
    attempts: known.slice(0, LISTED),
    lines: [],
    scroll: 0,
    loading: false,
  });
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
    const { paths, policies } = await runtime.promote([{ source, destination, ports: [port] }], signal);
    const [{ from = '', to = '', message, hint = '' } = {}] = paths;
    if (message !== undefined) throw new SluiceError('refused', message, hint);
    const lines = promotedText(policies, paths).trimEnd().split('\n');
    const title = `Policy for Git: ${from} → ${to}`;
    app.push({ type: 'detail', title, lines, scroll: 0, loading: false }, path);
  });
}

/**
 * Opens the description and the YAML of the row under the cursor, or of the policies that decided an attempt; the YAML
 * is read from the server.
 */
function objectPanel(app: App): Pick<Commands, 'about' | 'detail'> {
  const open = (makeAbout: (runtime: Runtime, under: Under) => readonly AboutItem[]) => {
    const runtime = app.runtime();
    if (runtime === undefined) return;
    const under = underCursor(app, runtime);
    if (under === undefined) {
      app.notify('warn', 'No row under the cursor.', 'esc clears the filter.');
      return;
    }
    const { title, refs } = under;
    if (refs.length === 0) {
      app.notify('info', `${title}: there are none.`, 'e explains the path.');
      return;
    }
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
  return {
    about: () => (app.state().focus === 'attempts' ? explain(app) : open(aboutOf)),
    detail: () => open(() => []),
  };
}

function aboutOf({ engine, connection }: Runtime, under: Under): readonly AboutItem[] {
  switch (under.pane) {
    case 'pods':
      return aboutPod(engine, under.row);
    case 'policies':
      return aboutPolicy(engine, under.row);
    case 'grants':
      return aboutGrant(under.row, connection.api.clock.now());
    case 'workloads':
    case 'services':
    case 'attempts':
      return [];
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

/** The object as YAML, without managedFields. */
export function yamlOf(object: ApiObject): string {
  const { managedFields: _, ...metadata } = object.metadata;
  return writeYaml({ ...object, metadata });
}

/** Objects as the lines of one YAML file. */
export function yamlLines(objects: readonly ApiObject[]): readonly string[] {
  return objects.map(yamlOf).join('---\n').trimEnd().split('\n');
}
