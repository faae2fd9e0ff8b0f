import { listAt, textAt } from '../../core/json.ts';
import { type FieldError, fieldErrors } from '../api/status.ts';
import { labelsFaults, qualifiedNameFaults } from './names.ts';

/** What is wrong with a label selector of an object (`ValidateLabelSelector`); `undefined` is no selector. */
export function selectorFaults(selector: unknown, field: string): readonly FieldError[] {
  if (typeof selector !== 'object' || selector === null) return [];
  return [
    ...labelsFaults(Reflect.get(selector, 'matchLabels'), `${field}.matchLabels`),
    ...listAt(selector, 'matchExpressions').flatMap((expression, i) =>
      expressionFaults(expression, `${field}.matchExpressions[${i}]`),
    ),
  ];
}

function expressionFaults(expression: unknown, field: string): readonly FieldError[] {
  const operator = textAt(expression, 'operator') ?? '';
  const key = textAt(expression, 'key') ?? '';
  const values = listAt(expression, 'values').length;
  const faults: FieldError[] = [];
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values === 0) {
        faults.push(
          fieldErrors.required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"),
        );
      }
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values > 0) {
        faults.push(
          fieldErrors.forbidden(
            `${field}.values`,
            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
          ),
        );
      }
      break;
    default:
      faults.push(fieldErrors.invalid(`${field}.operator`, operator, 'not a valid selector operator'));
  }
  return [...faults, ...qualifiedNameFaults(key).map((why) => fieldErrors.invalid(`${field}.key`, key, why))];
}
