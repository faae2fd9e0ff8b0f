import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isRecord, SluiceError, safeText, textAt } from '../../core/common/common.ts';
import { NoText, readFirstYaml, textOfBytes, YamlProblem } from '../../core/yaml/yaml.ts';
import { kubeconfigFiles } from '../../kubeconfig-files.ts';
import type { Entry } from './fields.ts';
import { inClusterConfig, SERVICE_ACCOUNT } from './in-cluster.ts';
import { whyUnread } from './material.ts';

/** All files of a kubeconfig, merged: names are unique per collection. */
export type Kubeconfig = {
  readonly contexts: ReadonlyMap<string, Entry>;
  readonly clusters: ReadonlyMap<string, Entry>;
  readonly users: ReadonlyMap<string, Entry>;
  readonly current?: string;
  /** The files that were read, for messages. */
  readonly files: readonly string[];
  /** Warnings about the files, one sentence each. */
  readonly warnings: readonly string[];
};

/** A path, the text itself, or neither: `KUBECONFIG`, then `~/.kube/config`. */
export type KubeconfigSource = string | { readonly text: string } | undefined;

/**
 * Reads a kubeconfig by kubectl's rules: a file passed explicitly must exist; missing files in `KUBECONFIG` are
 * skipped; the first file to define an entry, or the current context, wins. Where no file has any entry, in a pod, the
 * pod's service account is used.
 * Source: k8s.io/client-go/tools/clientcmd/loader.go, `ClientConfigLoadingRules.Load`; merged_client_builder.go.
 *
 * @param account the folder of the service account, if it is elsewhere
 * @throws SluiceError `config` if there is none, or one can't be read or parsed
 */
export async function loadKubeconfig(
  source: KubeconfigSource,
  account = SERVICE_ACCOUNT,
): Promise<Kubeconfig> {
  if (typeof source === 'object') return merge([parse(bytesOf(source.text), '(given text)', process.cwd())]);
  const paths = source === undefined ? kubeconfigFiles() : [source];
  const contents = await Promise.all(paths.map((path) => read(path, source !== undefined)));
  const found = contents.flatMap((bytes, i) => {
    const file = paths[i];
    return bytes === undefined || file === undefined ? [] : [parse(bytes, file, resolve(dirname(file)))];
  });
  const merged = merge(found);
  const isEmpty = merged.contexts.size + merged.clusters.size + merged.users.size === 0;
  if (source === undefined && isEmpty && merged.current === undefined) {
    const own = await inClusterConfig(account);
    if (own !== undefined) return merge([parse(bytesOf(JSON.stringify(own)), account, account)]);
  }
  if (found.length === 0) {
    throw new SluiceError(
      'config',
      `No kubeconfig found: ${paths.map((path) => safeText(path)).join(', ')} does not exist.`,
      'Set KUBECONFIG or pass --kubeconfig; `sluice demo` needs no cluster.',
    );
  }
  return merged;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

async function read(path: string, required: boolean): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (missing && !required) return undefined;
    throw new SluiceError(
      'config',
      missing
        ? `The kubeconfig ${safeText(path)} does not exist.`
        : `Unable to read the kubeconfig ${safeText(path)}: ${whyUnread(error)}.`,
      'Check the path given with --kubeconfig or in KUBECONFIG.',
      error,
    );
  }
}

function parse(bytes: Uint8Array, file: string, folder: string): Kubeconfig {
  const { value, duplicates } = readContent(bytes, file);
  const content = contentOf(value, file);
  const current = textIn(content, 'current-context', file);
  return {
    contexts: entries(content, 'context', file, folder),
    clusters: entries(content, 'cluster', file, folder),
    users: entries(content, 'user', file, folder),
    ...(current === undefined ? {} : { current }),
    files: [file],
    warnings: duplicates.map(
      ({ key, line }) =>
        `The kubeconfig ${safeText(file)} has the duplicate key ${safeText(key)} on line ${line}; the last one wins, as in kubectl.`,
    ),
  };
}

