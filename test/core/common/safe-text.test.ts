import fc from 'fast-check';
import { expect, test } from 'vitest';
import { safeDeep, safeText } from '../../../src/core/common/safe-text.ts';

test('ordinary names pass unchanged, wide scripts too', () => {
  for (const name of ['web-7d9f4-x2x', 'zahlung.example', '支払い', 'café', ''])
    expect(safeText(name)).toBe(name);
});

test('escapes in their 7-bit and 8-bit forms become visible', () => {
  expect(safeText('a\u001b]52;c;aGk=\u0007b')).toBe('a␛]52;c;aGk=\\u{7}b');
  expect(safeText('\u009d52;c;x\u009c')).toBe('\\u{9d}52;c;x\\u{9c}');
});

test('line breaks, bidi overrides, zero-width, tags and lone surrogates become visible', () => {
  expect(safeText('a\r\nb\u202ec\u200bd\u{e0041}e\ud800')).toBe(
    'a\\u{d}\\u{a}b\\u{202e}c\\u{200b}d\\u{e0041}e\\u{d800}',
  );
});

test('whatever comes in, nothing unsafe goes out', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      expect(safeText(text)).not.toMatch(/\p{Cc}|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/u);
    }),
  );
});

test('long text is cut and says so', () => {
  expect(safeText('x'.repeat(600))).toHaveLength(512);
  expect(safeText('abcdef', 4)).toBe('abc…');
});

test('objects are cleaned in keys and values, other values kept', () => {
  expect(safeDeep({ 'k\u001b': ['\u009b', 1, null, true] })).toEqual({ 'k␛': ['\\u{9b}', 1, null, true] });
});
