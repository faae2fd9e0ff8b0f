import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readYaml } from '../../../../src/core/yaml/read.ts';

/** Where the vectors lie: `SLUICE_VECTORS`, or beside the checkout. */
export const VECTORS = resolve(process.env.SLUICE_VECTORS ?? '../shared/vectors');

/** Whether they lie there; says so loudly when they do not. */
export function vectorsPresent(): boolean {
  const present = existsSync(join(VECTORS, 'README.md'));
  if (!present) {
    process.stderr.write(
      `\n!! POLICY VECTORS NOT RUN: ${VECTORS} does not exist. Set SLUICE_VECTORS to their folder.\n\n`,
    );
  }
  return present;
}

/** One case of a suite: its name and its parsed JSON. */
export type Case<T> = { readonly name: string; readonly data: T };

/** The JSON cases of a folder, in the order of their names. */
export function jsonCases<T>(folder: string): readonly Case<T>[] {
  return readdirSync(join(VECTORS, folder))
    .filter((file) => file.endsWith('.json') && file !== 'index.json')
    .sort()
    .map((file) => ({
      name: file.replace(/\.json$/, ''),
      data: JSON.parse(readFileSync(join(VECTORS, folder, file), 'utf8')) as T,
    }));
}

/** The folders in a folder. */
export function directories(folder: string): readonly string[] {
  return readdirSync(join(VECTORS, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** A JSON file of the vectors. */
export function jsonFile<T>(path: string): T {
  return JSON.parse(readFileSync(join(VECTORS, path), 'utf8')) as T;
}

/** Every YAML or JSON document below a folder. */
export function manifestsBelow(folder: string): readonly unknown[] {
  const entries = readdirSync(join(VECTORS, folder), { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && /\.(?:ya?ml|json)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .flatMap((file) => readYaml(readFileSync(file, 'utf8')).map(({ value }) => value));
}
