import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonLines } from '../../../src/kube/watch/watch-event.ts';

test('the values are the same wherever the stream is split, even within a character', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ name: fc.string({ unit: 'grapheme' }), n: fc.integer() }), { maxLength: 6 }),
      fc.array(fc.nat(400), { maxLength: 12 }),
      (values, cuts) => {
        const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
        const take = jsonLines();
        const ends = [...new Set(cuts.map((cut) => Math.min(cut, bytes.length))), bytes.length].sort(
          (a, b) => a - b,
        );
        let start = 0;
        const out = ends.flatMap((end) => {
          const chunk = bytes.subarray(start, end);
          start = end;
          return take(chunk);
        });
        expect(out).toEqual(values);
      },
    ),
  );
});

test('a value is returned with the chunk that ends its line, and blank lines are ignored', () => {
  const take = jsonLines();
  expect(take(Buffer.from('{"a":'))).toEqual([]);
  expect(take(Buffer.from('1}\n\r\n\n{"b"'))).toEqual([{ a: 1 }]);
  expect(take(Buffer.from(':2}\n'))).toEqual([{ b: 2 }]);
});

test('a line that is not JSON throws, as does an endless one', () => {
  expect(() => jsonLines()(Buffer.from('<html>\n'))).toThrow(SyntaxError);
  const take = jsonLines();
  const chunk = Buffer.alloc(8 << 20, 0x20);
  expect(() => {
    for (let i = 0; i < 5; i += 1) take(chunk);
  }).toThrow(RangeError);
});
