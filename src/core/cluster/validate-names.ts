import { type FieldError, fieldErrors } from './decode.ts';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${QUALIFIED})?`;

const SUBDOMAIN_TEXT = pattern(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  SUBDOMAIN,
  ['example.com'],
);
const LABEL_TEXT = pattern(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  LABEL,
  ['my-name', '123-abc'],
);
const QUALIFIED_TEXT = pattern(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  QUALIFIED,
  ['MyName', 'my.name', '123-abc'],
);
const LABEL_VALUE_TEXT = pattern(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  LABEL_VALUE,
  ['MyValue', 'my_value', '12345'],
);

/**
 * Faults in a name of up to 253 bytes, dots allowed. The server calls the bytes of names characters, and those of
 * labels bytes. Source of this file: apimachinery 0.36, pkg/util/validation and pkg/api/validate/content.
 */
export function subdomainFaults(
  value: string,
  unit: 'characters' | 'bytes' = 'characters',
): readonly string[] {
  return [
    ...(byteLength(value) > 253 ? [`must be no more than 253 ${unit}`] : []),
    ...(is(SUBDOMAIN, value) ? [] : [SUBDOMAIN_TEXT]),
  ];
}

/** Faults in a name of up to 63 bytes without dots. */
export function labelNameFaults(value: string): readonly string[] {
  const why = is(SUBDOMAIN, value) ? 'must not contain dots' : LABEL_TEXT;
  return [
    ...(byteLength(value) > 63 ? ['must be no more than 63 characters'] : []),
    ...(is(LABEL, value) ? [] : [why]),
  ];
}

/** Faults in the key of a label or annotation: `name` or `prefix/name`. */
export function qualifiedNameFaults(key: string): readonly string[] {
  const parts = key.split('/');
  if (parts.length > 2) {
    return [
      `a valid label key ${QUALIFIED_TEXT} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const name = parts.at(-1) ?? '';
  return [
    ...(parts.length === 2 ? prefixFaults(parts[0] ?? '') : []),
    ...(name === '' ? ['name part must be non-empty'] : []),
    ...(byteLength(name) > 63 ? ['name part must be no more than 63 bytes'] : []),
    ...(is(QUALIFIED, name) ? [] : [`name part ${QUALIFIED_TEXT}`]),
  ];
}

function prefixFaults(prefix: string): readonly string[] {
  const faults = prefix === '' ? ['must be non-empty'] : subdomainFaults(prefix, 'bytes');
  return faults.map((why) => `prefix part ${why}`);
}

/** What is wrong with the value of a label. */
export function labelValueFaults(value: string): readonly string[] {
  return [
    ...(byteLength(value) > 63 ? ['must be no more than 63 bytes'] : []),
    ...(is(LABEL_VALUE, value) ? [] : [LABEL_VALUE_TEXT]),
  ];
}

/** Faults of a map of labels, all told at the field of the map. */
export function labelsFaults(labels: unknown, field: string): readonly FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...qualifiedNameFaults(key).map((why) => fieldErrors.invalid(field, key, why)),
    ...labelValueFaults(String(value)).map((why) => fieldErrors.invalid(field, value, why)),
  ]);
}

/** What is wrong with the name of a port (`IsValidPortName`). */
export function portNameFaults(name: string): readonly string[] {
  return [
    ...(byteLength(name) > 15 ? ['must be no more than 15 characters'] : []),
    ...(/^[-a-z0-9]+$/.test(name)
      ? []
      : ['must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']),
    ...(/[a-z]/.test(name) ? [] : ['must contain at least one letter (a-z)']),
    ...(name.includes('--') ? ['must not contain consecutive hyphens'] : []),
    ...(/^-|-$/.test(name) ? ['must not begin or end with a hyphen'] : []),
  ];
}

/** Bytes of a text as UTF-8, in which the server counts. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function is(format: string, text: string): boolean {
  return new RegExp(`^${format}$`).test(text);
}

function pattern(rule: string, format: string, examples: readonly string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(' or ');
  return `${rule} (e.g. ${shown}regex used for validation is '${format}')`;
}
