/** Labels of an object. */
export type Labels = Readonly<Record<string, string>>;

/** One requirement of a label selector; matchLabels are `In` with one value. */
export type Requirement = {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
  /** Written under matchLabels: Cilium treats some keys differently there (CIL-6). */
  readonly isLabel?: boolean;
};

/** A label selector: all requirements must hold. Empty selects everything (NP-18). */
export type Selector = readonly Requirement[];

/**
 * Whether labels satisfy a selector. `NotIn` and `DoesNotExist` hold when the key is absent; `In ['']` needs the key to
 * be present (NP-19).
 */
export function matches(selector: Selector, labels: Labels): boolean {
  return selector.every((requirement) => holds(requirement, labels));
}

/** Whether labels satisfy one requirement. */
export function holds({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** A selector of plain equalities. */
export function selectorOf(labels: Labels): Selector {
  return Object.keys(labels)
    .sort()
    .map((key) => ({ key, operator: 'In', values: [labels[key] ?? ''] }));
}

/** The selector as kubectl writes it: `app=web,tier in (a,b),!legacy`; `<all>` when empty. */
export function formatSelector(selector: Selector): string {
  if (selector.length === 0) return '<all>';
  return selector.map(formatRequirement).join(',');
}

function formatRequirement({ key, operator, values }: Requirement): string {
  switch (operator) {
    case 'In':
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(',')})`;
    case 'NotIn':
      return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${values.join(',')})`;
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
  }
}
