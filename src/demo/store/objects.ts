import { isRecord } from '../../core/json.ts';
import type { ApiMetadata, ApiObject } from '../../core/ports.ts';

/** Metadata that every stored object has. */
export type StoredMetadata = ApiMetadata & {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  readonly generation?: number;
};

/** An object as the server holds it. Never changed in place. */
export type Stored = ApiObject & { readonly metadata: StoredMetadata };

/** `namespace/name`, or the name alone for cluster-scoped objects. */
export function objectKey(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The key of an object among those of its resource. */
export function keyOfObject(object: ApiObject): string {
  return objectKey(object.metadata.namespace, object.metadata.name);
}

/** The object with some of its metadata replaced; fields set to undefined go. */
export function withMetadata<T extends ApiObject>(object: T, change: Readonly<Record<string, unknown>>): T {
  return { ...object, metadata: compact({ ...object.metadata, ...change }) } as T;
}

/** The object with some fields of its spec or status replaced; fields set to undefined go. */
export function withPart<T extends ApiObject>(
  object: T,
  part: 'spec' | 'status',
  change: Readonly<Record<string, unknown>>,
): T {
  const before = object[part];
  return { ...object, [part]: compact({ ...(isRecord(before) ? before : {}), ...change }) };
}

/** A map of strings out of JSON; empty for anything else. */
export function stringMap(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, String(item)]));
}

/** A timestamp as Kubernetes writes it: RFC 3339, whole seconds, cut off. */
export function timestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

function compact<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
