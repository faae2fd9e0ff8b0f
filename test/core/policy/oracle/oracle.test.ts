import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ClusterModel } from '../../../../src/core/cluster/model.ts';
import { decisionOf } from '../../../../src/core/policy/half.ts';
import type { End, Half, Query } from '../../../../src/core/policy/verdict.ts';
import { engineOf } from './engine-of.ts';
import { answer, type HalfAnswer, isIsolated } from './oracle.ts';
import type { Settings } from './question.ts';
import { type OracleEnd, type OracleWorld, readWorld } from './reading.ts';
import { ADDRESSES, ASKED_PORTS, type RandomWorld, randomWorld } from './worlds.ts';

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;
const QUERIES = process.env.SLUICE_FUZZ === 'full' ? 200_000 : 5_000;

test(`two evaluators agree on ${QUERIES} queries`, { timeout: 300_000 }, () => {
  let asked = 0;
  fc.assert(
    fc.property(randomWorld, fc.nat(1_000_000), (world, seed) => {
      asked += compare(world, seed);
    }),
    { numRuns: Math.ceil(QUERIES / 100) },
  );
  expect(asked).toBeGreaterThanOrEqual(QUERIES);
});

/** How many questions are drawn from a world. */
const PER_WORLD = 100;

function compare(world: RandomWorld, seed: number): number {
  const { model, engine } = engineOf(world);
  const plain = readWorld(world.documents);
  const settings = settingsOf(world);
  for (const pod of plain.pods.filter(({ host, finished }) => !host && !finished)) {
    const { ingress, egress } = engine.isolation(model.pod(pod.namespace, pod.name) ?? never());
    expect({ pod: pod.name, ingress, egress }).toEqual({
      pod: pod.name,
      ingress: isIsolated(plain, settings, pod, 'ingress'),
      egress: isIsolated(plain, settings, pod, 'egress'),
    });
  }
  const ends = endsOf(plain);
  const pods = ends.filter(({ type }) => type === 'pod');
  if (pods.length === 0) return PER_WORLD;
  for (let round = 0; round < PER_WORLD; round += 1) {
    const draw = drawer(seed, round);
    const [pod, other] = [draw(pods), draw(ends)];
    const [from, to] = round % 2 === 0 ? [pod, other] : [other, pod];
    const [port, protocol] = [draw(ASKED_PORTS), draw(PROTOCOLS)];
    const query: Query = { from: endOf(model, from), to: endOf(model, to), port, protocol };
    const verdict = engine.evaluate(query);
    const told = { from: nameOf(from), to: nameOf(to), port, protocol };
    const question = { from, to, port, protocol };
    const egress = answer(plain, settings, question, 'egress');
    const ingress = answer(plain, settings, question, 'ingress');
    expect({
      ...told,
      egress: halfAnswer(verdict.egress),
      ingress: halfAnswer(verdict.ingress),
      verdict: verdict.verdict,
    }).toEqual({
      ...told,
      egress,
      ingress,
      verdict: both(egress, ingress),
    });
    expect(engine.decide(query)).toEqual({
      egress: decisionOf(verdict.egress),
      ingress: decisionOf(verdict.ingress),
    });
  }
  return PER_WORLD;
}

function both(a: HalfAnswer, b: HalfAnswer): string {
  if (a === 'deny' || b === 'deny') return 'deny';
  return a === 'allow' && b === 'allow' ? 'allow' : 'undecidable';
}

function halfAnswer({ verdict, l7 }: Half): HalfAnswer {
  return verdict === 'allow' && l7 !== undefined ? 'l7' : verdict;
}

function settingsOf({ enforcer, settings }: RandomWorld): Settings {
  const mode = settings['enable-policy'];
  return {
    cilium: enforcer === 'cilium',
    mode: mode === 'always' || mode === 'never' ? mode : 'default',
    cidrModes: (settings['policy-cidr-match-mode'] ?? '').split(','),
    labels: settings.labels ?? '',
  };
}

/** Live pods and some addresses; a question about a finished pod has no answer to compare. */
function endsOf(world: OracleWorld): readonly OracleEnd[] {
  return [
    ...world.pods.filter(({ finished }) => !finished),
    ...ADDRESSES.map(
      (ip): OracleEnd => ({ type: 'address', ip, node: world.nodes.find((node) => node.ip === ip) }),
    ),
  ];
}

function endOf(model: ClusterModel, end: OracleEnd): End {
  if (end.type === 'address') return { type: 'ip', ip: end.ip };
  return { type: 'pod', pod: model.pod(end.namespace, end.name) ?? never() };
}

function nameOf(end: OracleEnd): string {
  return end.type === 'pod' ? `${end.namespace}/${end.name}` : end.ip;
}

function drawer(seed: number, round: number): <T>(items: readonly T[]) => T {
  let state = (seed + round * 7_919) >>> 0;
  return (items) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return items[(state >>> 8) % items.length] ?? never();
  };
}

function never(): never {
  throw new Error('nothing to draw from');
}
