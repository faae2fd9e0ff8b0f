import { nearestNames, SluiceError, safeText } from '../../core/common/common.ts';
import { type ClusterEntry, readCluster } from './cluster-entry.ts';
import { type Entry, faultOf, isUnsendable, textField } from './fields.ts';
import type { Kubeconfig } from './kubeconfig.ts';
import { type Impersonation, readImpersonation, readUser, type UserEntry } from './user-entry.ts';

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
  readonly asUid?: string;
};

/**
 * Picks cluster, user and namespace as kubectl does: flags before the context's own values, `default` if no namespace
 * is set, `--as`, `--as-group` and `--as-uid` each before the user's own (API-45).
 *
 * @throws SluiceError `config` when the context, its cluster or its user does not exist; `usage` for `--as-group` or
 *   `--as-uid` without `--as`
 */
export async function chooseTarget(config: Kubeconfig, options: TargetOptions): Promise<Target> {
  const context = chooseContext(config, options.context);
  const cluster = named(config.clusters, context, 'cluster');
  const user = textField(context, 'user') === undefined ? undefined : named(config.users, context, 'user');
  const clusterEntry = await readCluster(cluster);
  const userEntry = await readUser(user, clusterEntry.server);
  const impersonate = chooseImpersonation(options, user);
  return {
    context: context.name,
    namespace: options.namespace || textField(context, 'namespace') || 'default',
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
  const name = textField(context, field) ?? '';
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

function chooseImpersonation(options: TargetOptions, entry: Entry | undefined): Impersonation | undefined {
  const own = readImpersonation(entry);
  const asked = options.asGroups ?? [];
  const user = options.as || own.user;
  const uid = options.asUid || own.uid;
  const groups = asked.length > 0 ? asked : (own.groups ?? []);
  const extra = own.extra ?? {};
  if (user !== undefined) {
    const bad = [user, ...groups, uid ?? '', ...Object.values(extra).flat()].find(isUnsendable);
    if (bad !== undefined) {
      throw new SluiceError(
        'config',
        `The name to impersonate ${safeText(bad)} has a line break or another control character.`,
        'Check --as, --as-group and --as-uid, and `as` of the user in the kubeconfig.',
      );
    }
    return { user, groups, ...(uid === undefined ? {} : { uid }), extra };
  }
  if (asked.length > 0 || options.asUid) {
    const flag =
      asked.length > 0 ? `--as-group ${asked.map((group) => safeText(group)).join(', ')}` : '--as-uid';
    throw new SluiceError('usage', `${flag} needs --as.`, 'Set --as to the user to impersonate.');
  }
  if (entry === undefined || (groups.length === 0 && uid === undefined && Object.keys(extra).length === 0))
    return undefined;
  throw faultOf(entry, 'impersonates groups, a uid or extra without a user', 'Add the user as `as`');
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
