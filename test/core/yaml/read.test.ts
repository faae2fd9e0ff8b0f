import { describe, expect, test } from 'vitest';
import { readFirstYaml, readYaml, writeYaml, YamlProblem } from '../../../src/core/yaml/read.ts';
import { textOfBytes } from '../../../src/core/yaml/text-of-bytes.ts';

/** Texts, and what sigs.k8s.io/yaml 1.6 makes of them. */
const READ: readonly (readonly [text: string, value: unknown])[] = [
  ['', null],
  ['# only\n', null],
  ['a: 1\na: 2\n', { a: 2 }],
  ['a: {b: 1, b: 2}\nc: [1,]\n', { a: { b: 2 }, c: [1] }],
  ['a: 1\n<<: {a: 2, b: 3}\n', { a: 2, b: 3 }],
  ['<<: {a: 2, b: 3}\na: 1\n', { a: 1, b: 3 }],
  ['a: &x {k: 1}\nb:\n  <<: *x\n  k: 2\n', { a: { k: 1 }, b: { k: 2 } }],
  ['b:\n  k: 2\n  <<: {k: 1}\n', { b: { k: 1 } }],
  [
    'v: &a {k: 1, m: 1}\nw: &b {k: 2, o: 2}\nz: {<<: [*a, *b]}\n',
    { v: { k: 1, m: 1 }, w: { k: 2, o: 2 }, z: { k: 1, m: 1, o: 2 } },
  ],
  ['on: off\ny: n\nYes: NO\n', { true: false }],
  ['a: TRUE\nb: True\nc: tRue\nd: "yes"\n', { a: true, b: true, c: 'tRue', d: 'yes' }],
  ['a: 010\nb: 0o10\nc: 0x1F\nd: 1_000\n', { a: 8, b: 8, c: 31, d: 1000 }],
  ['a: 1e3\nb: .5\nc: +1\nd: 0b11\ne: 1.\nf: 1.e3\n', { a: 1000, b: 0.5, c: 1, d: 3, e: 1, f: 1000 }],
  ['a: 12:30\nb: 1:30:00\nc: 2001-01-01\n', { a: '12:30', b: '1:30:00', c: '2001-01-01' }],
  ['d: ~\ne: null\nf: Null\ng: ""\nh:\n', { d: null, e: null, f: null, g: '', h: null }],
  ['a: !!str 1\nb: !foo x\n', { a: '1', b: 'x' }],
  ['a: =\nb: <<\n', { a: '=', b: '<<' }],
  ['1: a\ntrue: b\n1.5: c\n', { 1: 'a', true: 'b', '1.5': 'c' }],
  ['a: "\\u0041\\x41"\n', { a: 'AA' }],
  ["a: 'it''s'\nb: |\n  x\n  y\nc: >-\n  x\n  y\n", { a: "it's", b: 'x\ny\n', c: 'x y' }],
  ['- a\n- b: 1\n', ['a', { b: 1 }]],
  ['a: 1\n---\nb: 2\n', { a: 1 }],
  ['{"a":\t1}\n', { a: 1 }],
];

describe('YAML is read as kubectl reads it:', () => {
  test.each(READ)('%j', (text, value) => {
    expect(readFirstYaml(text).value).toEqual(value);
  });

  test('a key that would change the prototype is a key', () => {
    const { value } = readFirstYaml('__proto__: {a: 1}\n');
    expect(Object.keys(value as object)).toEqual(['__proto__']);
  });

  test.each([
    ['a: &x [*x]\n', 1],
    ['a: 1\nb: - c\n', 2],
    ['<<: 5\n', 1],
    [`a: ${'['.repeat(5_000)}`, 1],
  ])('%j is malformed', (text, line) => {
    const error = thrownBy(() => readYaml(text));
    expect(error).toBeInstanceOf(YamlProblem);
    expect(error).toMatchObject({ line });
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('keys that are there twice', () => {
  const twice = (text: string) => readYaml(text).map(({ duplicates }) => duplicates);

  test('are told with the later line, document by document', () => {
    expect(twice('a: 1\nb:\n  - c: 1\n    d: 2\n    c: 3\na: 2\n')).toEqual([
      [
        { key: 'c', line: 5 },
        { key: 'a', line: 6 },
      ],
    ]);
    expect(twice('a: 1\n---\nb: 1\nb: 2\n')).toEqual([[], [{ key: 'b', line: 4 }]]);
    expect(twice('{"a": 1,\n "a": 2}')).toEqual([[{ key: 'a', line: 2 }]]);
  });

  test('are none where a merge brings the same', () => {
    expect(twice('v: &a {k: 1}\nw: &b {k: 2}\nz:\n  <<: [*a, *b]\n  k: 3\n')).toEqual([[]]);
  });
});

describe('lines', () => {
  const text = 'a: 1\nlist:\n  - x: 1\n\n  - x: 2\n    "long key":\n      deep: [1,\n        2]\n';
  test.each([
    [[], 1],
    [['a'], 1],
    [['list'], 2],
    [['list', 0], 3],
    [['list', 1], 5],
    [['list', 1, 'x'], 5],
    [['list', 1, 'long key', 'deep'], 7],
    [['list', 1, 'long key', 'deep', 1], 8],
    [['list', 1, 'missing', 'deeper'], 5],
  ])('%j stands in line %i', (path, line) => {
    expect(readFirstYaml(text).lineOf(path)).toBe(line);
  });
});

test('bytes are UTF-8 or UTF-16, with a mark or without', () => {
  const mark = '\ufeff';
  const wide = (text: string) => Buffer.from(text, 'utf16le');
  expect(textOfBytes(Buffer.from('a: ü'))).toBe('a: ü');
  expect(textOfBytes(Buffer.from(`${mark}a: ü`))).toBe('a: ü');
  expect(textOfBytes(wide(`${mark}a: ü`))).toBe('a: ü');
  expect(textOfBytes(wide(`${mark}a: ü`).swap16())).toBe('a: ü');
  expect(thrownBy(() => textOfBytes(Buffer.from([97, 10, 0xff])))).toMatchObject({ line: 2 });
});

test('what is written reads back as the same, by YAML 1.1 too', () => {
  const value = {
    a: 'on',
    b: 'y',
    c: '010',
    d: '12:30',
    e: 'no',
    f: '1e3',
    g: null,
    h: ['~', true, 8],
    i: 'x\ny\n',
  };
  expect(readFirstYaml(writeYaml(value)).value).toEqual(value);
  expect(writeYaml({ a: 'web', b: 'on', c: undefined })).toBe('a: web\nb: "on"\n');
  const shared = { x: 1 };
  expect(writeYaml([shared, shared])).toBe('- x: 1\n- x: 1\n');
});

test('only the first document of a configuration is read, whatever comes after it', () => {
  expect(readFirstYaml('---\na: 1\n---\nb: [\n').value).toEqual({ a: 1 });
  expect(readFirstYaml('# b: [\n---\na: 1\n...\n}').value).toEqual({ a: 1 });
  expect(() => readFirstYaml('---\na: [\n---\nb: 1\n')).toThrow();
});
