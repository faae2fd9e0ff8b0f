/** One field that is at fault, in the API server's words; `message` is what follows the path of the field. */
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

/** `spec.policyTypes[0]: Unsupported value: …`, as the API server strings errors together. */
export function fieldErrorText({ field, message }: FieldError): string {
  return `${field}: ${message}`;
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}
