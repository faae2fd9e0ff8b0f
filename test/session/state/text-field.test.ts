import fc from 'fast-check';
import { expect, test } from 'vitest';
import { edit, offeredField, type TextEdit, textField } from '../../../src/session/state/text-field.ts';

const edits = (...changes: readonly TextEdit[]) => changes.reduce(edit, textField('héllo wörld'));

test('typing goes in at the cursor', () => {
  expect(edits({ type: 'home' }, { type: 'right' }, { type: 'insert', text: 'XY' })).toEqual({
    text: 'hXYéllo wörld',
    cursor: 3,
  });
});

test('backspace and delete take whole characters, wide ones too', () => {
  expect(edit(textField('a😀'), { type: 'backspace' })).toEqual({ text: 'a', cursor: 1 });
  expect(edit({ text: '😀b', cursor: 0 }, { type: 'delete' })).toEqual({ text: 'b', cursor: 0 });
});

test('a word goes with its blanks', () => {
  expect(edits({ type: 'delete-word' })).toEqual({ text: 'héllo ', cursor: 6 });
  expect(edits({ type: 'delete-word' }, { type: 'delete-word' })).toEqual({ text: '', cursor: 0 });
});

test('pasted line breaks and controls become blanks: a field is one line', () => {
  expect(edit(textField(), { type: 'insert', text: 'a\r\nb\u001bc' }).text).toBe('a b c');
});

test('the cursor never leaves the text', () => {
  const change = fc.oneof(
    fc.record({ type: fc.constant('insert' as const), text: fc.string({ maxLength: 3 }) }),
    fc.record({
      type: fc.constantFrom('backspace', 'delete', 'left', 'right', 'home', 'end', 'delete-word', 'clear'),
    }),
  );
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const { text, cursor } = (changes as readonly TextEdit[]).reduce(edit, textField());
      expect(cursor).toBeGreaterThanOrEqual(0);
      expect(cursor).toBeLessThanOrEqual([...text].length);
    }),
  );
});

test('a text that is only offered gives way to the first character typed, and can be edited as well', () => {
  expect(edit(offeredField('15m'), { type: 'insert', text: '3' })).toEqual(textField('3'));
  expect(edit(offeredField('15m'), { type: 'backspace' })).toEqual(textField('15'));
  expect(edit(edit(offeredField('15m'), { type: 'end' }), { type: 'insert', text: '30s' }).text).toBe(
    '15m30s',
  );
});
