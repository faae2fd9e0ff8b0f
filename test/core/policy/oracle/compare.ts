import { expect } from 'vitest';
import type { ClusterModel } from '../../../../src/core/live/model.ts';
import type { ForeignObject } from '../../../../src/core/policy/model/policy.ts';
import type { End, Half, Query } from '../../../../src/core/policy/model/verdict.ts';
import { verdictOf } from '../../../helpers/verdict-of.ts';
import { engineOf } from './engine-of.ts';
import { answer, type HalfAnswer, isIsolated, type Question } from './oracle.ts';
import { type OracleEnd, type OracleWorld, readWorld } from './reading.ts';
import { settingsOf } from './settings.ts';
import { ADDRESSES, ASKED_PORTS, type RandomWorld } from './worlds.ts';

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;

/** What was met on the way. */
export type Tally = {
  asked: number;
  readonly verdicts: Map<string, number>;
  /** How often a policy of a kind was among the deciders. */
  readonly kinds: Map<string, number>;
  readonly enforcers: Map<string, number>;
};

export function createTally(): Tally {
  return { asked: 0, verdicts: new Map(), kinds: new Map(), enforcers: new Map() };
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/**
 * Asks both evaluators of a world, and throws where they differ.
 *
 * @param ask chooses what is asked of the ends
 */
export function compare(
  world: RandomWorld,
  foreign: readonly ForeignObject[],
  ask: (ends: readonly OracleEnd[]) => Iterable<Asked>,
  seen: Tally,
): void {
  const { model, engine } = engineOf(world);
  engine.setForeign(foreign);
  const plain = readWorld(world.documents);
  const { enforcer, settings: config, assumed } = world;
  const settings = settingsOf(enforcer, config, assumed, foreign);
  count(seen.enforcers, enforcer);
  for (const pod of plain.pods.filter(({ host, finished }) => !host && !finished)) {
    const { ingress, egress } = engine.isolation(model.pod(pod.namespace, pod.name) ?? never());
    expectSame(
      { pod: pod.name, ingress, egress },
      {
        pod: pod.name,
        ingress: isIsolated(plain, settings, pod, 'ingress'),
        egress: isIsolated(plain, settings, pod, 'egress'),
      },
    );
  }
  for (const question of ask(endsOf(plain))) {
    const { from, to, port, protocol } = question;
    const query: Query = { from: endOf(model, from), to: endOf(model, to), port, protocol };
    const verdict = verdictOf(engine, query);
    const told = { from: nameOf(from), to: nameOf(to), port, protocol };
    const egress = answer(plain, settings, question, 'egress');
    const ingress = answer(plain, settings, question, 'ingress');
    expectSame(
      {
        ...told,
        egress: halfAnswer(verdict.egress),
        ingress: halfAnswer(verdict.ingress),
        verdict: verdict.verdict,
      },
      {
        ...told,
        egress,
        ingress,
        verdict: both(egress, ingress),
      },
    );
    seen.asked += 1;
    count(seen.verdicts, verdict.verdict);
    const deciders = [...verdict.egress.deciders, ...verdict.ingress.deciders];
    for (const kind of new Set(deciders.map((decider) => decider.kind))) count(seen.kinds, kind);
  }
}

/** A question as the engine takes it as well. */
export type Asked = Question & Pick<Query, 'port' | 'protocol'>;

/** So many questions, the same ones for one seed; none where there is no pod. */
export function* someQuestions(ends: readonly OracleEnd[], seed: number, many: number): Generator<Asked> {
  const pods = ends.filter(({ type }) => type === 'pod');
  if (pods.length === 0) return;
  for (let round = 0; round < many; round += 1) {
    const draw = drawer(seed, round);
    const [pod, other] = [draw(pods), draw(ends)];
    const [from, to] = round % 2 === 0 ? [pod, other] : [other, pod];
    yield { from, to, port: draw(ASKED_PORTS), protocol: draw(PROTOCOLS) };
  }
}

/** Every question that has a pod at an end. */
export function* everyQuestion(ends: readonly OracleEnd[]): Generator<Asked> {
  for (const from of ends) {
    for (const to of ends) {
      if (from.type !== 'pod' && to.type !== 'pod') continue;
      for (const port of ASKED_PORTS) {
        for (const protocol of PROTOCOLS) yield { from, to, port, protocol };
      }
    }
  }
}

/** `toEqual`, but cheap where nothing differs. */
function expectSame(got: unknown, wanted: unknown): void {
  if (JSON.stringify(got) !== JSON.stringify(wanted)) expect(got).toEqual(wanted);
}

function both(a: HalfAnswer, b: HalfAnswer): string {
  if (a === 'deny' || b === 'deny') return 'deny';
  return a === 'allow' && b === 'allow' ? 'allow' : 'undecidable';
}

function halfAnswer({ verdict, l7 }: Half): HalfAnswer {
  return verdict === 'allow' && l7 !== undefined ? 'l7' : verdict;
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
