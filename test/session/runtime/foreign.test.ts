import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FeedState } from '../../../src/core/live/events.ts';
import type { Connection } from '../../../src/session/runtime/connection.ts';
import { followForeign } from '../../../src/session/runtime/feeds.ts';
import { eventually } from '../../helpers/eventually.ts';

type Foreign = Awaited<ReturnType<Connection['foreign']>>;

const LOCK = { kind: 'Calico NetworkPolicy', namespace: 'a', name: 'lock' };

let stop: AbortController;
let found: Foreign[];
let states: FeedState['state'][];
let asked: number;

beforeEach(() => {
  stop = new AbortController();
  found = [];
  states = [];
  asked = 0;
});

afterEach(() => stop.abort());

function follow(answers: readonly (Foreign | Error)[]): Promise<void> {
  return followForeign(
    async () => {
      const answer = answers[Math.min(asked, answers.length - 1)];
      asked += 1;
      if (answer instanceof Error || answer === undefined) throw answer;
      return answer;
    },
    { found: (foreign) => found.push(foreign), state: ({ state }) => states.push(state) },
    stop.signal,
    { again: 1, retry: 1 },
  );
}

test('objects created later are found, and reported once', async () => {
  const none = { objects: [], denied: [] };
  void follow([none, none, { objects: [LOCK], denied: [] }]);
  await eventually(() => expect(asked).toBeGreaterThan(5));
  expect(found).toEqual([none, { objects: [LOCK], denied: [] }]);
});

test('a list that fails is not an empty one: it shows, and is asked for again', async () => {
  void follow([new Error('connection refused.'), { objects: [LOCK], denied: [] }]);
  await eventually(() => expect(found).toHaveLength(1));
  expect(states.slice(0, 2)).toEqual(['connecting', 'stale']);
  await eventually(() => expect(states.at(-1)).toBe('live'));
});

test('it ends when it is asked to, in the middle of its rest', async () => {
  const running = follow([{ objects: [], denied: [] }]);
  await eventually(() => expect(found).toHaveLength(1));
  stop.abort();
  await expect(running).resolves.toBeUndefined();
});
