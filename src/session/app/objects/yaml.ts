import { stringify } from 'yaml';
import type { ApiObject } from '../../../core/ports.ts';

/** The object as YAML for people: without managedFields, which nobody reads. */
export function yamlOf(object: ApiObject): string {
  const { managedFields: _, ...metadata } = object.metadata;
  return stringify({ ...object, metadata }, { lineWidth: 0 });
}

/** Objects as the lines of one file. */
export function yamlLines(objects: readonly ApiObject[]): readonly string[] {
  return objects.map(yamlOf).join('---\n').trimEnd().split('\n');
}
