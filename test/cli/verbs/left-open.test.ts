import { expect, test } from 'vitest';
import { leftOpen } from '../../../src/cli/verbs/run-grant.ts';
import { grantLine, NOW } from '../../helpers/session-state.ts';

const { grant } = grantLine(
  { name: 'failed', at: NOW, message: 'Not revoked: it is forbidden.', hint: '' },
  { window: { start: NOW - 900_000, end: NOW, seconds: 900 } },
);
const end = new Date(NOW).toISOString();

test('a grant that could not be revoked is open until its lease ends it', () => {
  expect(leftOpen([grant], NOW - 1)).toMatchObject({
    code: 'left-open',
    message: `Still open: 7f3k until ${end} (Not revoked: it is forbidden).`,
    hint: expect.stringContaining('Their leases will end them'),
  });
});

test('past its window nobody knows, and nothing is said to be open until a time in the past', () => {
  expect(leftOpen([grant], NOW)).toMatchObject({
    message: `Not known to be closed: 7f3k, whose window ended at ${end} (Not revoked: it is forbidden).`,
    hint: expect.stringContaining('check with sluice grants'),
  });
});
