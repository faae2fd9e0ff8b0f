import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../../src/core/common/limits.ts';
import { brokenLimit, brokenReason } from '../../../src/core/grants/limits.ts';

const WEB = { type: 'pod', namespace: 'shop', name: 'web' } as const;
const request = { source: WEB, destination: WEB, ports: [], seconds: 60, reason: 'x'.repeat(1_024) };

test('a reason or ticket that annotations would not keep whole is refused, not cut', () => {
  expect(brokenLimit(request, DEFAULT_LIMITS, 'demo')).toBeUndefined();
  expect(brokenLimit({ ...request, reason: 'x'.repeat(1_025) }, DEFAULT_LIMITS, 'demo')?.message).toBe(
    'The reason has 1025 characters, and a grant keeps at most 1024.',
  );
  expect(brokenLimit({ ...request, ticket: 'x'.repeat(1_025) }, DEFAULT_LIMITS, 'demo')?.message).toBe(
    'The ticket has 1025 characters, and a grant keeps at most 1024.',
  );
});

test('a reason must match the configured pattern', () => {
  const limits = { ...DEFAULT_LIMITS, reasonPattern: '^INC-\\d+' };
  expect(brokenReason('INC-7 slow', limits)).toBeUndefined();
  expect(brokenReason('slow', limits)?.message).toBe('The reason "slow" does not match ^INC-\\d+.');
});
