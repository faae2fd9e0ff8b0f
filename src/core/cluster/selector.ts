import { isRecord, safeText, textsOf } from '../common/common.ts';
import type { Labels, Requirement, Selector } from './labels.ts';

/** Labels from an object's metadata or from a plain map selector, sanitized; non-string values are left out. */
export function safeLabels(value: unknown): Labels {
  const safe: Record<string, string> = {};
  if (!isRecord(value)) return safe;
  for (const key of Object.keys(value)) {
    const label = value[key];
    if (typeof label === 'string') safe[safeText(key)] = safeText(label);
  }
  return safe;
}

/**
 * A `metav1.LabelSelector` as requirements, matchLabels first. An absent one is `{}`, which selects everything; callers
 * for whom absence means something else must check first. `problems` lists what could not be read; such a selector is
 * unusable and must not be trusted to select anything.
 */
export function parseSelector(value: unknown): {
  readonly selector: Selector;
  readonly problems: readonly string[];
} {
  if (value === undefined || value === null) return { selector: [], problems: [] };
  if (!isRecord(value)) return { selector: [], problems: ['a label selector must be an object'] };
  const problems: string[] = [];
  const selector = [
    ...fromLabels(value.matchLabels, problems),
    ...fromExpressions(value.matchExpressions, problems),
  ];
  return { selector, problems };
}

function fromLabels(value: unknown, problems: string[]): readonly Requirement[] {
  if (value === undefined || value === null) return [];
  if (!isRecord(value)) {
    problems.push('matchLabels must be an object');
    return [];
  }
  return Object.entries(value).flatMap(([key, label]): readonly Requirement[] => {
    // A key without a value is null in YAML, which the API server reads as the empty string.
    if (label === null) return [{ key, operator: 'In', values: [''], isLabel: true }];
    if (typeof label === 'string') return [{ key, operator: 'In', values: [label], isLabel: true }];
    problems.push(`matchLabels.${key} must be a string, not ${JSON.stringify(label)}`);
    return [];
  });
}

function fromExpressions(value: unknown, problems: string[]): readonly Requirement[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    problems.push('matchExpressions must be a list');
    return [];
  }
  return value.flatMap((item: unknown): readonly Requirement[] => {
    const { key, operator, values } = isRecord(item) ? item : {};
    if (typeof key !== 'string' || key === '') {
      problems.push('an expression needs a key');
      return [];
    }
    return expression(key, operator, textsOf(withoutNulls(values)), problems);
  });
}

function expression(
  key: string,
  operator: unknown,
  values: readonly string[],
  problems: string[],
): readonly Requirement[] {
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) problems.push(`${operator} of key ${key} needs values`);
      return [{ key, operator, values }];
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) problems.push(`${operator} of key ${key} takes no values`);
      return [{ key, operator, values: [] }];
    default:
      problems.push(`operator ${JSON.stringify(operator)} of key ${key} is unknown`);
      return [];
  }
}

function withoutNulls(values: unknown): unknown {
  return Array.isArray(values) ? values.map((value: unknown) => value ?? '') : values;
}
