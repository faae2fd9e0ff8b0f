import { isRaw, type Raw, rawOf, rawsOf } from '../../cluster/raw.ts';

/** Takes one reason to refuse: where, and what. */
export type Report = (path: string, what: string) => void;

/** A name of an object, or the prefix of a label key: a DNS subdomain. */
export const NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** A value that is not what it must be, in the API server's words. */
export function invalid(value: unknown, why: string): string {
  return `Invalid value: ${JSON.stringify(value)}: ${why}`;
}

/** Keys, operators and values of a label selector. */
export function checkSelector(value: unknown, path: string, report: Report): void {
  if (value === undefined || value === null) return;
  if (!isRaw(value)) {
    report(path, invalid(value, 'must be an object'));
    return;
  }
  for (const [key, label] of Object.entries(rawOf(value.matchLabels))) {
    checkKey(key, `${path}.matchLabels`, report);
    checkValue(label, `${path}.matchLabels`, report);
  }
  for (const [index, item] of rawsOf(value.matchExpressions).entries()) {
    checkExpression(item, `${path}.matchExpressions[${index}]`, report);
  }
}

function checkExpression({ key, operator, values }: Raw, path: string, report: Report): void {
  checkKey(String(key ?? ''), `${path}.key`, report);
  const list = Array.isArray(values) ? values : [];
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (list.length === 0) {
        report(`${path}.values`, "Required value: must be specified when `operator` is 'In' or 'NotIn'");
      }
      for (const value of list) checkValue(value, `${path}.values`, report);
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
      report(`${path}.operator`, invalid(operator, 'not a valid selector operator'));
  }
}

function checkKey(key: string, path: string, report: Report): void {
  const slash = key.indexOf('/');
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  const sound =
    LABEL_NAME.test(name) && (prefix === undefined || (NAME.test(prefix) && prefix.length <= 253));
  if (!sound)
    report(
      path,
      invalid(key, "name part must consist of alphanumeric characters, '-', '_' or '.', at most 63"),
    );
}

function checkValue(value: unknown, path: string, report: Report): void {
  if (typeof value !== 'string' || (value !== '' && !LABEL_NAME.test(value))) {
    report(
      path,
      invalid(
        value,
        "a valid label must be an empty string or at most 63 alphanumeric characters, '-', '_' or '.'",
      ),
    );
  }
}
