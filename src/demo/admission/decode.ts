import { isRecord } from '../../core/json.ts';
import { fieldsOf, isStruct } from './schema.ts';

/** A body as the server understood it: what it knows of it, and the fields that it does not know. */
export type Decoded = {
  readonly value: Readonly<Record<string, unknown>>;
  readonly unknown: readonly string[];
};

/** A value of the wrong type, told in the words of Go's JSON decoder. */
export class TypeMismatch extends Error {
  override readonly name = 'TypeMismatch';
}

/**
 * Reads an object of a kind. Unknown fields are left out and named; `null`, empty lists and empty maps are left out
 * too, as Go's `omitempty` does, so `ingress: []` reads back as absent. Kinds that the table lacks pass unchanged.
 * Throws `TypeMismatch`.
 */
export function decode(body: Readonly<Record<string, unknown>>, kind: string): Decoded {
  if (!isStruct(kind)) return { value: body, unknown: [] };
  const unknown: string[] = [];
  const value = struct(body, kind, [], unknown);
  return { value, unknown };
}

function struct(
  body: Readonly<Record<string, unknown>>,
  type: string,
  path: readonly string[],
  unknown: string[],
): Record<string, unknown> {
  const fields = fieldsOf(type);
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    const known = fields?.get(name);
    if (known === undefined) {
      unknown.push(pathText([...path, name]));
      continue;
    }
    if (value === null) continue;
    const read = typed(value, known, type, [...path, name], unknown);
    if (!isEmpty(read, known)) result[name] = read;
  }
  return result;
}

function typed(
  value: unknown,
  type: string,
  owner: string,
  path: readonly string[],
  unknown: string[],
): unknown {
  if (type.startsWith('[]')) {
    if (!Array.isArray(value)) throw mismatch(value, owner, path, goType(type));
    const last = path.at(-1) ?? '';
    return value.map((item, i) =>
      typed(item, type.slice(2), owner, [...path.slice(0, -1), `${last}[${i}]`], unknown),
    );
  }
  switch (type) {
    case 'any':
      return value;
    case 'string':
      if (typeof value !== 'string') throw mismatch(value, owner, path, 'string');
      return value;
    case 'bool':
      if (typeof value !== 'boolean') throw mismatch(value, owner, path, 'bool');
      return value;
    case 'int32':
    case 'int64':
      if (!Number.isInteger(value)) throw mismatch(value, owner, path, type);
      return value;
    case 'int-or-string':
      if (typeof value !== 'string' && !Number.isInteger(value)) throw mismatch(value, owner, path, 'int32');
      return value;
    case 'map':
      if (!isRecord(value)) throw mismatch(value, owner, path, 'map[string]string');
      for (const item of Object.values(value)) {
        if (typeof item !== 'string') throw mismatch(item, owner, path, 'string');
      }
      return value;
    default:
      if (!isRecord(value)) throw mismatch(value, owner, path, goType(type));
      return struct(value, type, path, unknown);
  }
}

/** Lists and maps without content are not stored; a struct without content (`podSelector: {}`) is. */
function isEmpty(value: unknown, type: string): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return type === 'map' && isRecord(value) && Object.keys(value).length === 0;
}

function pathText(path: readonly string[]): string {
  return path.join('.');
}

function goType(type: string): string {
  return type.startsWith('[]') ? `[]${goType(type.slice(2))}` : isStruct(type) ? `v1.${type}` : type;
}

function mismatch(value: unknown, owner: string, path: readonly string[], wanted: string): TypeMismatch {
  const found = Array.isArray(value) ? 'array' : isRecord(value) ? 'object' : typeof value;
  const shown =
    typeof value === 'number' && wanted.startsWith('int')
      ? `number ${value}`
      : found === 'boolean'
        ? 'bool'
        : found;
  const where = path.map((step) => step.replace(/\[\d+\]$/, '')).join('.');
  return new TypeMismatch(
    `json: cannot unmarshal ${shown} into Go struct field ${owner}.${where} of type ${wanted}`,
  );
}
