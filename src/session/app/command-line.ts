import { nearestNames } from '../../core/common/common.ts';
import type { Commands, Listed, PaletteTarget, PaneId } from '../state/state.ts';
import type { App } from './app-parts.ts';
import { setPane } from './navigation.ts';

type Word = {
  readonly names: readonly string[];
  readonly note: string;
  readonly run: (argument: string) => void;
  readonly takes?: 'namespace' | 'context';
};

/** The `:` command line. */
export type CommandLine = {
  /** The commands, for the palette. */
  readonly commands: () => readonly PaletteTarget[];
  /** What is wrong with a command line, if anything. */
  readonly check: (text: string) => string | undefined;
  /** Runs a command line that has nothing wrong with it. */
  readonly run: (text: string) => void;
};

/** k9s's commands for panes (with an optional namespace), contexts and namespaces, and vi's for quitting. */
export function commandLine(app: App, commands: () => Commands): CommandLine {
  const pane = (id: PaneId) => ({
    note: `go to ${id}, of a namespace if you name one`,
    run: (argument: string) => {
      if (argument !== '' && !showNamespace(app, argument)) return;
      commands().focus(id);
      if (app.state().panes[id].drill !== undefined) setPane(app, id, { drill: undefined });
    },
    takes: 'namespace' as const,
  });
  const list = (what: Listed, kind?: string) => ({
    note: `list ${kind === undefined ? what : `${kind}s`} in the first pane, of a namespace if you name one`,
    run: (argument: string) => {
      if (argument !== '' && !showNamespace(app, argument)) return;
      commands().list(what);
      if (kind !== undefined) setPane(app, 'pods', { filter: `^${kind} ` });
    },
    takes: 'namespace' as const,
  });
  const words: readonly Word[] = [
    { names: ['pods', 'po', 'pod'], ...list('pods') },
    { names: ['workloads', 'wl'], ...list('workloads') },
    { names: ['services', 'svc', 'service'], ...list('services') },
    { names: ['deployments', 'deploy', 'dp'], ...list('workloads', 'Deployment') },
    { names: ['statefulsets', 'sts'], ...list('workloads', 'StatefulSet') },
    { names: ['daemonsets', 'ds'], ...list('workloads', 'DaemonSet') },
    { names: ['policies', 'netpol', 'np', 'networkpolicies'], ...pane('policies') },
    { names: ['attempts', 'flows', 'fl'], ...pane('attempts') },
    { names: ['grants', 'gr'], ...pane('grants') },
    {
      names: ['namespace', 'ns'],
      note: 'show one namespace, or all',
      run: (argument) => (argument === '' ? commands().pick('namespace') : showNamespace(app, argument)),
      takes: 'namespace',
    },
    {
      names: ['context', 'ctx'],
      note: 'connect to another context',
      run: (argument) => (argument === '' ? commands().pick('context') : toContext(app, argument)),
      takes: 'context',
    },
    { names: ['charts', 'traffic'], note: 'traffic charts', run: () => commands().openCharts() },
    {
      names: ['lint', 'lints'],
      note: 'policies with findings',
      run: () => {
        commands().focus('policies');
        setPane(app, 'policies', { filter: 'lint:', drill: undefined });
      },
    },
    {
      names: ['drops'],
      note: 'only dropped attempts, or all',
      run: () => commands().toggleDropsOnly(),
    },
    {
      names: ['bookmarks', 'bm'],
      note: 'the pairs kept in this context; enter marks one',
      run: () => commands().openBookmarks(),
    },
    { names: ['messages', 'mes'], note: 'every message so far', run: () => commands().openMessages() },
    {
      names: ['log'],
      note: 'what was done to the cluster, as kubectl lines',
      run: () => commands().openLog(),
    },
    { names: ['help', 'h'], note: 'the keys of this view', run: () => commands().openHelp() },
    {
      names: ['quit', 'q', 'q!', 'qa', 'qa!', 'wq', 'exit'],
      note: 'quit; asks first if grants are open',
      run: () => commands().quit(),
    },
  ];

  return {
    commands: () =>
      words.map(({ names, note, takes }) => {
        const [text = ''] = names;
        return { kind: 'command', text, note, line: text, names, ...(takes === undefined ? {} : { takes }) };
      }),
    check: (text) => {
      const { word, argument } = partsOf(text);
      const found = words.find(({ names }) => names.includes(word));
      if (word !== '' && found === undefined) return unknownCommand(word, words);
      return found !== undefined && argument !== '' && found.takes === undefined
        ? `:${word} takes no argument`
        : undefined;
    },
    run: (text) => {
      const { word, argument } = partsOf(text);
      words.find(({ names }) => names.includes(word))?.run(argument);
    },
  };
}

function partsOf(text: string): { readonly word: string; readonly argument: string } {
  const [word = '', ...rest] = text.trim().split(/\s+/);
  return { word, argument: rest.join(' ') };
}

function unknownCommand(word: string, words: readonly Word[]): string {
  const most = Math.max(1, Math.floor(word.length / 3));
  const [near] = nearestNames(
    word,
    words.flatMap(({ names }) => names),
    most,
  );
  const next = near === undefined ? 'clear the line to see all commands' : `did you mean :${near}?`;
  return `unknown command "${word}"; ${next}`;
}

/**
 * Shows one namespace; the engine still covers all of them, as peers may be anywhere. A name that is known not to exist
 * is refused.
 *
 * @returns whether it is shown, or is being connected to
 */
export function showNamespace(app: App, name: string): boolean {
  const { cluster } = app.state();
  const known = namespaceNames(app);
  if (name === 'all') {
    const { namespace: _, ...rest } = cluster;
    app.set({ cluster: rest });
  } else if (cluster.confinedTo !== undefined && cluster.confinedTo !== name) {
    app.reconnect({ context: cluster.context, namespace: name });
    return true;
  } else if (known.length === 0 || known.includes(name)) {
    app.set({ cluster: { ...cluster, namespace: name } });
  } else {
    app.notify('error', `Namespace "${name}" not found.`, nearestHint(name, known, ':ns'));
    return false;
  }
  app.refresh();
  return true;
}

/** Connects to a context of the kubeconfig; any other name is refused, and the connection stays as it is. */
function toContext(app: App, name: string): void {
  app.run(async () => {
    const { names } = await app.deps.contexts();
    if (names.includes(name)) app.reconnect({ context: name });
    else app.notify('error', `Context "${name}" not found.`, nearestHint(name, names, ':ctx'));
  });
}

/** How many names a message lists if none of them is near. */
const SOME = 5;

function nearestHint(wanted: string, names: readonly string[], command: string): string {
  const near = nearestNames(wanted, names);
  if (near.length > 0) return `Did you mean ${near.join(' or ')}?`;
  const more = names.length > SOME ? `, and ${names.length - SOME} more` : '';
  if (names.length === 1) return `The only one is ${names[0]}.`;
  return `There are ${names.slice(0, SOME).join(', ')}${more}; ${command} picks one.`;
}

/** Names of the namespaces that are known, sorted; none if they can't be listed. */
export function namespaceNames(app: App): readonly string[] {
  return [...(app.runtime()?.model.namespaces() ?? [])].map(({ name }) => name).sort();
}
