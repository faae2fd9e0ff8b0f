import type { ApiObject } from '../../../core/ports.ts';
import { writeYaml } from '../../../core/yaml/write.ts';

/** The object as YAML for people: without managedFields, which nobody reads. */
export function yamlOf(object: ApiObject): string {
  const { managedFields: _, ...metadata } = object.metadata;
  return writeYaml({ ...object, metadata });
}

/** Objects as the lines of one file. */
export function yamlLines(objects: readonly ApiObject[]): readonly string[] {
  return objects.map(yamlOf).join('---\n').trimEnd().split('\n');
}
