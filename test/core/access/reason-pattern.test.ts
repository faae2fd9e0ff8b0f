import { describe, expect, test } from 'vitest';
import { patternFault } from '../../../src/core/access/reason-pattern.ts';

describe('a pattern means the same to sluice and to the API server', () => {
  test.each(['', '^INC-\\d+', '(INC|CHG)-[0-9]{4,10}', 'a{1000}', '^\\S+ .*[.]$', '\\\\u', '\\p{L}+'])(
    '%s is taken',
    (pattern) => {
      expect(patternFault(pattern)).toBeUndefined();
    },
  );

  test.each([
    ['(', 'not a regular expression'],
    ['(?=INC)', 'look-around'],
    ['(?<!INC)x', 'look-around'],
    ['(a)\\1', 'back-reference'],
    ['(?<a>x)\\k<a>', 'back-reference'],
    ['\\u0041', 'an escape'],
    ['[]', 'an empty set'],
    ['[^]', 'an empty set'],
    ['a{1001}', 'at most 1000'],
    ['a{2,70000}', 'at most 1000'],
  ])('%s is refused: %s', (pattern, why) => {
    expect(patternFault(pattern)).toContain(why);
  });
});
