import { styledCharsFromTokens, styledCharsToString, tokenize } from '@alcalzone/ansi-tokenize';
import { expect, test } from 'vitest';
import { span, type Tone } from '../../../views/text/span.ts';
import { createTheme, wantsColour } from '../../../views/ui/theme.ts';

const line = [span('✗ DROP', 'bad'), span(' web'), span(' → db', 'faint')];

test('a line is painted in runs, each ending its own codes, padded to its columns', () => {
  const { paint } = createTheme({ colour: true, ascii: false });
  expect(paint(line, 17)).toBe('\u001b[31m✗ DROP\u001b[39m web\u001b[2m → db\u001b[22m  ');
});

test('neighbours of one tone are one run', () => {
  const { paint } = createTheme({ colour: true, ascii: false });
  expect(paint([span('a', 'good'), span('b', 'good')], 2)).toBe('\u001b[32mab\u001b[39m');
});

test('without colours only weight remains; the symbols stay', () => {
  const { paint } = createTheme({ colour: false, ascii: false });
  expect(paint(line, 15)).toBe('✗ DROP web\u001b[2m → db\u001b[22m');
  expect(paint([span('late', 'alert')], 4)).toBe('\u001b[1mlate\u001b[22m');
});

test('ASCII replaces our symbols one for one', () => {
  const { paint } = createTheme({ colour: false, ascii: true });
  expect(paint([span('▸ ✓ ✗ ? ◌ ◷ → … │─╭╮╰╯ █░ ●')], 27)).toBe('> + x ? . @ > ~ |-++++ #. *');
});

test('the row under the cursor is one inverse run; what has just changed is bold', () => {
  const { paint } = createTheme({ colour: true, ascii: false });
  expect(paint(line, 15, 'inverse')).toBe('\u001b[7m✗ DROP web → db\u001b[27m');
  expect(paint(line, 15, 'bold')).toBe('\u001b[1m\u001b[31m✗ DROP\u001b[39m web → db\u001b[22m');
});

test('a line is written as Ink would write it, so that Ink takes it apart only once', () => {
  const { paint } = createTheme({ colour: true, ascii: false });
  const tones: readonly Tone[] = [
    'plain',
    'faint',
    'strong',
    'good',
    'bad',
    'alert',
    'warn',
    'time',
    'cursor',
  ];
  for (const a of tones) {
    for (const b of tones.filter((tone) => !(a === 'bad' && tone === 'alert'))) {
      const text = paint([span('one ', a), span('two ', b), span('end')], 12);
      expect(styledCharsToString(styledCharsFromTokens(tokenize(text))), `${a} ${b}`).toBe(text);
    }
  }
});

test('blanks at the end are left out where nothing is beneath, but under the cursor', () => {
  const { paintShort } = createTheme({ colour: true, ascii: false });
  expect(paintShort([span('web', 'good'), span('    ', 'faint'), span('  ')], 20)).toBe(
    '\u001b[32mweb\u001b[39m',
  );
  expect(paintShort([span('a name too long')], 6)).toBe('a nam…');
  expect(paintShort([span('web  ')], 7, 'inverse')).toBe('\u001b[7mweb    \u001b[27m');
});

test('auto follows NO_COLOR and TERM=dumb; a choice beats both', () => {
  expect(wantsColour('auto', {})).toBe(true);
  expect(wantsColour('auto', { NO_COLOR: '1' })).toBe(false);
  expect(wantsColour('auto', { NO_COLOR: '' })).toBe(true);
  expect(wantsColour('auto', { TERM: 'dumb' })).toBe(false);
  expect(wantsColour('always', { NO_COLOR: '1' })).toBe(true);
  expect(wantsColour('never', {})).toBe(false);
});
