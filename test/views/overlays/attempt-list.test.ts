import { expect, test } from 'vitest';
import type { Attempt } from '../../../src/core/traffic/attempt.ts';
import { attemptListLines } from '../../../views/overlays/attempt-list.ts';
import { lineText } from '../../../views/text/span.ts';
import { wallClock } from '../../../views/text/time.ts';
import { attemptLine, NOW } from '../../helpers/session-state.ts';

function attempt(pod: string, change: Partial<Attempt> = {}): Attempt {
  const { newest } = attemptLine().row;
  return {
    ...newest,
    last: NOW,
    nodes: ['node-c'],
    dropDirection: 'ingress',
    source: { ...newest.source, pod, port: 41_066 },
    destination: { ...newest.destination, port: 5432 },
    ...change,
  };
}

const at = wallClock(NOW);
const told = (attempts: readonly Attempt[], columns = 78) =>
  attemptListLines(attempts, columns).map((line) => lineText(line).trimEnd());

test('what all attempts have in common is told once, so that each has a line of its own', () => {
  expect(told([attempt('web-m2bt-bm5'), attempt('web-0', { tries: 3 })])).toEqual([
    'all of them        on node-c · Policy denied at ingress',
    '',
    `${at}  ✗ DROP   shop/web-m2bt-bm5:41066 → shop/db-0:5432`,
    `${at}  ✗ DROP   shop/web-0:41066        → shop/db-0:5432  3 tries`,
  ]);
});

test('what differs is told for each', () => {
  const passed = attempt('web-0', { verdict: 'allow', dropReason: undefined, dropDirection: undefined });
  expect(told([attempt('web-0', { nodes: ['node-a'] }), passed])).toEqual([
    `${at}  ✗ DROP   shop/web-0:41066 → shop/db-0:5432  on node-a  Policy denied`,
    '                   at ingress',
    `${at}  ✓ ALLOW  shop/web-0:41066 → shop/db-0:5432  on node-c`,
  ]);
});

test('one attempt has all in its line, and names wrap rather than being cut', () => {
  expect(told([attempt('web-0')], 120)).toEqual([
    `${at}  ✗ DROP   shop/web-0:41066 → shop/db-0:5432  on node-c  Policy denied at ingress`,
  ]);
  const long = 'a-deployment-with-a-very-long-name-7d9f8b6c-x2xkq';
  expect(told([attempt(long), attempt('web-0')]).join('\n')).toContain('shop/db-0:5432');
});
