import { nearestNames, SluiceError, safeText, textAt } from '../../core/common/common.ts';
import { type ClusterEntry, readCluster } from './cluster-entry.ts';
import type { Entry, Kubeconfig } from './kubeconfig.ts';
import { type Impersonation, readUser, type UserEntry } from './user-entry.ts';

/** What to connect to, and as which user. */
export type Target = {
  readonly context: string;
  readonly namespace: string;
  readonly cluster: ClusterEntry;
  readonly user: UserEntry;
  readonly impersonate?: Impersonation;
};

export type TargetOptions = {
  readonly context?: string;
  readonly namespace?: string;
  readonly as?: string;
  readonly asGroups?: readonly string[];
};

/**
 * Picks cluster, user and namespace as kubectl does: flags before the context's own values, `default` if no namespace
 * is set, `--as` before the user's `as`.
 *
 * @throws SluiceError `config` when the context, its cluster or its user does not exist; `usage` for `--as-group`
 *   without `--as`
 */
export async function chooseTarget(config: Kubeconfig, options: TargetOptions): Promise<Target> {
  const context = chooseContext(config, options.context);
  const cluster = named(config.clusters, context, 'cluster');
  const userName = textAt(context.fields, 'user') ?? '';
  const user = userName === '' ? undefined : named(config.users, context, 'user');
  const clusterEntry = await readCluster(cluster);
  const userEntry = await readUser(user, clusterEntry.server);
  const impersonate = chooseImpersonation(options, userEntry.impersonate);
  return {
    context: context.name,
    namespace: options.namespace || textAt(context.fields, 'namespace') || 'default',
    cluster: clusterEntry,
    user: userEntry,
    impersonate,
  };
}

function chooseContext(config: Kubeconfig, asked: string | undefined): Entry {
  const name = asked || config.current;
  const names = [...config.contexts.keys()];
  if (name === undefined) {
    throw new SluiceError(
      'config',
      `current-context is not set in ${config.files.map((file) => safeText(file)).join(', ')}.`,
      names.length === 0
        ? 'The file has no contexts; get a kubeconfig from your cluster administrator.'
        : `Set --context to one of: ${names.map((known) => safeText(known)).join(', ')}.`,
    );
  }
  const found = config.contexts.get(name);
  if (found !== undefined) return found;
  const close = near(name, names);
  throw new SluiceError(
    'config',
    `Context "${safeText(name)}" does not exist in the kubeconfig.`,
    close.length > 0
      ? `Did you mean ${close.map((known) => safeText(known)).join(' or ')}?`
      : `Available contexts: ${names.map((known) => safeText(known)).join(', ') || 'none'}.`,
  );
}

function named(entries: ReadonlyMap<string, Entry>, context: Entry, field: 'cluster' | 'user'): Entry {
  const name = textAt(context.fields, field) ?? '';
  const found = entries.get(name);
  if (found !== undefined) return found;
  throw new SluiceError(
    'config',
    name === ''
      ? `Context "${safeText(context.name)}" has no ${field}.`
      : `Context "${safeText(context.name)}" refers to the ${field} "${safeText(name)}", which does not exist in the kubeconfig.`,
    `Add the ${field} to ${safeText(context.file)}, or use another context with --context.`,
  );
}

function chooseImpersonation(
  options: TargetOptions,
  own: Impersonation | undefined,
): Impersonation | undefined {
  const groups = options.asGroups ?? [];
  if (options.as !== undefined && options.as !== '') return { user: options.as, groups, extra: {} };
  if (groups.length > 0 && own === undefined) {
    throw new SluiceError(
      'usage',
      `--as-group ${groups.map((group) => safeText(group)).join(', ')} needs --as.`,
      'Set --as to the user to impersonate.',
    );
  }
  return own === undefined || groups.length === 0 ? own : { ...own, groups };
}

/**
 * Suggestions for the mistyped `word`, ignoring case: names that contain it or that it contains, then names that differ
 * by at most a third of its letters; three at most.
 */
function near(word: string, names: readonly string[]): readonly string[] {
  const wanted = word.toLowerCase();
  const byLower = new Map(names.map((name) => [name.toLowerCase(), name]));
  const parts = [...byLower.keys()].filter((name) => name.includes(wanted) || wanted.includes(name));
  const typos = nearestNames(wanted, byLower.keys(), Math.max(1, Math.floor(word.length / 3)));
  return [...new Set([...parts, ...typos])].slice(0, 3).flatMap((name) => byLower.get(name) ?? []);
}
