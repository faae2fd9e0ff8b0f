import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord, listAt, SluiceError, sameJson, textAt } from '../../core/common/common.ts';
import { type PlacedPolicy, policyFile } from '../../core/grants/grants.ts';
import { readYaml, writeYaml } from '../../core/yaml/yaml.ts';

/** A file of the folder and what became of it. */
export type WrittenFile = {
  readonly file: string;
  readonly how: 'created' | 'replaced' | 'extended' | 'unchanged';
};

/** The first line of each file, by which a later run knows it as one that it may replace. */
const OURS = '# Written by sluice promote, which replaces this file when it writes the same policy again.\n';

/** The names that kustomize looks for (kustomize documentation, "kustomization"). */
const KUSTOMIZATIONS = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/**
 * Writes policies as files of a folder, made if need be, and names them in its kustomization, whose other lines stay.
 * Nothing is written unless everything can be.
 *
 * @returns what was written, and what kustomize will change in the policies, one sentence each
 * @throws SluiceError `refused` for a file of somebody else, or a kustomization that can't be added to
 */
export async function writeKustomize(
  folder: string,
  policies: readonly PlacedPolicy[],
): Promise<{ readonly written: readonly WrittenFile[]; readonly warnings: readonly string[] }> {
  const names = fileNames(policies);
  const files = await Promise.all(
    policies.map((policy, index) => policyChange(join(folder, names[index] ?? ''), policy)),
  );
  const { change, warnings } = await kustomizationChange(folder, names, policies);
  const changes = [...files, change];
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

type Change = WrittenFile & { readonly text: string };

/** `db-from-web.yaml`, with the namespace where policies of two have the same name. */
function fileNames(policies: readonly PlacedPolicy[]): readonly string[] {
  return policies.map(({ manifest: { metadata } }) => {
    const isAlone = policies.filter(({ manifest }) => manifest.metadata.name === metadata.name).length === 1;
    return `${isAlone ? '' : `${metadata.namespace}-`}${metadata.name}.yaml`;
  });
}

async function policyChange(file: string, policy: PlacedPolicy): Promise<Change> {
  const text = OURS + policyFile(policy);
  const before = await contentOf(file);
  if (before === undefined) return { file, how: 'created', text };
  if (before === text) return { file, how: 'unchanged', text };
  if (before.startsWith(OURS) && isOf(before, policy)) return { file, how: 'replaced', text };
  throw new SluiceError(
    'refused',
    `${file} exists, and is not a file of sluice promote for this policy.`,
    'Move it away, or choose another folder.',
  );
}

function isOf(text: string, { manifest }: PlacedPolicy): boolean {
  const found = documentOf(text);
  return (
    textAt(found, 'metadata', 'name') === manifest.metadata.name &&
    textAt(found, 'metadata', 'namespace') === manifest.metadata.namespace
  );
}

async function kustomizationChange(
  folder: string,
  names: readonly string[],
  policies: readonly PlacedPolicy[],
): Promise<{ readonly change: Change; readonly warnings: readonly string[] }> {
  for (const name of KUSTOMIZATIONS) {
    const file = join(folder, name);
    const before = await contentOf(file);
    if (before === undefined) continue;
    const known = documentOf(before);
    checkNamespace(file, known, policies);
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
          `${file} sets ${field}, which changes these policies: check what kubectl kustomize makes of them.`,
      ),
    };
  }
  const head = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources: names };
  return {
    change: { file: join(folder, 'kustomization.yaml'), how: 'created', text: writeYaml(head) },
    warnings: [],
  };
}

/** Kustomize would move the policies to the namespace of the kustomization. */
function checkNamespace(file: string, known: unknown, policies: readonly PlacedPolicy[]): void {
  const namespace = textAt(known, 'namespace');
  const other = policies.find(({ manifest }) => manifest.metadata.namespace !== namespace)?.manifest.metadata;
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
  try {
    const documents = readYaml(text);
    return documents.length === 1 ? documents[0]?.value : undefined;
  } catch {
    return undefined;
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
