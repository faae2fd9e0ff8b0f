import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApiObject } from '../../core/cluster/cluster.ts';
import { isRecord, listAt, SluiceError, sameJson, textAt } from '../../core/common/common.ts';
import { readYaml, writeYaml } from '../../core/yaml/yaml.ts';

/** A file of the folder and what became of it. */
export type WrittenFile = {
  readonly file: string;
  readonly how: 'created' | 'replaced' | 'extended' | 'unchanged';
};

/** A file to write: objects under a name that they choose, as YAML. */
export type FolderFile = {
  readonly name: string;
  readonly objects: readonly ApiObject[];
  readonly text: string;
};

/** The first line of each file, by which a later run knows it as one that it may replace. */
function firstLine(command: string): string {
  return `# Written by ${command}, which replaces this file when it writes the same objects again.\n`;
}

/** The names that kustomize looks for (kustomize documentation, "kustomization"). */
const KUSTOMIZATIONS = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/**
 * Writes files to a folder, made if need be, and names them in its kustomization, whose other lines stay. Nothing is
 * written unless everything can be.
 *
 * @param command by which its files are told from those of others
 * @returns what was written, and what kustomize will change in the objects, one sentence each
 * @throws SluiceError `refused` for a file of somebody else, or a kustomization that can't be added to
 */
export async function writeKustomize(
  folder: string,
  command: string,
  files: readonly FolderFile[],
): Promise<{ readonly written: readonly WrittenFile[]; readonly warnings: readonly string[] }> {
  const written = await Promise.all(files.map((file) => fileChange(folder, command, file)));
  const { change, warnings } = await kustomizationChange(folder, files);
  const changes = [...written, change];
  try {
    await mkdir(folder, { recursive: true });
    for (const { file, how, text } of changes) {
      // A file that appeared meanwhile is somebody else's.
      if (how !== 'unchanged') await writeFile(file, text, { flag: how === 'created' ? 'wx' : 'w' });
    }
  } catch (error) {
    throw new SluiceError(
      'failed',
      `Unable to write to ${folder}: ${textOf(error)}.`,
      'Choose another folder.',
      error,
    );
  }
  return { written: changes.map(({ file, how }) => ({ file, how })), warnings };
}

/** `created    policies/db-from-web.yaml`, with a line break. */
export function writtenLine({ file, how }: WrittenFile): string {
  return `${how.padEnd(9)}  ${file}\n`;
}

type Change = WrittenFile & { readonly text: string };

async function fileChange(folder: string, command: string, asked: FolderFile): Promise<Change> {
  const file = join(folder, asked.name);
  const text = firstLine(command) + asked.text;
  const before = await contentOf(file);
  if (before === undefined) return { file, how: 'created', text };
  if (before === text) return { file, how: 'unchanged', text };
  if (before.startsWith(firstLine(command)) && isOf(before, asked)) return { file, how: 'replaced', text };
  throw new SluiceError(
    'refused',
    `${file} exists, and is not a file of ${command} for the same objects.`,
    'Move it away, or choose another folder.',
  );
}

/** Whether a file holds one of the objects, as the same command with other options writes it. */
function isOf(text: string, { objects }: FolderFile): boolean {
  return documentsOf(text).some((found) =>
    objects.some(
      ({ kind, metadata }) =>
        textAt(found, 'kind') === kind &&
        textAt(found, 'metadata', 'name') === metadata.name &&
        textAt(found, 'metadata', 'namespace') === metadata.namespace,
    ),
  );
}

async function kustomizationChange(
  folder: string,
  files: readonly FolderFile[],
): Promise<{ readonly change: Change; readonly warnings: readonly string[] }> {
  const names = files.map(({ name }) => name);
  for (const name of KUSTOMIZATIONS) {
    const file = join(folder, name);
    const before = await contentOf(file);
    if (before === undefined) continue;
    const known = documentOf(before);
    checkNamespace(
      file,
      known,
      files.flatMap(({ objects }) => objects),
    );
    const text = withResources(before, names);
    if (text === undefined) {
      throw new SluiceError(
        'refused',
        `${file} is not a kustomization that resources can be added to.`,
        `Add them to its resources by hand: ${names.join(', ')}.`,
      );
    }
    return {
      change: { file, how: text === before ? 'unchanged' : 'extended', text },
      warnings: transformersIn(known).map(
        (field) =>
          `${file} sets ${field}, which changes these objects: check what kubectl kustomize makes of them.`,
      ),
    };
  }
  const head = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources: names };
  return {
    change: { file: join(folder, 'kustomization.yaml'), how: 'created', text: writeYaml(head) },
    warnings: [],
  };
}

