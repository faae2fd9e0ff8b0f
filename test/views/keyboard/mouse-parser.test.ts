import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMouseParser } from '../../../views/keyboard/mouse-parser.ts';

const ESC = '\u001b';
const CLICK = `${ESC}[<0;12;3M`;

/** All that a parser gives for input in pieces, with what it held given up at the end. */
function parsed(...chunks: readonly string[]) {
  const parser = createMouseParser();
  const results = chunks.map((chunk) => parser.push(chunk));
  const rest = results.map((result) => result.rest).join('') + (parser.mayBeKey() ? parser.flush() : '');
  return { rest, events: results.flatMap(({ events }) => events) };
}

test('the left button and the wheel are events, at cells from 0', () => {
  expect(parsed(CLICK).events).toEqual([{ type: 'click', x: 11, y: 2 }]);
  expect(parsed(`${ESC}[<64;300;1M${ESC}[<65;1;1M`).events).toEqual([
    { type: 'wheel', step: -1, x: 299, y: 0 },
    { type: 'wheel', step: 1, x: 0, y: 0 },
  ]);
});

test.each([
  ['a release', `${ESC}[<0;12;3m`],
  ['the right button', `${ESC}[<2;12;3M`],
  ['shift and click', `${ESC}[<4;12;3M`],
  ['a drag', `${ESC}[<32;12;3M`],
  ['a wheel to the side', `${ESC}[<66;12;3M`],
  ['a button that nobody has', `${ESC}[<200;12;3M`],
  ['a report without a row', `${ESC}[<0;12M`],
  ['a report with another end', `${ESC}[<0;12;3x`],
  ['a report in the old format', `${ESC}[M q!`],
  ['a report in the old format, with bytes above 127', `${ESC}[M \u00e1\u00ff`],
])('%s is swallowed', (_, bytes) => {
  expect(parsed(`j${bytes}k`)).toEqual({ rest: 'jk', events: [] });
});

test('keys and pasted text are left alone', () => {
  for (const keys of [
    'j',
    ESC,
    `${ESC}[A`,
    `${ESC}OA`,
    `${ESC}[2~`,
    `${ESC}[200`,
    `${ESC}${ESC}`,
    `${ESC}j`,
    '\u00e9',
  ]) {
    expect(parsed(keys)).toEqual({ rest: keys, events: [] });
  }
  const pasted = `${ESC}[200~a${CLICK}b${ESC}[201~`;
  expect(parsed(pasted)).toEqual({ rest: pasted, events: [] });
  expect(parsed(pasted, CLICK).events).toHaveLength(1);
});

test('wherever reads end, keys and reports are the same', () => {
  const part = fc.constantFrom(
    'j',
    `${ESC}[A`,
    CLICK,
    `${ESC}[<65;4;5M`,
    `${ESC}[M q!`,
    `${ESC}[<0;1x`,
    `${ESC}[200~${CLICK}${ESC}[201~`,
  );
  fc.assert(
    fc.property(fc.array(part), fc.array(fc.nat(60)), (parts, cuts) => {
      const whole = parts.join('');
      const ends = [...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length];
      const chunks = ends.map((end, at) => whole.slice(ends[at - 1] ?? 0, end));
      expect(parsed(...chunks)).toEqual(parsed(whole));
      expect(parsed(whole).rest).toBe(
        parts.filter((one) => !/\[<|\[M/.test(one) || one.includes('[200~')).join(''),
      );
    }),
  );
});

test('a report that never ends is not kept for ever', () => {
  expect(parsed(`${ESC}[<${'1'.repeat(100)}`, 'j').rest).toBe('j');
});
