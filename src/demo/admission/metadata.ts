import type { ApiMetadata, OwnerReference } from '../../core/ports.ts';
import { type FieldError, fieldErrors } from '../api/status.ts';
import { labelNameFaults, labelsFaults, qualifiedNameFaults, subdomainFaults } from './names.ts';

/** All annotations of one object together. */
const ANNOTATION_BYTES = 262_144;

/** Kinds whose names may hold no dots. */
const LABEL_NAMES: ReadonlySet<string> = new Set(['Namespace', 'Service']);

const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);

/** What is wrong with the metadata of an object (`ValidateObjectMeta`); empty when nothing is. */
export function metadataFaults(metadata: ApiMetadata, kind: string): readonly FieldError[] {
  const { labels, annotations, ownerReferences = [], finalizers = [] } = metadata;
  return [
    ...nameFaults(metadata, kind),
    ...labelsFaults(labels, 'metadata.labels'),
    ...annotationFaults(annotations ?? {}),
    ...ownerFaults(ownerReferences),
    ...finalizers.flatMap((name, i) => finalizerFaults(name, `metadata.finalizers[${i}]`)),
  ];
}

function nameFaults({ name }: ApiMetadata, kind: string): readonly FieldError[] {
  if (name === undefined || name === '') {
    return [fieldErrors.required('metadata.name', 'name or generateName is required')];
  }
  const faults = LABEL_NAMES.has(kind) ? labelNameFaults(name) : subdomainFaults(name);
  return faults.map((why) => fieldErrors.invalid('metadata.name', name, why));
}

function annotationFaults(annotations: Readonly<Record<string, string>>): readonly FieldError[] {
  const entries = Object.entries(annotations);
  const bytes = entries.reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  const faults = entries.flatMap(([key]) =>
    qualifiedNameFaults(key.toLowerCase()).map((why) =>
      fieldErrors.invalid('metadata.annotations', key, why),
    ),
  );
  if (bytes <= ANNOTATION_BYTES) return faults;
  return [
    ...faults,
    fieldErrors.tooLong('metadata.annotations', `may not be more than ${ANNOTATION_BYTES} bytes`),
  ];
}

function ownerFaults(owners: readonly OwnerReference[]): readonly FieldError[] {
  const field = 'metadata.ownerReferences';
  const empty = (
    name: string,
    value: string | undefined,
    why = 'must not be empty',
  ): readonly FieldError[] =>
    value === undefined || value === '' ? [fieldErrors.invalid(`${field}.${name}`, '', why)] : [];
  const controllers = owners.filter(({ controller }) => controller === true);
  const [first, second] = controllers;
  const tooMany =
    first === undefined || second === undefined
      ? []
      : [
          fieldErrors.invalid(
            field,
            owners,
            `Only one reference can have Controller set to true. Found "true" in references for ${first.kind}/${first.name} and ${second.kind}/${second.name}`,
          ),
        ];
  const each = owners.flatMap((owner) => [
    ...empty('apiVersion', owner.apiVersion, 'version must not be empty'),
    ...empty('kind', owner.kind),
    ...empty('name', owner.name),
    ...empty('uid', owner.uid),
    ...(owner.apiVersion === 'v1' && owner.kind === 'Event'
      ? [fieldErrors.invalid(field, owner, '/v1, Kind=Event is disallowed from being an owner')]
      : []),
  ]);
  return [...tooMany, ...each];
}

function finalizerFaults(name: string, field: string): readonly FieldError[] {
  const faults = qualifiedNameFaults(name).map((why) => fieldErrors.invalid(field, name, why));
  if (faults.length > 0 || name.includes('/') || STANDARD_FINALIZERS.has(name)) return faults;
  return [
    fieldErrors.invalid(field, name, 'name is neither a standard finalizer name nor is it fully qualified'),
  ];
}
