import type { Key } from 'ink';
import { expect, test } from 'vitest';
import { pressesOf } from '../../../views/keyboard/press.ts';

const none: Key = {
  upArrow: false,
  downArrow: false,
  leftArrow: false,
  rightArrow: false,
  pageDown: false,
  pageUp: false,
  home: false,
  end: false,
  return: false,
  escape: false,
  ctrl: false,
  shift: false,
  tab: false,
  backspace: false,
  delete: false,
  meta: false,
  super: false,
  hyper: false,
  capsLock: false,
  numLock: false,
};
const names = (input: string, key: Partial<Key> = {}) =>
  pressesOf(input, { ...none, ...key }).map(({ name }) => name);

test('several characters in one read are as many presses', () => {
  expect(names('jjj')).toEqual(['j', 'j', 'j']);
  expect(pressesOf('é支👍🏽', none).map(({ text }) => text)).toEqual(['é', '支', '👍🏽']);
});

test('a command typed by a script ends in enter', () => {
  expect(names(':q\r')).toEqual([':', 'q', 'enter']);
  expect(names('\t\u0019x')).toEqual(['tab', 'ctrl-y', 'x']);
});

test('special keys have names', () => {
  expect(names('', { upArrow: true })).toEqual(['up']);
  expect(names('', { tab: true, shift: true })).toEqual(['shift-tab']);
  expect(names('f', { ctrl: true })).toEqual(['ctrl-f']);
  expect(names('j', { meta: true })).toEqual(['alt-j']);
  expect(names('', { backspace: true, meta: true })).toEqual(['alt-backspace']);
  expect(names(' ')).toEqual(['space']);
});

test('a key without a name is unknown, and stray control characters are nothing', () => {
  expect(names('')).toEqual(['unknown']);
  expect(names('\u0000\u001c')).toEqual([]);
});
