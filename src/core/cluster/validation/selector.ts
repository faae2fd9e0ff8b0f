import { listAt, type Raw, textAt } from '../../json.ts';
import { type FieldError, fieldErrors } from './field-error.ts';
import { labelsFaults, labelValueFaults, qualifiedNameFaults } from './names.ts';

/** What is wrong with a label selector that was decoded (`ValidateLabelSelector`); `undefined` is no selector. */
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
