import { describe, expect, test } from 'vitest';
import { matches } from '../../../src/core/cluster/labels.ts';
import { parseSelector } from '../../../src/core/cluster/selector.ts';

describe('a selector with nothing behind a key', () => {
  test.each([
    ['in matchLabels', { matchLabels: { app: null } }],
    ['in an expression', { matchExpressions: [{ key: 'app', operator: 'In', values: [null] }] }],
  ])('asks for the empty text, as the API server reads null: %s', (_, raw) => {
    const { selector, problems } = parseSelector(raw);
    expect(problems).toEqual([]);
    expect(matches(selector, { app: '' })).toBe(true);
    expect(matches(selector, { app: 'web' })).toBe(false);
    expect(matches(selector, {})).toBe(false);
  });
});
