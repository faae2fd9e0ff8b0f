import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from '../../src/audit/record.ts';

test('the example of RFC 8785 §3.2 gives the published result', () => {
  const example = {
    numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\u0022/",
    literals: [null, true, false],
  };
  expect(canonicalJson(example)).toBe(
    String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  );
});

test('keys are ordered by UTF-16 units, as in RFC 8785 §3.2.3', () => {
  const keys = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
  const value = Object.fromEntries(keys.map((key) => [key, 0]));
  expect(Object.keys(JSON.parse(canonicalJson({ a: value, z: 0 })).a).filter((key) => key !== '1')).toEqual([
    '\r',
    '\u0080',
    '\u00f6',
    '\u20ac',
    '\ud83d\ude00',
    '\ufb33',
  ]);
});

test('numbers are formatted as in RFC 8785 appendix B', () => {
  const spelled: [number, string][] = [
    [-0, '0'],
    [5e-324, '5e-324'],
    [-1.7976931348623157e308, '-1.7976931348623157e+308'],
    [9007199254740992, '9007199254740992'],
    [1e21, '1e+21'],
    [999999999999999900000, '999999999999999900000'],
    [0.000001, '0.000001'],
    [1e-7, '1e-7'],
  ];
  for (const [number, text] of spelled) expect(canonicalJson(number)).toBe(text);
});

test('values that JSON cannot represent throw', () => {
  for (const value of [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '\ud800',
    { a: '\udc00' },
    undefined,
    () => 0,
    1n,
  ]) {
    expect(() => canonicalJson(value)).toThrow();
  }
});

test('any JSON value round-trips, with the same canonical form', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      fc.pre(JSON.stringify(value).isWellFormed() && !/\\ud[89a-f]/i.test(JSON.stringify(value)));
      const text = canonicalJson(value);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(JSON.parse(text))).toBe(text);
    }),
  );
});

test('deeply nested values are supported', () => {
  const text = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  expect(canonicalJson(JSON.parse(text))).toBe(text);
});