/** Kustomize would move the objects to the namespace of the kustomization. */
function checkNamespace(file: string, known: unknown, objects: readonly ApiObject[]): void {
  const namespace = textAt(known, 'namespace');
  const other = objects.find(
    ({ metadata }) => metadata.namespace !== undefined && metadata.namespace !== namespace,
  )?.metadata;
  if (namespace === undefined || other === undefined) return;
  throw new SluiceError(
    'refused',
    `${file} puts everything in namespace ${namespace}, and ${other.name} is for ${other.namespace}.`,
    `Choose a folder for namespace ${other.namespace}.`,
  );
}

/** Fields of a kustomization that change names, labels or selectors of its resources. */
function transformersIn(known: unknown): readonly string[] {
  const fields = ['commonLabels', 'namePrefix', 'nameSuffix', 'patches', 'transformers'];
  const set = isRecord(known) ? fields.filter((field) => Object.hasOwn(known, field)) : [];
  const selects = listAt(known, 'labels').some((item) => isRecord(item) && item.includeSelectors === true);
  return selects ? [...set, 'labels with includeSelectors'] : set;
}

/**
 * The text of a kustomization with more resources and all its lines as they are; undefined if that can't be done. What
 * was edited is read again: it must be the same but for the resources.
 */
export function withResources(text: string, names: readonly string[]): string | undefined {
  const before = documentOf(text);
  if (!isRecord(before) || !['Kustomization', 'Component', undefined].includes(kindOf(before)))
    return undefined;
  const { resources = null, ...rest } = before;
  if (resources !== null && !Array.isArray(resources)) return undefined;
  const known = new Set(listAt(before, 'resources').map((entry) => String(entry).replace(/^\.\//, '')));
  const missing = names.filter((name) => !known.has(name));
  if (missing.length === 0) return text;
  const edited = edit(text, missing);
  const after = documentOf(edited);
  if (!isRecord(after)) return undefined;
  const { resources: then, ...others } = after;
  const isSound = sameJson(others, rest) && sameJson(then, [...listAt(before, 'resources'), ...missing]);
  return isSound ? edited : undefined;
}

function kindOf({ kind }: Readonly<Record<string, unknown>>): string | undefined {
  return kind === undefined ? undefined : String(kind);
}

/** Adds entries after the last resource, or a list of resources at the end. */
function edit(text: string, names: readonly string[]): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text.split(/\r?\n/);
  const at = lines.findIndex((line) => /^resources:/.test(line));
  const entries = (indent: string) => names.map((name) => `${indent}- ${name}`);
  if (at < 0) {
    const body = lines.at(-1) === '' ? lines.slice(0, -1) : lines;
    return [...body, 'resources:', ...entries('  '), ''].join(eol);
  }
  const head = lines[at] ?? '';
  if (/\[.*\]/.test(head)) {
    const put = (_: string, inner: string) =>
      `[${[inner.trim(), ...names].filter((part) => part !== '').join(', ')}]`;
    return lines.with(at, head.replace(/\[(.*)\]/, put)).join(eol);
  }
  const after = lines.slice(at + 1);
  const end = after.findIndex((line) => /^[^\s#-]/.test(line));
  const block = end < 0 ? after : after.slice(0, end);
  const last = block.findLastIndex((line) => /^\s*- /.test(line));
  const indent = /^(\s*)- /.exec(block.find((line) => /^\s*- /.test(line)) ?? '  - ')?.[1] ?? '  ';
  return lines.toSpliced(at + 1 + last + 1, 0, ...entries(indent)).join(eol);
}

/** The only document of a text; undefined if there is none or there are several. */
function documentOf(text: string): unknown {
  const found = documentsOf(text);
  return found.length === 1 ? found[0] : undefined;
}

/** None if it is no YAML. */
function documentsOf(text: string): readonly unknown[] {
  try {
    return readYaml(text).map(({ value }) => value);
  } catch {
    return [];
  }
}

/** @throws SluiceError `failed` for a file that exists and can't be read */
async function contentOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new SluiceError(
      'failed',
      `Unable to read ${file}: ${textOf(error)}.`,
      'Choose another folder.',
      error,
    );
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
