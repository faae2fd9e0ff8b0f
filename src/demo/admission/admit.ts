import { isRecord } from '../../core/json.ts';
import type { ApiObject } from '../../core/ports.ts';
import { apiVersionOf, type Resource } from '../api/kinds/resources.ts';
import { badRequest, type FieldError, invalid } from '../api/status.ts';
import { decode, TypeMismatch } from './decode.ts';
import { defaultJob, jobFaults } from './job.ts';
import { metadataFaults } from './metadata.ts';
import { defaultNetworkPolicy, networkPolicyFaults } from './network-policy.ts';

/** A body read as an object of a resource; `unknown` are the fields that the server does not know. */
export type Read = { readonly object: ApiObject; readonly unknown: readonly string[] };

/**
 * Reads a body as an object of a resource. A missing `apiVersion` or `kind` is taken from the path. Throws 400 for
 * another kind and for values of the wrong type.
 */
export function readObject(body: Readonly<Record<string, unknown>>, resource: Resource): Read {
  const apiVersion = body.apiVersion ?? apiVersionOf(resource);
  const kind = body.kind ?? resource.kind;
  if (kind !== resource.kind || apiVersion !== apiVersionOf(resource)) {
    const version = String(apiVersion).split('/').at(-1);
    throw badRequest(
      `${kind} in version "${version}" cannot be handled as a ${resource.kind}: no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`,
    );
  }
  try {
    const { value, unknown } = decode(body, resource.kind);
    const metadata = isRecord(value.metadata) ? value.metadata : {};
    const name = typeof metadata.name === 'string' ? metadata.name : '';
    return { object: { ...value, apiVersion, kind, metadata: { ...metadata, name } } as ApiObject, unknown };
  } catch (error) {
    if (!(error instanceof TypeMismatch)) throw error;
    throw badRequest(
      `${kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: ${error.message}`,
    );
  }
}

/** The object with the defaults of its kind. `uid` goes into a new Job's selector and labels. */
export function withDefaults(object: ApiObject, resource: Resource, uid: string): ApiObject {
  switch (resource.kind) {
    case 'Job':
      return defaultJob(object, uid);
    case 'NetworkPolicy':
      return defaultNetworkPolicy(object);
    case 'Namespace':
      return {
        ...object,
        metadata: {
          ...object.metadata,
          labels: { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name },
        },
        spec: { finalizers: ['kubernetes'] },
        status: { phase: 'Active' },
      };
    default:
      return object;
  }
}

/** Throws 422 for an object that validation refuses, naming every fault. */
export function validate(object: ApiObject, resource: Resource, also: readonly FieldError[] = []): void {
  const faults = [
    ...metadataFaults(object.metadata, resource.kind),
    ...kindFaults(object, resource),
    ...also,
  ];
  if (faults.length > 0) {
    throw invalid({ group: resource.group, kind: resource.kind, name: object.metadata.name }, faults);
  }
}

function kindFaults(object: ApiObject, resource: Resource): readonly FieldError[] {
  switch (resource.kind) {
    case 'Job':
      return jobFaults(object);
    case 'NetworkPolicy':
      return networkPolicyFaults(object);
    default:
      return [];
  }
}
