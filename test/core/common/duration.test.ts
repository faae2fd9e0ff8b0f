import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatCountdown, formatDuration, parseDuration } from '../../../src/core/common/duration.ts';
import { SluiceError } from '../../../src/core/common/errors.ts';

describe('parseDuration', () => {
  test.each([
    ['20s', 20],
    ['15m', 900],
    ['1h30m', 5_400],
    ['8h', 28_800],
    ['7h59m59s', 28_799],
  ])('%s is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  test.each([
    '',
    ' ',
    '0',
    '15',
    '-5m',
    '1.5h',
    '1h abc',
    '1e9h',
    'm',
    '5m1h',
    '0s',
    '0h0m',
    '400h',
    '8h1s',
    '٣m',
  ])('refuses %j with the value and a next step', (text) => {
    const error = thrown(() => parseDuration(text));
    expect(error.code).toBe('usage');
    expect(error.message).toContain(`"${text}"`);
    expect(error.hint).toMatch(/^Use/);
  });

  test('what is too long is not to be had by an extension either', () => {
    expect(thrown(() => parseDuration('9h'))).toMatchObject({
      message: '"9h" exceeds the maximum grant duration of 8h.',
      hint: 'Use 8h or less; extensions count toward it.',
    });
  });

  test('reads back what formatDuration writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 28_800 }), (seconds) => {
        expect(parseDuration(formatDuration(seconds))).toBe(seconds);
      }),
    );
  });
});

test('the countdown rounds up and stops at zero', () => {
  expect(formatCountdown(252_000)).toBe('04:12');
  expect(formatCountdown(251_001)).toBe('04:12');
  expect(formatCountdown(3_852_000)).toBe('1:04:12');
  expect(formatCountdown(-5)).toBe('00:00');
});

function thrown(run: () => unknown): SluiceError {
  try {
    run();
  } catch (error) {
    if (error instanceof SluiceError) return error;
  }
  throw new Error('did not throw a SluiceError');
}
