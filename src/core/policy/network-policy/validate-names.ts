import { type Raw, rawOf, textOf } from '../../cluster/mapping/raw.ts';
import { invalid, type Report } from './report.ts';

const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const LABEL_NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** Name, namespace, labels and annotations. Source: apimachinery pkg/api/validation/objectmeta.go. */
export function checkMetadata(metadata: Raw, report: Report): void {
  checkName(metadata, report);
  const { namespace } = metadata;
  if (textOf(namespace) !== undefined && !DNS_LABEL.test(String(namespace))) {
    report('metadata.namespace', invalid(namespace, 'there can be no namespace of that name'));
  }
  for (const [key, value] of Object.entries(rawOf(metadata.labels))) {
    checkLabelKey(key, 'metadata.labels', report);
    checkLabelValue(value, 'metadata.labels', report);
  }
  for (const key of Object.keys(rawOf(metadata.annotations))) {
    checkLabelKey(key, 'metadata.annotations', report, key.toLowerCase());
  }
}

/** A name, or what one is made from; then it may end in a dash. */
function checkName({ name, generateName }: Raw, report: Report): void {
  const prefix = textOf(generateName);
  if (textOf(name) !== undefined) checkSubdomain(String(name), 'metadata.name', report);
  else if (prefix === undefined) report('metadata.name', 'Required value: name or generateName is required');
  else checkSubdomain(prefix.replace(/-$/, 'a'), 'metadata.generateName', report, prefix);
}

function checkSubdomain(name: string, path: string, report: Report, shown = name): void {
  if (name.length > 253) report(path, invalid(shown, 'must be no more than 253 characters'));
  else if (!SUBDOMAIN.test(name)) {
    report(
      path,
      invalid(
        shown,
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
      ),
    );
  }
}

/** The key of a label: a name of at most 63, behind a DNS subdomain and a slash where it has one. */
export function checkLabelKey(key: string, path: string, report: Report, checked = key): void {
  const why = labelKeyProblem(checked);
  if (why !== undefined) report(path, invalid(key, why));
}

function labelKeyProblem(key: string): string | undefined {
  const [first = '', second, ...more] = key.split('/');
  if (more.length > 0) return 'a label key has at most one slash';
  const name = second ?? first;
  if (second !== undefined && first === '') return 'prefix part must be non-empty';
  if (second !== undefined && (!SUBDOMAIN.test(first) || first.length > 253)) {
    return 'prefix part must be a lowercase RFC 1123 subdomain';
  }
  if (name === '') return 'name part must be non-empty';
  if (name.length > 63) return 'name part must be no more than 63 characters';
  if (LABEL_NAME.test(name)) return undefined;
  return "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
}

/** The value of a label; null is read as the empty one. */
export function checkLabelValue(value: unknown, path: string, report: Report): void {
  const text = String(value ?? '');
  if (text.length > 63) report(path, invalid(text, 'must be no more than 63 characters'));
  else if (text !== '' && !LABEL_NAME.test(text)) {
    report(
      path,
      invalid(
        text,
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
      ),
    );
  }
}
