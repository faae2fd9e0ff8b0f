import { type FieldError, fieldErrors } from '../api/status.ts';

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED_TEXT =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE_TEXT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/** What is wrong with a name of up to 253 characters, dots allowed; empty when it is right. */
export function subdomainFaults(value: string): readonly string[] {
  const faults: string[] = [];
  if (value.length > 253) faults.push('must be no more than 253 characters');
  if (!SUBDOMAIN.test(value)) faults.push(SUBDOMAIN_TEXT);
  return faults;
}

/** What is wrong with a name of up to 63 characters without dots. */
export function labelNameFaults(value: string): readonly string[] {
  const faults: string[] = [];
  if (value.length > 63) faults.push('must be no more than 63 characters');
  if (!LABEL.test(value)) faults.push(LABEL_TEXT);
  return faults;
}

/** What is wrong with a key of a label or an annotation: `name` or `prefix/name`. */
export function qualifiedNameFaults(key: string): readonly string[] {
  const parts = key.split('/');
  if (parts.length > 2) {
    return [
      `a valid label key ${QUALIFIED_TEXT} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const faults: string[] = [];
  const name = parts.at(-1) ?? '';
  if (parts.length === 2) faults.push(...subdomainFaults(parts[0] ?? '').map((why) => `prefix part ${why}`));
  if (name === '') faults.push('name part must be non-empty');
  if (name.length > 63) faults.push('name part must be no more than 63 bytes');
  if (!QUALIFIED.test(name)) faults.push(`name part ${QUALIFIED_TEXT}`);
  return faults;
}

/** What is wrong with the value of a label. */
export function labelValueFaults(value: string): readonly string[] {
  const faults: string[] = [];
  if (value.length > 63) faults.push('must be no more than 63 bytes');
  if (!LABEL_VALUE.test(value)) faults.push(LABEL_VALUE_TEXT);
  return faults;
}

/** Faults of a map of labels, all told at the field of the map. */
export function labelsFaults(labels: unknown, field: string): readonly FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...qualifiedNameFaults(key).map((why) => fieldErrors.invalid(field, key, why)),
    ...labelValueFaults(String(value)).map((why) => fieldErrors.invalid(field, value, why)),
  ]);
}
