import { expect, test } from 'vitest';
import type { Attempt } from '../../../src/core/traffic/attempt.ts';
import { trustOf } from '../../../src/core/traffic/evidence.ts';

const ATTEMPT: Attempt = {
  key: 'a',
  rowKey: 'r',
  verdict: 'drop',
  first: 0,
  last: 0,
  turned: 0,
  tries: 1,
  protocol: 'TCP',
  source: {},
  destination: {},
  allowedBy: [],
  deniedBy: [],
  seen: 'socket',
  nodes: [],
};

test.each<readonly [string, Partial<Attempt>, string | undefined]>([
  ['a connection', { verdict: 'allow' }, 'certain'],
  ['a first packet without an answer', {}, 'likely'],
  ['a first packet sent again', { tries: 2 }, 'likely'],
  ['a UDP socket, whatever it seems', { protocol: 'UDP', verdict: 'allow' }, 'weak'],
  ['a flow of the datapath', { seen: 'hubble' }, undefined],
])('%s', (_, change, level) => {
  expect(trustOf({ ...ATTEMPT, ...change })?.level).toBe(level);
});
