import { expect, test } from 'vitest';
import { span } from '../../views/text/span.ts';
import { createTheme, wantsColour } from '../../views/theme.ts';

const line = [span('✗ DROP', 'bad'), span(' web'), span(' → db', 'faint')];

test('a line is painted in runs, each ending its own codes, padded to its columns', () => {
  const { paint } = createTheme({ colour: true, ascii: false });
  expect(paint(line, 17)).toBe('\u001b[31m✗ DROP\u001b[0m web\u001b[2m → db\u001b[0m  ');
});

test('neighbours of one tone are one run', () => {
  const { paint } = createTheme({ colour: true, ascii: false });
  expect(paint([span('a', 'good'), span('b', 'good')], 2)).toBe('\u001b[32mab\u001b[0m');
});

test('without colours only weight remains; the symbols stay', () => {
  const { paint } = createTheme({ colour: false, ascii: false });
  expect(paint(line, 15)).toBe('✗ DROP web\u001b[2m → db\u001b[0m');
  expect(paint([span('late', 'alert')], 4)).toBe('\u001b[1mlate\u001b[0m');
});

test('ASCII replaces our symbols one for one', () => {
  const { paint } = createTheme({ colour: false, ascii: true });
  expect(paint([span('▸ ✓ ✗ ? ◌ ◷ → … │─╭╮╰╯ █░ ●')], 27)).toBe('> + x ? . @ > ~ |-++++ #. *');
});

test('the row under the cursor is one inverse run; what has just changed is bold', () => {
  const { paint } = createTheme({ colour: true, ascii: false });
  expect(paint(line, 15, 'inverse')).toBe('\u001b[7m✗ DROP web → db\u001b[0m');
  expect(paint(line, 15, 'bold')).toBe('\u001b[1;31m✗ DROP\u001b[0m\u001b[1m web → db\u001b[0m');
});

test('auto follows NO_COLOR and TERM=dumb; a choice beats both', () => {
  expect(wantsColour('auto', {})).toBe(true);
  expect(wantsColour('auto', { NO_COLOR: '1' })).toBe(false);
  expect(wantsColour('auto', { NO_COLOR: '' })).toBe(true);
  expect(wantsColour('auto', { TERM: 'dumb' })).toBe(false);
  expect(wantsColour('always', { NO_COLOR: '1' })).toBe(true);
  expect(wantsColour('never', {})).toBe(false);
});
