import { isRecord, listAt, type Raw, textAt, textOf } from '../common/common.ts';
import { type FieldError, fieldErrors } from './decode.ts';
import {
  byteLength,
  labelNameFaults,
  labelsFaults,
  labelValueFaults,
  qualifiedNameFaults,
  subdomainFaults,
} from './validate-names.ts';

/** Limit for all annotations of one object together. */
const ANNOTATION_BYTES = 262_144;

/** Kinds whose names may not contain dots. */
const LABEL_NAMES: ReadonlySet<string> = new Set(['Namespace', 'Service']);

const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);

/**
 * Faults in the metadata of a decoded object (`ValidateObjectMeta`). A draft may omit the namespace, and the name where
 * the server generates one.
 */
export function metadataFaults(metadata: Raw, kind: string): readonly FieldError[] {
  const finalizers = listAt(metadata, 'finalizers').map(String);
  return [
    ...nameFaults(metadata, kind),
    ...namespaceFaults(metadata),
    ...labelsFaults(metadata.labels, 'metadata.labels'),
    ...annotationFaults(isRecord(metadata.annotations) ? metadata.annotations : {}),
    ...ownerFaults(listAt(metadata, 'ownerReferences')),
    ...finalizerFaults(finalizers),
  ];
}

function nameFaults({ name, generateName }: Raw, kind: string): readonly FieldError[] {
  const faultsOf = LABEL_NAMES.has(kind) ? labelNameFaults : subdomainFaults;
  const given = textOf(name);
  const prefix = textOf(generateName);
  const prefixFaults =
    prefix === undefined
      ? []
      : // What the server adds ends the name, so a prefix may end in a dash.
        faultsOf(prefix.replace(/(?<=.)-$/, 'a')).map((why) =>
          fieldErrors.invalid('metadata.generateName', prefix, why),
        );
  if (given !== undefined) {
    return [
      ...prefixFaults,
      ...faultsOf(given).map((why) => fieldErrors.invalid('metadata.name', given, why)),
    ];
  }
  return prefix === undefined
    ? [fieldErrors.required('metadata.name', 'name or generateName is required')]
    : prefixFaults;
}

function namespaceFaults({ namespace }: Raw): readonly FieldError[] {
  const given = textOf(namespace);
  if (given === undefined) return [];
  return labelNameFaults(given).map((why) => fieldErrors.invalid('metadata.namespace', given, why));
}

function annotationFaults(annotations: Raw): readonly FieldError[] {
  const entries = Object.entries(annotations);
  const bytes = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(String(value)), 0);
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

const OWNERS = 'metadata.ownerReferences';

function ownerFaults(owners: readonly unknown[]): readonly FieldError[] {
  const [first, second] = owners.filter((owner) => isRecord(owner) && owner.controller === true);
  const each = owners.flatMap(oneOwnerFaults);
  if (first === undefined || second === undefined) return each;
  const named = [first, second]
    .map((owner) => `${textAt(owner, 'kind')}/${textAt(owner, 'name')}`)
    .join(' and ');
  const why = `Only one reference can have Controller set to true. Found "true" in references for ${named}`;
  return [fieldErrors.invalid(OWNERS, owners, why), ...each];
}

function oneOwnerFaults(owner: unknown): readonly FieldError[] {
  const empty = (name: string, why = 'must not be empty'): readonly FieldError[] =>
    (textAt(owner, name) ?? '') === '' ? [fieldErrors.invalid(`${OWNERS}.${name}`, '', why)] : [];
  const isEvent = textAt(owner, 'apiVersion') === 'v1' && textAt(owner, 'kind') === 'Event';
  return [
    ...empty('apiVersion', 'version must not be empty'),
    ...empty('kind'),
    ...empty('name'),
    ...empty('uid'),
    ...(isEvent
      ? [fieldErrors.invalid(OWNERS, owner, '/v1, Kind=Event is disallowed from being an owner')]
      : []),
  ];
}

function finalizerFaults(names: readonly string[]): readonly FieldError[] {
  const field = 'metadata.finalizers';
  const isBoth = names.includes('orphan') && names.includes('foregroundDeletion');
  return [
    ...names.flatMap((name) => qualifiedNameFaults(name).map((why) => fieldErrors.invalid(field, name, why))),
    ...(isBoth
      ? [fieldErrors.invalid(field, names, 'finalizer orphan and foregroundDeletion cannot be both set')]
      : []),
    ...names.flatMap((name, i) => {
      if (name.includes('/') || STANDARD_FINALIZERS.has(name)) return [];
      const why = 'name is neither a standard finalizer name nor is it fully qualified';
      return [fieldErrors.invalid(`${field}[${i}]`, name, why)];
    }),
  ];
}

/** Faults in a decoded label selector (`ValidateLabelSelector`); `undefined` means no selector. */
export function selectorFaults(selector: unknown, field: string): readonly FieldError[] {
  if (typeof selector !== 'object' || selector === null) return [];
  return [
    ...labelsFaults((selector as Raw).matchLabels, `${field}.matchLabels`),
    ...listAt(selector, 'matchExpressions').flatMap((expression, i) =>
      expressionFaults(expression, `${field}.matchExpressions[${i}]`),
    ),
  ];
}

function expressionFaults(expression: unknown, field: string): readonly FieldError[] {
  const key = textAt(expression, 'key') ?? '';
  const values = listAt(expression, 'values').map(String);
  return [
    ...operatorFaults(textAt(expression, 'operator') ?? '', values.length, field),
    ...qualifiedNameFaults(key).map((why) => fieldErrors.invalid(`${field}.key`, key, why)),
    ...values.flatMap((value, i) =>
      labelValueFaults(value).map((why) => fieldErrors.invalid(`${field}.values[${i}]`, value, why)),
    ),
  ];
}

function operatorFaults(operator: string, values: number, field: string): readonly FieldError[] {
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values > 0) return [];
      return [
        fieldErrors.required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"),
      ];
    case 'Exists':
    case 'DoesNotExist': {
      if (values === 0) return [];
      const why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
      return [fieldErrors.forbidden(`${field}.values`, why)];
    }
    default:
      return [fieldErrors.invalid(`${field}.operator`, operator, 'not a valid selector operator')];
  }
}
