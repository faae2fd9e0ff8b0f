import { nearestNames, SluiceError } from '../../common/common.ts';
import type { ClusterModel } from '../../live/live.ts';
import { kindNamed } from './parse-end.ts';

/** Short names of kinds, as used before a name. */
const WORDS: Readonly<Record<string, string>> = {
  Deployment: 'deploy',
  StatefulSet: 'sts',
  DaemonSet: 'ds',
  ReplicaSet: 'rs',
  ReplicationController: 'rc',
  Job: 'job',
  CronJob: 'cronjob',
};

/** A workload in the syntax of an end: `deploy/web`; of a kind that has no word, `web[Thing]`. */
export function workloadWord(kind: string, name: string): string {
  const word = WORDS[kind] ?? (kindNamed(kind) === undefined ? undefined : kind.toLowerCase());
  return word === undefined ? `${name}[${kind}]` : `${word}/${name}`;
}

/** The error for an end that does not exist, with similar names that do. */
export function missingEnd(
  model: ClusterModel,
  what: string,
  wanted: { readonly namespace?: string; readonly name: string; readonly kind?: string },
): SluiceError {
  const { namespace, name, kind } = wanted;
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  const near = namespace === undefined ? nearNodes(model, name) : nearInCluster(model, namespace, name, kind);
  const hint = near.length > 0 ? `Did you mean ${listed(near)}?` : namespaceHint(model, namespace);
  return new SluiceError('not-found', `No ${what} ${name} found${where}.`, hint);
}

/**
 * The error for a namespace that is not among those that exist, with similar names; undefined if it is, or if none are
 * known.
 */
export function missingNamespace(name: string, known: Iterable<string>): SluiceError | undefined {
  const names = [...known];
  if (names.length === 0 || names.includes(name)) return undefined;
  const near = nearestOf(name, names, name.length);
  return new SluiceError(
    'not-found',
    `Namespace ${name} not found.`,
    near.length === 0 ? 'Check the name.' : `Did you mean ${listed(near)}?`,
  );
}

/** The error for an ambiguous name, with all its meanings. */
export function ambiguousEnd(namespace: string, name: string, choices: readonly string[]): SluiceError {
  return new SluiceError(
    'usage',
    `"${name}" in namespace ${namespace} is ambiguous: ${listed(choices)}.`,
    `Specify one, such as ${namespace}/${choices[0] ?? name}.`,
  );
}

function namespaceHint(model: ClusterModel, namespace: string | undefined): string {
  const names = Array.from(model.namespaces(), ({ name }) => name);
  const problem = namespace === undefined ? undefined : missingNamespace(namespace, names);
  return problem === undefined ? 'Check the name and namespace.' : `${problem.message} ${problem.hint}`;
}

function nearNodes(model: ClusterModel, name: string): readonly string[] {
  const names = Array.from(model.nodes(), (node) => node.name);
  return nearestOf(name, names, name.length).map((near) => `node/${near}`);
}

/** Similar names in any namespace and of any kind; those of the same namespace and kind first. */
function nearInCluster(
  model: ClusterModel,
  namespace: string,
  name: string,
  kind: string | undefined,
): readonly string[] {
  const written = new Map<string, string>();
  for (const pod of model.pods()) {
    const { owner } = pod;
    if (kind === undefined || kind === 'Pod')
      written.set(`${pod.namespace}/${pod.name}`, `${pod.namespace}/${pod.name}`);
    if (owner !== undefined && kind !== 'Pod' && kind !== 'Service') {
      written.set(
        `${owner.namespace}/${owner.name} ${owner.kind}`,
        `${owner.namespace}/${workloadWord(owner.kind, owner.name)}`,
      );
    }
  }
  if (kind === undefined || kind === 'Service') {
    for (const { namespace: own, name: called } of model.services())
      written.set(`${own}/${called} svc`, `${own}/svc/${called}`);
  }
  const plain = new Map([...written].map(([key, text]) => [text, key.split(' ')[0] ?? key]));
  const best = nearestOf(`${namespace}/${name}`, [...plain.values()], name.length);
  return [...plain]
    .filter(([, key]) => best.includes(key))
    .sort(([, a], [, b]) => best.indexOf(a) - best.indexOf(b))
    .map(([text]) => text)
    .slice(0, 4);
}

/** Names at an edit distance of one, otherwise those of up to half the name. */
function nearestOf(wanted: string, names: readonly string[], length: number): readonly string[] {
  const near = nearestNames(wanted, names, 1);
  return near.length > 0 ? near : nearestNames(wanted, names, Math.max(2, Math.floor(length / 2)));
}

function listed(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} or ${items.at(-1)}`;
}
