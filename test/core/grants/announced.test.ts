import { describe, expect, test } from 'vitest';
import type { ApiObject } from '../../../src/core/cluster/objects.ts';
import {
  announcedOf,
  announcementFaults,
  formatAnnounced,
  setByOther,
} from '../../../src/core/grants/announced.ts';
import { NOTE } from '../../../src/core/grants/names.ts';

function lease(deadline: number | undefined, window?: string): ApiObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'sluice-tst2-in', annotations: window === undefined ? {} : { [NOTE.window]: window } },
    spec: { activeDeadlineSeconds: deadline },
  };
}

const NINE = '9s of at most 8h, by alice';

test.each([
  { seconds: 9, most: 28_800, by: 'alice' },
  { seconds: 5_400, most: 100_000, by: 'system:serviceaccount:shop:robot' },
  { seconds: 1, most: 1, by: 'https://issuer.example#alice of at most 8h, by bob' },
])('an announcement is read as it was written: %o', (announced) => {
  expect(announcedOf(lease(announced.seconds, formatAnnounced(announced)))).toEqual(announced);
});

test.each([
  '',
  'soon',
  '9s of at most 8h',
  '9 of at most 8h, by alice',
  '9s of at most 8x, by alice',
  '9s, by a',
])('what nobody here wrote is no announcement: "%s"', (text) => {
  expect(announcedOf(lease(9, text))).toBeUndefined();
});

describe('a deadline', () => {
  test('as announced is sound, and so is one that nothing announces', () => {
    expect(announcementFaults(lease(9, NINE), lease(9, NINE))).toEqual([]);
    expect(announcementFaults(lease(9))).toEqual([]);
    expect(announcementFaults(lease(9), lease(9))).toEqual([]);
  });

  test('and its announcement may move together', () => {
    expect(announcementFaults(lease(909, '15m9s of at most 8h, by bob'), lease(9, NINE))).toEqual([]);
  });

  test.each([
    [
      'later',
      86_400,
      NINE,
      'its deadline was moved to 1d by somebody who did not announce it; announced: 9s by alice',
    ],
    [
      'earlier',
      3,
      NINE,
      'its deadline was moved to 3s by somebody who did not announce it; announced: 9s by alice',
    ],
    [
      'past the maximum',
      86_400,
      '1d of at most 8h, by bob',
      'bob announced 1d, and a window of at most 8h was granted',
    ],
    [
      'past the maximum, which was moved too',
      86_400,
      '1d of at most 2d, by bob',
      'its maximum was changed from 8h to 2d by bob; bob announced 1d, and a window of at most 8h was granted',
    ],
    ['while its announcement was removed', 86_400, undefined, 'the announcement of its window was removed'],
  ])('moved %s is told to the process that made the grant', (_, deadline, window, text) => {
    expect(announcementFaults(lease(deadline, window), lease(9, NINE)).join('; ')).toBe(text);
  });

  test('moved without a word is told to any other process too', () => {
    expect(announcementFaults(lease(86_400, NINE))).toHaveLength(1);
    expect(announcementFaults(lease(86_400, '1d of at most 8h, by bob'))).toHaveLength(1);
  });
});

test('a window is told with a name if somebody else than the requester set it', () => {
  const announced = { seconds: 9, most: 9, by: 'bob' };
  expect(setByOther({ requester: 'alice', announced })).toBe('bob');
  expect(setByOther({ requester: 'bob', announced })).toBeUndefined();
  expect(setByOther({ requester: 'bob' })).toBeUndefined();
});