function readContent(bytes: Uint8Array, file: string): ReturnType<typeof readFirstYaml> {
  try {
    return readFirstYaml(textOfBytes(bytes));
  } catch (error) {
    if (!(error instanceof YamlProblem || error instanceof NoText)) throw error;
    throw new SluiceError(
      'config',
      `Unable to parse the kubeconfig ${safeText(file)}: line ${error.line}${error instanceof NoText ? ` ${error.message}` : `: ${safeText(error.words)}`}.`,
      'Fix the file, or use another one with --kubeconfig.',
      error,
    );
  }
}

/**
 * The fields of a file that is a kubeconfig. `kind` and `apiVersion` may be absent, and the file empty.
 *
 * @throws SluiceError `config` for anything else, such as a manifest
 */
function contentOf(value: unknown, file: string): Readonly<Record<string, unknown>> {
  const content = isRecord(value) ? value : {};
  const kind = textAt(content, 'kind') || 'Config';
  const version = textAt(content, 'apiVersion') || 'v1';
  const isOther = kind !== 'Config' || version !== 'v1';
  if ((value === null || isRecord(value)) && !isOther) return content;
  throw new SluiceError(
    'config',
    `${safeText(file)} is not a kubeconfig: ${isOther ? `it is a ${safeText(kind)} of ${safeText(version)}` : 'it is not a map'}.`,
    'Name a kubeconfig with --kubeconfig or in KUBECONFIG.',
  );
}

/** The entries of one kind by name. Two of one name are refused, as nobody knows which is meant (API-41). */
function entries(
  content: Readonly<Record<string, unknown>>,
  kind: Entry['kind'],
  file: string,
  folder: string,
): ReadonlyMap<string, Entry> {
  const list = content[`${kind}s`] ?? [];
  if (!Array.isArray(list)) throw malformed(file, `${kind}s is not a list`);
  const found = new Map<string, Entry>();
  for (const item of list) {
    const name = textIn(item, 'name', file, kind) ?? '';
    const fields = (isRecord(item) ? item[kind] : undefined) ?? {};
    if (!isRecord(fields)) throw malformed(file, `${kind} ${safeText(name)} is not a map`);
    if (found.has(name)) throw malformed(file, `there are two entries for ${kind} ${safeText(name)}`);
    found.set(name, { kind, name, fields, folder, file });
  }
  return found;
}

/** A text of a file, or of one entry of it. */
function textIn(map: unknown, field: string, file: string, kind?: Entry['kind']): string | undefined {
  const value = isRecord(map) ? map[field] : undefined;
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return value;
  const what = kind === undefined ? field : `the ${field} of a ${kind}`;
  throw malformed(
    file,
    `${what} is ${typeof value === 'object' ? 'not a text' : `the ${typeof value} ${value}, which needs quotes to be a text`}`,
  );
}

function malformed(file: string, what: string): SluiceError {
  return new SluiceError(
    'config',
    `The kubeconfig ${safeText(file)} is malformed: ${what}.`,
    'Fix the file, or use another one with --kubeconfig.',
  );
}

function merge(parts: readonly Kubeconfig[]): Kubeconfig {
  const current = parts.find((part) => part.current !== undefined)?.current;
  const first = (pick: (part: Kubeconfig) => ReadonlyMap<string, Entry>) => {
    const merged = new Map<string, Entry>();
    for (const [name, entry] of parts.flatMap((part) => [...pick(part)])) {
      if (!merged.has(name)) merged.set(name, entry);
    }
    return merged;
  };
  return {
    contexts: first((part) => part.contexts),
    clusters: first((part) => part.clusters),
    users: first((part) => part.users),
    current,
    files: parts.flatMap((part) => part.files),
    warnings: parts.flatMap((part) => part.warnings),
  };
}
