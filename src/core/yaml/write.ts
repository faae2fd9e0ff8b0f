import { dump } from 'js-yaml';

/** A value as YAML that reads back as the same wherever it is read: what YAML 1.1 takes for a boolean is quoted. */
export function writeYaml(value: unknown): string {
  return dump(value, { lineWidth: -1, noRefs: true, skipInvalid: true, quoteStyle: 'double' });
}
