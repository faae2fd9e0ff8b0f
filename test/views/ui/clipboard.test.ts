import { expect, test } from 'vitest';
import { clipboardCode } from '../../../views/ui/clipboard.ts';

function copied(text: string): string {
  const [, encoded = ''] = /^\u001b\]52;c;([A-Za-z0-9+/=]*)\u0007$/.exec(clipboardCode(text) ?? '') ?? [];
  return Buffer.from(encoded, 'base64').toString('utf8');
}

test('text goes to the clipboard as base64, its lines kept', () => {
  expect(copied('kind: Pod\nname: 支払い')).toBe('kind: Pod\nname: 支払い');
});

test('control characters are made visible, so that nothing runs when it is pasted', () => {
  expect(copied('a\u001b[2Jb\rc')).toBe('a␛[2Jb\\u{d}c');
});

test('what a terminal would drop is not sent', () => {
  expect(clipboardCode('x'.repeat(60_000))).toBeUndefined();
});
