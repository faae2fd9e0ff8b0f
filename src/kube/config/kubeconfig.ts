import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { parseDocument } from 'yaml';
import { SluiceError } from '../../core/errors.ts';
import { isRecord, listAt, textAt } from '../../core/json.ts';
import { safeText } from '../../core/safe-text.ts';

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
  if (typeof source === 'object') return merge([parse(source.text, '(given text)', process.cwd())]);
  const paths = source === undefined ? defaultPaths() : [source];
  const texts = await Promise.all(paths.map((path) => read(path, source !== undefined)));
  const found = texts.flatMap((text, i) => {
    const file = paths[i];
    return text === undefined || file === undefined ? [] : [parse(text, file, dirname(file))];
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

async function read(path: string, required: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
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

function parse(text: string, file: string, folder: string): Kubeconfig {
  const document = parseDocument(text);
  const [fault] = document.errors;
  if (fault !== undefined) {
    const line = fault.linePos?.[0].line;
    throw new SluiceError(
      'config',
      `The kubeconfig ${safeText(file)} is not valid YAML${line === undefined ? '' : ` in line ${line}`}.`,
      'Fix the file, or choose another with --kubeconfig.',
      fault,
    );
  }
  const content: unknown = document.toJS();
  const current = textAt(content, 'current-context');
  return {
    contexts: entries(content, 'contexts', 'context', file, folder),
    clusters: entries(content, 'clusters', 'cluster', file, folder),
    users: entries(content, 'users', 'user', file, folder),
    ...(current === undefined || current === '' ? {} : { current }),
    files: [file],
  };
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
    ...(current === undefined ? {} : { current }),
    files: parts.flatMap((part) => part.files),
  };
}
