import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { manifestsYaml } from '../../core/access/access.ts';
import type { ApiObject } from '../../core/cluster/cluster.ts';
import { SluiceError, safeText } from '../../core/common/common.ts';
import { writeYaml } from '../../core/yaml/yaml.ts';

/** Every name that kustomize takes for a kustomization; with two of them it does nothing. */
const KUSTOMIZATIONS = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

const [KUSTOMIZATION = ''] = KUSTOMIZATIONS;

/**
 * Writes objects to a directory, one file for each name, with a kustomization that lists them. Files that the same
 * command wrote before are replaced; if any other is in the way, nothing is written.
 *
 * @param command by which its files are told from others
 * @returns the paths written
 * @throws SluiceError `refused` for a file that is not ours, `failed` for a directory that can't be used
 */
export async function writeKustomization(
  directory: string,
  command: string,
  version: string,
  manifests: readonly ApiObject[],
): Promise<readonly string[]> {
  const header = `# Written by ${command}`;
  const groups = [...Map.groupBy(manifests, ({ metadata }) => `${metadata.name}.yaml`)];
  const resources = groups.map(([file]) => file);
  const kustomization = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources };
  const texts = [
    [KUSTOMIZATION, writeYaml(kustomization)] as const,
    ...groups.map(([file, objects]) => [file, manifestsYaml(objects)] as const),
  ];
  await usable(directory, () => mkdir(directory, { recursive: true }));
  const there = await usable(directory, () => readdir(directory));
  for (const file of new Set([...KUSTOMIZATIONS, ...resources])) {
    if (there.includes(file)) await checkOurs(join(directory, file), header, command);
  }
  const paths: string[] = [];
  for (const [file, text] of texts) {
    const path = join(directory, file);
    const first = `${header}, version ${version}: written anew by the next run; change it by patches of kustomize.`;
    await usable(path, () => writeFile(path, `${first}\n${text}`));
    paths.push(path);
  }
  return paths;
}

async function checkOurs(path: string, header: string, command: string): Promise<void> {
  const text = await usable(path, () => readFile(path, 'utf8'));
  if (text.startsWith(`${header},`)) return;
  throw new SluiceError(
    'refused',
    `${safeText(path)} was not written by ${command}, and is left as it is.`,
    'Choose another directory, or move the file away.',
  );
}

async function usable<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new SluiceError(
      'failed',
      `Unable to use ${safeText(path)}: ${safeText(why)}.`,
      'Pass a directory that you may write to, or one that does not exist yet.',
      error,
    );
  }
}
