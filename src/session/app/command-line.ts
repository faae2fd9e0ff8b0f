import type { Commands, PaneId } from '../state/state.ts';
import type { App } from './app-parts.ts';
import { setPane } from './navigation.ts';

type Word = {
  readonly names: readonly string[];
  readonly run: (argument: string) => void;
  readonly arguments?: () => readonly string[];
};

/** The `:` command line: k9s's commands for panes (with an optional namespace), contexts and namespaces. */
export function commandLine(app: App, commands: () => Commands) {
  const pane = (id: PaneId) => ({
    run: (argument: string) => {
      commands().focus(id);
      if (argument !== '') showNamespace(app, argument);
    },
    arguments: () => ['all', ...namespaceNames(app)],
  });
  const words: readonly Word[] = [
    { names: ['pods', 'po', 'pod'], ...pane('pods') },
    { names: ['policies', 'netpol', 'np', 'networkpolicies'], ...pane('policies') },
    { names: ['attempts', 'flows', 'fl'], ...pane('attempts') },
    { names: ['grants', 'gr'], ...pane('grants') },
    {
      names: ['namespace', 'ns'],
      run: (argument) => (argument === '' ? commands().pick('namespace') : showNamespace(app, argument)),
      arguments: () => ['all', ...namespaceNames(app)],
    },
    {
      names: ['context', 'ctx'],
      run: (argument) =>
        argument === '' ? commands().pick('context') : app.reconnect({ context: argument }),
      arguments: () => [],
    },
    { names: ['charts', 'traffic'], run: () => commands().openCharts() },
    {
      names: ['lint', 'lints'],
      run: () => {
        commands().focus('policies');
        setPane(app, 'policies', { filter: 'lint:' });
      },
    },
    { names: ['drops'], run: () => commands().toggleDropsOnly() },
    { names: ['help', 'h'], run: () => commands().openHelp() },
    { names: ['quit', 'q', 'exit'], run: () => commands().quit() },
  ];

  return {
    /** Commands, or arguments of the typed command, that start with `text`. */
    completions: (text: string): readonly string[] => {
      const [word = '', argument] = text.split(' ', 2);
      if (argument === undefined)
        return words.flatMap(({ names }) => names.filter((name) => name.startsWith(word)).slice(0, 1));
      const found = words.find(({ names }) => names.includes(word));
      return (found?.arguments?.() ?? [])
        .filter((name) => name.startsWith(argument))
        .map((name) => `${word} ${name}`);
    },
    /** Runs a command line; returns an error message if it is invalid. */
    run: (text: string): string | undefined => {
      const [word = '', ...rest] = text.trim().split(/\s+/);
      if (word === '') return undefined;
      const found = words.find(({ names }) => names.includes(word));
      if (found === undefined)
        return `unknown command "${word}": try ${words.map(({ names }) => names[0]).join(', ')}`;
      if (rest.length > 0 && found.arguments === undefined) return `:${word} takes no argument`;
      found.run(rest.join(' '));
      return undefined;
    },
  };
}

/** Shows one namespace; the engine still covers all of them, as peers may be anywhere. */
export function showNamespace(app: App, name: string): void {
  const { cluster } = app.state();
  if (name === 'all') {
    const { namespace: _, ...rest } = cluster;
    app.set({ cluster: rest });
  } else if (cluster.confinedTo !== undefined && cluster.confinedTo !== name) {
    app.reconnect({ context: cluster.context, namespace: name });
  } else if (namespaceNames(app).includes(name)) {
    app.set({ cluster: { ...cluster, namespace: name } });
  } else {
    app.notify('error', `Namespace "${name}" not found.`, 'Pick one with :ns.');
    return;
  }
  app.refresh();
}

function namespaceNames(app: App): readonly string[] {
  return [...(app.runtime()?.model.namespaces() ?? [])].map(({ name }) => name).sort();
}
