import { isRecord, type Raw } from '../common/common.ts';

/** An unknown field, or a value of the wrong type. */
export type DecodeFault =
  | { readonly type: 'unknown'; readonly path: string; readonly known: readonly string[] }
  | {
      readonly type: 'mismatch';
      readonly path: string;
      readonly value: unknown;
      readonly wanted: string;
      /** The struct and field as Go names them: without list indexes and map keys. */
      readonly owner: string;
      readonly field: string;
    };

/** An object as the server understands it: the known part of it, and the faults in the order of the text. */
export type Decoded = { readonly value: Raw; readonly faults: readonly DecodeFault[] };

/**
 * Reads an object as a struct. Unknown fields and values of the wrong type are left out and reported; `null`, empty
 * lists, and empty maps are left out too, as with Go's `omitempty`, so `ingress: []` reads back as absent. A `null` in
 * a list or a map is the zero value of its type.
 */
export function decode(body: Raw, name: string, structs: Structs): Decoded {
  const faults: DecodeFault[] = [];
  const root: Place = { structs, faults, owner: name, path: '', field: '' };
  return { value: structOf(body, name, root), faults };
}

type Place = {
  readonly structs: Structs;
  readonly faults: DecodeFault[];
  readonly owner: string;
  readonly path: string;
  readonly field: string;
};

/** Stands for a value of the wrong type, which is left out. */
const NOTHING = Symbol('nothing');

function structOf(body: Raw, name: string, place: Place): Raw {
  const fields = fieldsOf(place.structs, name) ?? new Map<string, string>();
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(body)) {
    const at = { ...place, owner: name, path: join(place.path, key), field: join(place.field, key) };
    const type = fields.get(key);
    if (type === undefined) place.faults.push({ type: 'unknown', path: at.path, known: [...fields.keys()] });
    else if (value !== null) {
      const read = typed(value, type, at);
      if (read !== NOTHING && !isEmpty(read, type)) result[key] = read;
    }
  }
  return result;
}

function typed(value: unknown, type: string, place: Place): unknown {
  if (type === 'any') return value;
  if (type.startsWith('[]')) return listOf(value, type, place);
  if (type === 'map') return mapOf(value, place);
  if (fieldsOf(place.structs, type) === undefined) return scalarOf(value, type, place);
  return isRecord(value) ? structOf(value, type, place) : mismatch(value, type, place);
}

function listOf(value: unknown, type: string, place: Place): unknown {
  if (!Array.isArray(value)) return mismatch(value, type, place);
  const of = type.slice(2);
  return value
    .map((item: unknown, i) => typed(item ?? zeroOf(of), of, { ...place, path: `${place.path}[${i}]` }))
    .filter((item) => item !== NOTHING);
}

function mapOf(value: unknown, place: Place): unknown {
  if (!isRecord(value)) return mismatch(value, 'map[string]string', place);
  const entries = Object.entries(value).map(
    ([key, item]) =>
      [key, scalarOf(item ?? '', 'string', { ...place, path: join(place.path, key) })] as const,
  );
  return Object.fromEntries(entries.filter(([, item]) => item !== NOTHING));
}

function scalarOf(value: unknown, type: string, place: Place): unknown {
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : mismatch(value, type, place);
    case 'bool':
      return typeof value === 'boolean' ? value : mismatch(value, type, place);
    case 'int64':
      return Number.isInteger(value) ? value : mismatch(value, type, place);
    case 'int-or-string':
      return typeof value === 'string' || isInt32(value) ? value : mismatch(value, type, place);
    default:
      return isInt32(value) ? value : mismatch(value, type, place);
  }
}

function isInt32(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= -(2 ** 31) && Number(value) < 2 ** 31;
}

function zeroOf(type: string): unknown {
  if (type === 'string' || type === 'int-or-string') return '';
  if (type === 'any') return null;
  return type.startsWith('int') ? 0 : {};
}

/** Empty lists and maps are not stored; an empty struct (`podSelector: {}`) is. */
function isEmpty(value: unknown, type: string): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return type === 'map' && isRecord(value) && Object.keys(value).length === 0;
}

function mismatch(value: unknown, wanted: string, { faults, owner, path, field }: Place): typeof NOTHING {
  faults.push({ type: 'mismatch', path, value, wanted, owner, field });
  return NOTHING;
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/**
 * Structs of the Kubernetes API by name. A field is `name:type`; types are `string`, `bool`, `int32`, `int64`,
 * `int-or-string`, `map` (of strings), `any`, a struct of the same table, and `[]` before any of these.
 */
export type Structs = Readonly<Record<string, string>>;

/** The fields that every kind has. Source: apimachinery pkg/apis/meta/v1/types.go. */
export const META_STRUCTS: Structs = {
  ObjectMeta:
    'name:string generateName:string namespace:string selfLink:string uid:string resourceVersion:string generation:int64 creationTimestamp:string deletionTimestamp:string deletionGracePeriodSeconds:int64 labels:map annotations:map ownerReferences:[]OwnerReference finalizers:[]string managedFields:[]any',
  OwnerReference:
    'apiVersion:string kind:string name:string uid:string controller:bool blockOwnerDeletion:bool',
  LabelSelector: 'matchLabels:map matchExpressions:[]LabelSelectorRequirement',
  LabelSelectorRequirement: 'key:string operator:string values:[]string',
};

const parsed = new WeakMap<Structs, Map<string, ReadonlyMap<string, string>>>();

/** The fields of a struct with their types; undefined if there is no such struct. */
export function fieldsOf(structs: Structs, name: string): ReadonlyMap<string, string> | undefined {
  const text = Object.hasOwn(structs, name) ? structs[name] : undefined;
  if (text === undefined) return undefined;
  const known = parsed.get(structs) ?? new Map<string, ReadonlyMap<string, string>>();
  parsed.set(structs, known);
  const before = known.get(name);
  if (before !== undefined) return before;
  const fields = new Map(
    text.split(' ').map((field): [string, string] => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon), field.slice(colon + 1)];
    }),
  );
  known.set(name, fields);
  return fields;
}

/** One invalid field, in the API server's words; `message` is what follows the field's path. */
export type FieldError = {
  readonly field: string;
  readonly reason:
    | 'FieldValueInvalid'
    | 'FieldValueRequired'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueTooLong';
  readonly message: string;
};

/** Constructors of field errors. Source: apimachinery pkg/util/validation/field/errors.go. */
export const fieldErrors = {
  invalid: (field: string, value: unknown, why: string): FieldError => ({
    field,
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${shown(value)}: ${why}`,
  }),
  required: (field: string, why?: string): FieldError => ({
    field,
    reason: 'FieldValueRequired',
    message: why === undefined ? 'Required value' : `Required value: ${why}`,
  }),
  unsupported: (field: string, value: unknown, supported: readonly string[]): FieldError => ({
    field,
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${shown(value)}: supported values: ${supported.map(shown).join(', ')}`,
  }),
  forbidden: (field: string, why: string): FieldError => ({
    field,
    reason: 'FieldValueForbidden',
    message: `Forbidden: ${why}`,
  }),
  tooLong: (field: string, why: string): FieldError => ({
    field,
    reason: 'FieldValueTooLong',
    message: `Too long: ${why}`,
  }),
} as const;

/** `spec.policyTypes[0]: Unsupported value: …`, in the API server's format. */
export function fieldErrorText({ field, message }: FieldError): string {
  return `${field}: ${message}`;
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}
