import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnsOf } from '../../../views/text/fit.ts';
import { lineText, span } from '../../../views/text/span.ts';
import { entry, wrap } from '../../../views/text/wrap.ts';

test('sentences break at blanks', () => {
  expect(wrap('a NetworkPolicy never overrides a deny', 16)).toEqual([
    'a NetworkPolicy',
    'never overrides',
    'a deny',
  ]);
});

test('a word longer than the line goes on in the next one', () => {
  expect(wrap('see abcdefghij now', 4)).toEqual(['see', 'abcd', 'efgh', 'ij', 'now']);
});

test('a word that goes on does so after a hyphen, if most of the line is before it', () => {
  expect(wrap('checkout-frontend-7d9f8b6c5d-x2xkq', 20)).toEqual(['checkout-frontend-', '7d9f8b6c5d-x2xkq']);
  expect(wrap('a-checkoutfrontend', 10)).toEqual(['a-checkout', 'frontend']);
});

test('an entry keeps its text beside the label', () => {
  const lines = entry([span('✓ after')], 10, span('the path closes again'), 24);
  expect(lines.map(lineText)).toEqual(['✓ after   the path', '          closes again']);
});

test('no line is wider than asked, and nothing but blanks is lost', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '-', '支', '→'), maxLength: 60 });
  fc.assert(
    fc.property(text, fc.integer({ min: 2, max: 20 }), (sentence, columns) => {
      const lines = wrap(sentence, columns);
      for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(columns);
      expect(lines.join('').replaceAll(' ', '')).toBe(sentence.replaceAll(' ', ''));
    }),
  );
});
