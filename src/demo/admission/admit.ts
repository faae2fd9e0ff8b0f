import { type DecodeFault, decode } from '../../core/cluster/validation/decode.ts';
import type { FieldError } from '../../core/cluster/validation/field-error.ts';
import { metadataFaults } from '../../core/cluster/validation/metadata.ts';
import { isRecord } from '../../core/json.ts';
import { networkPolicySpecFaults } from '../../core/policy/network-policy/validate.ts';
import type { ApiObject } from '../../core/ports.ts';
import { apiVersionOf, type Resource } from '../api/kinds/resources.ts';
import { badRequest, invalid } from '../api/status.ts';
import { defaultJob, jobFaults } from './job.ts';
import { defaultNetworkPolicy } from './network-policy.ts';
import { STRUCTS } from './schema.ts';

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
  const { value, faults } = Object.hasOwn(STRUCTS, resource.kind)
    ? decode(body, resource.kind, STRUCTS)
    : { value: body, faults: [] };
  const mismatch = faults.find((fault) => fault.type === 'mismatch');
  if (mismatch !== undefined) {
    throw badRequest(
      `${kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: ${mismatchText(mismatch)}`,
    );
  }
  const metadata = isRecord(value.metadata) ? value.metadata : {};
  const name = typeof metadata.name === 'string' ? metadata.name : '';
  return {
    object: { ...value, apiVersion, kind, metadata: { ...metadata, name } } as ApiObject,
    unknown: faults.map(({ path }) => path),
  };
}

/** A value of the wrong type in the words of Go's JSON decoder. */
function mismatchText({
  value,
  wanted,
  owner,
  field,
}: Extract<DecodeFault, { readonly type: 'mismatch' }>): string {
  const type = wanted === 'int-or-string' ? 'int32' : wanted.replace(/^(?:\[\])*(?=[A-Z])/, '$&v1.');
  const found = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  const shown = typeof value === 'number' && type.startsWith('int') ? `number ${value}` : found;
  return `json: cannot unmarshal ${shown} into Go struct field ${owner}.${field} of type ${type}`;
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
      return networkPolicySpecFaults(object.spec);
    default:
      return [];
  }
}
