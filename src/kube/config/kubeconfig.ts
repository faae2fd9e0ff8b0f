import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { isRecord, listAt, SluiceError, safeText, textAt } from '../../core/common/common.ts';
import { NoText, readFirstYaml, textOfBytes, YamlProblem } from '../../core/yaml/yaml.ts';

/** One entry of a kubeconfig, unread, with the folder that its relative paths start from. */
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
  /** What whoever wrote the files should know, one sentence each. */
  readonly warnings: readonly string[];
};

/** A path, the text itself, or neither: `KUBECONFIG`, then `~/.kube/config`. */
export type KubeconfigSource = string | { readonly text: string } | undefined;

/**
 * Reads a kubeconfig by kubectl's rules: a named file must exist; of the files in `KUBECONFIG` those that don't
 * exist are passed over; the first file to name an entry, or the current context, wins.
 * Source: k8s.io/client-go/tools/clientcmd/loader.go, `ClientConfigLoadingRules.Load`.
 *
 * @throws SluiceError `config` when there is none, or one can't be read or parsed
 */
export async function loadKubeconfig(source: KubeconfigSource): Promise<Kubeconfig> {
  if (typeof source === 'object')
    return merge([parse(new TextEncoder().encode(source.text), '(given text)', process.cwd())]);
  const paths = source === undefined ? defaultPaths() : [source];
  const contents = await Promise.all(paths.map((path) => read(path, source !== undefined)));
  const found = contents.flatMap((bytes, i) => {
    const file = paths[i];
    return bytes === undefined || file === undefined ? [] : [parse(bytes, file, dirname(file))];
  });
  if (found.length === 0) {
    throw new SluiceError(
      'config',
      `No kubeconfig: ${paths.map((path) => safeText(path)).join(', ')} does not exist.`,
      'Set KUBECONFIG or pass --kubeconfig; `sluice demo` needs no cluster.',
    );
  }
  return merge(found);
}

function defaultPaths(): readonly string[] {
  const listed = (process.env.KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '');
  return listed.length > 0 ? [...new Set(listed)] : [join(homedir(), '.kube', 'config')];
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
        : `The kubeconfig ${safeText(path)} can't be read.`,
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
        `The kubeconfig ${safeText(file)} has the key ${safeText(key)} twice, again in line ${line}; the last one counts, as for kubectl.`,
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
      `The kubeconfig ${safeText(file)} is not valid YAML in line ${error.line}: ${safeText(error.message)}.`,
      'Fix the file, or choose another with --kubeconfig.',
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
