import { expect, test } from 'vitest';
import { endTexts } from '../../../src/core/grants/reach.ts';
import { createEngine } from '../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../src/core/policy/enforcers/enforcers.ts';
import type { Policy } from '../../../src/core/policy/model/policy.ts';
import { cluster, networkPolicy, pod } from '../../helpers/builders.ts';

const pods = [pod({ name: 'web' }), pod({ name: 'db' }), pod({ name: 'mon', namespace: 'ops' })];
const onDb = (name: string, app: string) =>
  networkPolicy({
    name,
    spec: {
      podSelector: { matchLabels: { app: 'db' } },
      ingress: [{ from: [{ podSelector: { matchLabels: { app } } }], ports: [{ port: 5432 }] }],
    },
  });
const granted = onDb('sluice-7f3k-in', 'web');
const deny = networkPolicy({ name: 'deny', spec: { podSelector: {}, policyTypes: ['Ingress'] } });
const grant = {
  halves: [{ direction: 'ingress', namespace: 'shop', policy: { name: 'sluice-7f3k-in', uid: 'u' } }],
} as const;

const texts = (...policies: readonly Policy[]) =>
  endTexts(createEngine(cluster({ pods, policies }), dialectOf('spec')), grant);

test('the end of a grant closes its path again', () => {
  expect(texts(deny, granted)).toEqual(['It closes shop/web → shop/db tcp 5432.']);
});

test('it closes nothing where somebody opened the path for good meanwhile', () => {
  expect(texts(deny, granted, onDb('for-good', 'web'))).toEqual([
    'It closes nothing: the path is open without it.',
  ]);
});

test('it frees the pods that nothing else isolates any more, and opens them to everybody', () => {
  expect(texts(granted)).toEqual([
    'It closes nothing: the path is open without it.',
    'It leaves shop/db (ingress) not isolated: no other policy isolates them.',
    'It opens shop/web → shop/db tcp 1-5431,5433-65535 · udp all · sctp all; ops/mon → shop/db all ports and 1 more.',
  ]);
});

test('of a grant whose policies are not in view nothing is said', () => {
  expect(texts(deny)).toEqual([]);
});
