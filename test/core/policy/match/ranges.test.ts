import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dialectOf } from '../../../../src/core/policy/enforcers/enforcers.ts';
import { createWorld } from '../../../../src/core/policy/match/api-matching.ts';
import { matchPeers } from '../../../../src/core/policy/match/match.ts';
import type { Question } from '../../../../src/core/policy/match/matching.ts';
import { sideOf } from '../../../../src/core/policy/match/side.ts';
import type { Peer } from '../../../../src/core/policy/model/policy.ts';
import { cluster, pod } from '../../../helpers/builders.ts';

const address = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(255)).map(([b, c, d]) => `10.${b}.${c}.${d}`);
const six = fc.nat(0xffff).map((tail) => `fd00::${tail.toString(16)}`);
const ranges = fc.oneof(
  fc.tuple(address, fc.integer({ min: 8, max: 32 })).map(([ip, bits]) => `${ip}/${bits}`),
  fc.tuple(six, fc.integer({ min: 100, max: 128 })).map(([ip, bits]) => `${ip}/${bits}`),
);
const cidr = fc
  .tuple(ranges, fc.array(ranges, { maxLength: 2 }))
  .map(([range, except]): Peer => ({ type: 'cidr', cidr: range, except }));
const pods: Peer = {
  type: 'pods',
  namespaces: { by: 'name', name: 'shop' },
  pods: [{ key: 'app', operator: 'In', values: ['web'] }],
};

test('a rule of many ranges says what its peers say one by one', () => {
  const web = pod({ namespace: 'shop', name: 'web', labels: { app: 'web' }, ips: ['10.1.1.1', 'fd00::1'] });
  const cold = pod({ namespace: 'shop', name: 'cold', labels: {}, ips: [] });
  const model = cluster({ pods: [web, cold] });
  const world = createWorld(model, dialectOf('calico'));
  const ends = fc.oneof(
    fc.oneof(address, six).map((ip) => sideOf(model, { type: 'ip', ip })),
    fc.constantFrom(web, cold).map((item) => sideOf(model, { type: 'pod', pod: item })),
  );
  let hits = 0;
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 20, arbitrary: cidr }, fc.constant(pods)), {
        minLength: 16,
        maxLength: 60,
      }),
      ends,
      (peers, peer) => {
        const question: Question = { port: 80, protocol: 'TCP', self: peer, peer, destination: peer };
        const answers = peers.map((item) => matchPeers(world, [item], question));
        const best = answers.includes('yes') ? 'yes' : answers.includes('maybe') ? 'maybe' : 'no';
        if (best !== 'no') hits += 1;
        expect(matchPeers(world, peers, question)).toBe(best);
      },
    ),
    { numRuns: 500 },
  );
  expect(hits).toBeGreaterThan(100);
});
