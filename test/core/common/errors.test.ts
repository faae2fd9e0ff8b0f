import { expect, test } from 'vitest';
import { asSluiceError, SluiceError } from '../../../src/core/common/errors.ts';

test('an error that can be acted on stays itself, and anything else is a bug', () => {
  const known = new SluiceError('refused', 'No.', 'Ask.');
  expect(asSluiceError(known)).toBe(known);
  expect(asSluiceError(new Error('what'))).toMatchObject({ code: 'bug', message: 'Unexpected error: what' });
});

test('a deadline that ran out is a cluster that did not answer, and no bug', async () => {
  const signal = AbortSignal.timeout(0);
  const reason = await new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve(signal.reason), { once: true }),
  );
  expect(asSluiceError(reason)).toMatchObject({
    code: 'unreachable',
    message: 'The cluster did not answer in time.',
    hint: expect.stringContaining('Check the network'),
  });
});
