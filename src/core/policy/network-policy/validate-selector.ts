import { type Raw, rawOf } from '../../cluster/mapping/raw.ts';
import { invalid, type Report } from './report.ts';
import { checkLabelKey, checkLabelValue } from './validate-names.ts';

/** Keys, operators and values of a label selector. Source: apimachinery pkg/apis/meta/v1/validation. */
export function checkSelector(value: unknown, path: string, report: Report): void {
  const { matchLabels, matchExpressions } = rawOf(value);
  for (const [key, label] of Object.entries(rawOf(matchLabels))) {
    checkLabelKey(key, `${path}.matchLabels`, report);
    checkLabelValue(label, `${path}.matchLabels`, report);
  }
  const expressions: readonly unknown[] = Array.isArray(matchExpressions) ? matchExpressions : [];
  for (const [index, item] of expressions.entries()) {
    checkExpression(rawOf(item), `${path}.matchExpressions[${index}]`, report);
  }
}

function checkExpression({ key, operator, values }: Raw, path: string, report: Report): void {
  checkLabelKey(String(key ?? ''), `${path}.key`, report);
  const list: readonly unknown[] = Array.isArray(values) ? values : [];
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (list.length === 0) {
        report(`${path}.values`, "Required value: must be specified when `operator` is 'In' or 'NotIn'");
      }
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (list.length > 0) {
        report(
          `${path}.values`,
          "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        );
      }
      break;
    default:
      report(`${path}.operator`, invalid(operator ?? '', 'not a valid selector operator'));
  }
  for (const [index, value] of list.entries()) checkLabelValue(value, `${path}.values[${index}]`, report);
}
