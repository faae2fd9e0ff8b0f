import type { ApiObject } from '../cluster/cluster.ts';
import { MANAGED_BY } from '../grants/grants.ts';
import { writeYaml } from '../yaml/yaml.ts';

/** By these an installed object is compared with what this version of sluice would print. */
export function marks(version: string): Readonly<Record<string, string>> {
  return { [MANAGED_BY]: 'sluice', 'app.kubernetes.io/version': version };
}

/** The well-known annotation that says what an object is for. */
export function about(text: string): Readonly<Record<string, string>> {
  return { 'kubernetes.io/description': text };
}

/** Objects as documents of one YAML file. */
export function manifestsYaml(manifests: readonly ApiObject[]): string {
  return manifests.map(writeYaml).join('---\n');
}
