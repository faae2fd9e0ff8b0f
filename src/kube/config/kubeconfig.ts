import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isRecord, listAt, SluiceError, safeText, textAt } from '../../core/common/common.ts';
import { NoText, readFirstYaml, textOfBytes, YamlProblem } from '../../core/yaml/yaml.ts';
import { kubeconfigFiles } from '../../kubeconfig-files.ts';

/** One unparsed entry of a kubeconfig, with the directory that its relative paths start from. */
export type Entry = {
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly folder: string;
  readonly file: string;
};

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
 * skipped; the first file to define an entry, or the current context, wins.
 * Source: k8s.io/client-go/tools/clientcmd/loader.go, `ClientConfigLoadingRules.Load`.
 *
 * @throws SluiceError `config` if there is none, or one can't be read or parsed
 */
export async function loadKubeconfig(source: KubeconfigSource): Promise<Kubeconfig> {
  if (typeof source === 'object')
    return merge([parse(new TextEncoder().encode(source.text), '(given text)', process.cwd())]);
  const paths = source === undefined ? kubeconfigFiles() : [source];
  const contents = await Promise.all(paths.map((path) => read(path, source !== undefined)));
  const found = contents.flatMap((bytes, i) => {
    const file = paths[i];
    return bytes === undefined || file === undefined ? [] : [parse(bytes, file, dirname(file))];
  });
  if (found.length === 0) {
    throw new SluiceError(
      'config',
      `No kubeconfig found: ${paths.map((path) => safeText(path)).join(', ')} does not exist.`,
      'Set KUBECONFIG or pass --kubeconfig; `sluice demo` needs no cluster.',
    );
  }
  return merge(found);
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
        : `Unable to read the kubeconfig ${safeText(path)}.`,
      'Check the path given with --kubeconfig or in KUBECONFIG.',
      error,
    );
  }
}

function parse(bytes: Uint8Array, file: string, folder: string): Kubeconfig {
  const { value: content, duplicates } = readContent(bytes, file);
  const current = textAt(content, 'current-context');
  return {
    contexts: entries(content, 'contexts', 'context', file, folder),
    clusters: entries(content, 'clusters', 'cluster', file, folder),
    users: entries(content, 'users', 'user', file, folder),
    ...(current === undefined || current === '' ? {} : { current }),
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
      `Unable to parse the kubeconfig ${safeText(file)}: line ${error.line}${error instanceof NoText ? '' : ':'} ${safeText(error.message)}.`,
      'Fix the file, or use another one with --kubeconfig.',
      error,
    );
  }
}

function entries(
  content: unknown,
  list: string,
  field: string,
  file: string,
  folder: string,
): ReadonlyMap<string, Entry> {
  const found = new Map<string, Entry>();
  for (const item of listAt(content, list)) {
    const name = textAt(item, 'name');
    const fields = isRecord(item) ? item[field] : undefined;
    if (name !== undefined && !found.has(name)) {
      found.set(name, { name, fields: isRecord(fields) ? fields : {}, folder, file });
    }
  }
  return found;
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
