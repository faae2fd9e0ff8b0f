import fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { safeText } from '../../../src/core/common/safe-text.ts';
import { columnsOf, cut, fit, fitLine, lineColumns, lineFrom, spread } from '../../../views/text/fit.ts';
import { lineText, span } from '../../../views/text/span.ts';

test('names that are too long end in an ellipsis', () => {
  expect(cut('payments-api-7d9f4c8b6', 12)).toBe('payments-ap…');
  expect(cut('web', 12)).toBe('web');
  expect(cut('web', 0)).toBe('');
});

test('a wide character is never split: its place stays blank', () => {
  expect(fit('支払い', 4)).toBe('支… ');
  expect(columnsOf(fit('支払い', 4))).toBe(4);
});

test('a line from a column on has the rest of it, and blanks where it ends or a wide character is split', () => {
  const line = [span('ab'), span('cde', 'bad'), span('支払い')];
  expect(lineText(lineFrom(line, 1, 3))).toBe('bcd');
  expect(lineFrom(line, 3, 2)).toEqual([span('de', 'bad')]);
  expect(lineText(lineFrom(line, 4, 4))).toBe('e支 ');
  expect(lineColumns(lineFrom(line, 6, 20))).toBe(20);
  expect(lineText(lineFrom(line, 40, 3))).toBe('   ');
});

test('numbers stand at the right', () => {
  expect(fit('42', 5, 'right')).toBe('   42');
});

test('a line is cut in the span that is too long, and padded when it is short', () => {
  const line = [span('web ', 'strong'), span('is not isolated')];
  expect(lineText(fitLine(line, 10))).toBe('web is no…');
  expect(lineText(fitLine(line, 25))).toBe('web is not isolated      ');
});

test('the right part of a line stays at the edge, the left gives way', () => {
  expect(lineText(spread([span('a long sentence in the middle')], [span('12:04')], 30))).toBe(
    'a long sentence in the m…12:04',
  );
  expect(lineText(spread([span('left')], [span('right')], 6))).toBe('left  ');
});

test('whatever comes in, a line takes exactly its columns', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 30 }).map((raw) => safeText(raw));
  fc.assert(
    fc.property(fc.array(text, { maxLength: 5 }), fc.integer({ min: 0, max: 60 }), (texts, columns) => {
      const line = fitLine(
        texts.map((one) => span(one)),
        columns,
      );
      expect(lineColumns(line)).toBe(columns);
      expect(line.reduce((sum, part) => sum + stringWidth(part.text), 0)).toBe(columns);
    }),
  );
});
