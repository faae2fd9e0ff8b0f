import { join } from 'node:path';
import { formatDuration, safeText } from '../../core/common/common.ts';
import { homeFolder } from '../../home-folder.ts';
import type { GlobalOptions, TypedLine } from '../shared/shared.ts';
import { type Candidate, plain } from './candidate.ts';

/**
 * The values that an option or an argument may have on a line; none if they can't be found out, because completion
 * can't report errors.
 *
 * @param what the long flag of an option, or the verb and the name of an argument, such as `revoke id`
 */
export async function valuesFor(what: string, line: TypedLine, typed: string): Promise<readonly Candidate[]> {
  try {
    const values = (await VALUES[what]?.(line, typed)) ?? [];
    return values.filter(({ value, about }) => safeText(value) === value && safeText(about) === about);
  } catch {
    return [];
  }
}

type Values = (line: TypedLine, typed: string) => Promise<readonly Candidate[]>;

const ends: Values = async (line, typed) => {
  const { endsOn } = await import('./completion-cluster.ts');
  return line.given.has('--batch') ? [] : endsOn(globalsOf(line), manifestsOf(line), typed);
};

const ports: Values = async (line) => {
  const { portsOn } = await import('./completion-cluster.ts');
  return portsOn(globalsOf(line), manifestsOf(line), last(line, '--to') ?? line.args[1]);
};

const namespaces: Values = async (line) => {
  const { namespacesOf } = await import('./completion-cluster.ts');
  return namespacesOf(globalsOf(line));
};

const grants: Values = async (line) => {
  const { grantsIn } = await import('./completion-cluster.ts');
  const found = await grantsIn(globalsOf(line));
  return found.filter(({ value }) => !line.args.includes(value));
};

const requests: Values = async (line) => {
  const { grantsIn } = await import('./completion-cluster.ts');
  return grantsIn(globalsOf(line), 'requests');
};

const grantsAndRequests: Values = async (line, typed) => [
  ...(await grants(line, typed)),
  ...(await requests(line, typed)).filter(({ value }) => !line.args.includes(value)),
];

/** Grants come first; a path has two ends, and no grant beside them. */
const grantsOrEnds: Values = async (line, typed) => {
  if (line.given.has('--from-flows')) return [];
  const isPath = line.given.has('--port') || line.args.some((text) => text.includes('/'));
  const named = isPath || typed.includes('/') ? [] : await grants(line, typed);
  return line.args.length < 2 ? [...named, ...(await ends(line, typed))] : named;
};

const leftovers: Values = async (line) => {
  const { leftoversIn } = await import('./completion-cluster.ts');
  const found = await leftoversIn(globalsOf(line));
  return found.filter(({ value }) => !line.args.includes(value));
};

const durations: Values = async () => {
  const { loadConfig } = await import('../shared/shared.ts');
  const { limits } = await loadConfig();
  return limits.presets.map((seconds) => plain(formatDuration(seconds)));
};

const VALUES: Readonly<Record<string, Values>> = {
  '--from': ends,
  '--to': ends,
  'explain from': ends,
  'explain to': ends,
  '--port': ports,
  '--namespace': namespaces,
  '--hubble-namespace': namespaces,
  'revoke id': grantsAndRequests,
  'requests id': requests,
  'approve id': requests,
  'refuse id': requests,
  'extend id': grants,
  'promote what': grantsOrEnds,
  'sweep name': leftovers,
  '--context': async (line) => {
    const { listContexts } = await import('../../kube/kube.ts');
    const { names } = await listContexts({ kubeconfig: globalsOf(line).kubeconfig });
    return names.map(plain);
  },
  '--cluster': async (line) => {
    const { auditRoot, listAuditLogs } = await import('../../audit/audit.ts');
    const directory = last(line, '--directory');
    const logs = await listAuditLogs(directory === undefined ? auditRoot() : fromHome(directory));
    return logs.map(({ cluster }) => plain(cluster));
  },
  '--against': async () => [{ value: 'cluster', about: 'checkpoints that stand in the cluster' }],
  '--ignore': async () => {
    const { LINT_RULES } = await import('./lint-findings.ts');
    return LINT_RULES.map(({ id, title }) => ({ value: id, about: title }));
  },
  '--verdict': async () => {
    const { VERDICTS } = await import('./flows-follow.ts');
    return VERDICTS.map(plain);
  },
  '--for': durations,
  '--max-duration': durations,
  '--protect': namespaces,
  '--approvals': namespaces,
  '--pending': durations,
  '--bind': async () => {
    const { ROLES } = await import('../../core/roles/roles.ts');
    return ROLES.map(({ name, about }) => ({ value: `${name}=`, about }));
  },
  '--assume': async () => {
    const { knownAssumptions } = await import('../../core/policy/enforcers/enforcers.ts');
    return knownAssumptions().map(plain);
  },
};

/** The options for the cluster that are on the line so far. */
function globalsOf(line: TypedLine): GlobalOptions {
  const kubeconfig = last(line, '--kubeconfig');
  return {
    output: 'table',
    kubeconfig: kubeconfig === undefined ? undefined : fromHome(kubeconfig),
    context: last(line, '--context'),
    namespace: last(line, '--namespace'),
    as: last(line, '--as'),
    asGroup: line.given.get('--as-group'),
    asUid: last(line, '--as-uid'),
  };
}

function manifestsOf({ given }: TypedLine): readonly string[] | undefined {
  return given.get('--manifests')?.map(fromHome);
}

function last({ given }: TypedLine, flag: string): string | undefined {
  return given.get(flag)?.at(-1);
}

/** Shells pass a tilde as it is typed. */
function fromHome(path: string): string {
  return path.startsWith('~/') ? join(homeFolder(), path.slice(2)) : path;
}
