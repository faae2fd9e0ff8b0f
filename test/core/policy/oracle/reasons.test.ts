import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isLive } from '../../../../src/core/cluster/objects.ts';
import { type ClusterModel, policyKey } from '../../../../src/core/live/model.ts';
import { createEngine, type Engine } from '../../../../src/core/policy/decide/engine.ts';
import { applyEdit } from '../../../../src/core/policy/explain/apply-edit.ts';
import { editsOf } from '../../../../src/core/policy/explain/explanation.ts';
import type { Direction, Policy } from '../../../../src/core/policy/model/policy.ts';
import type { Decider, End, Half, NearMiss, Query } from '../../../../src/core/policy/model/verdict.ts';
import { verdictOf } from '../../../helpers/verdict-of.ts';
import { dialectFor, engineOf } from './engine-of.ts';
import { KEPT } from './kept.ts';
import { ADDRESSES, type RandomWorld, randomWorld } from './worlds.ts';

const RUNS = process.env.SLUICE_FUZZ === 'full' ? 600 : 120;

const examples = KEPT.map((world): [RandomWorld] => [world]);

test('take the decider away, and the half changes or another one takes over', { timeout: 120_000 }, () => {
  let removed = 0;
  fc.assert(
    fc.property(randomWorld, (world) => {
      for (const { model, query, direction, half } of halvesOf(world)) {
        const [decider] = half.deciders;
        if (decider === undefined || half.verdict === 'undecidable') continue;
        const without = engineWith(world, model, (policy) => (isOf(decider, policy) ? undefined : policy));
        const after = verdictOf(without, query)[direction];
        removed += 1;
        expect(after.deciders.some((other) => isOf(decider, other))).toBe(false);
        expectTakenOver(half, after, `${decider.kind} ${decider.name}`);
      }
    }),
    { numRuns: RUNS, examples },
  );
  expect(removed).toBeGreaterThan(RUNS);
});

type AskedHalf = {
  readonly model: ClusterModel;
  readonly query: Query;
  readonly direction: Direction;
  readonly half: Half;
};

/** Both halves of every question to a world. */
function halvesOf(world: RandomWorld): readonly AskedHalf[] {
  const { model, engine } = engineOf(world);
  return questions(model).flatMap((query) => {
    const { egress, ingress } = verdictOf(engine, query);
    return [
      { model, query, direction: 'egress', half: egress },
      { model, query, direction: 'ingress', half: ingress },
    ] as const;
  });
}

/** The same outcome needs a cause that was there before, or none at all where nothing decides any more. */
function expectTakenOver(before: Half, after: Half, name: string): void {
  if (after.verdict !== before.verdict) return;
  const causes = after.deciders.map((other) => `${other.kind} ${other.name}`);
  const stands =
    causes.length > 0 ||
    after.summary === 'not isolated' ||
    after.summary.startsWith('enable-policy') ||
    after.summary.includes('own node');
  expect({ name, summary: after.summary, stands }).toEqual({ name, summary: after.summary, stands: true });
}

test('a near miss matches once its edit is applied', { timeout: 120_000 }, () => {
  let applied = 0;
  fc.assert(
    fc.property(randomWorld, (world) => {
      for (const { model, query, direction, half } of halvesOf(world)) {
        for (const miss of half.nearMisses) {
          for (const edit of editsOf(miss)) {
            applied += 1;
            expectOpen(world, model, query, direction, { ...miss, edit }, half);
          }
        }
      }
    }),
    { numRuns: RUNS, examples },
  );
  expect(applied).toBeGreaterThan(RUNS);
});

function expectOpen(
  world: RandomWorld,
  model: ClusterModel,
  query: Query,
  direction: Direction,
  miss: NearMiss,
  before: Half,
): void {
  const { edit } = miss;
  if (edit === undefined) return;
  const edited = engineWith(world, model, (policy) =>
    isOf(miss, policy) ? applyEdit(policy, edit) : policy,
  );
  const after = verdictOf(edited, query)[direction];
  // What else is not known stays so; a host-network pod has a second reading that the edit need not reach.
  const mayBeDenied =
    after.verdict === 'undecidable' && before.deciders.some(({ action }) => action === 'deny');
  const mayNotCount =
    after.verdict === 'undecidable' && query.protocol === 'SCTP' && dialectFor(world).sctp === 'unknown';
  const open =
    after.verdict === 'allow' ||
    mayBeDenied ||
    mayNotCount ||
    before.verdict === 'undecidable' ||
    involvesHost(query);
  expect({ miss: miss.text, edit: edit.text, verdict: after.verdict, open }).toEqual({
    miss: miss.text,
    edit: edit.text,
    verdict: after.verdict,
    open: true,
  });
  if (before.verdict === 'deny' && !involvesHost(query)) {
    expect(after.deciders.some((decider) => isOf(miss, decider) && decider.action === 'allow')).toBe(true);
  }
}

function involvesHost({ from, to }: Query): boolean {
  return [from, to].some((end) => end.type === 'pod' && end.pod.hostNetwork);
}

function isOf(
  a: Pick<Decider, 'kind' | 'namespace' | 'name'>,
  b: Pick<Decider, 'kind' | 'namespace' | 'name'>,
): boolean {
  return policyKey(a) === policyKey(b);
}

/** An engine over the same cluster with its policies changed one by one. */
function engineWith(
  world: RandomWorld,
  model: ClusterModel,
  change: (policy: Policy) => Policy | undefined,
): Engine {
  const { model: copy } = engineOf(world);
  const objects = [...model.policies()].flatMap((policy) => change(policy) ?? []);
  copy.apply({ type: 'reset', kind: 'policies', source: 'manifests', objects });
  return createEngine(copy, dialectFor(world));
}

function questions(model: ClusterModel): readonly Query[] {
  const live = [...model.pods()].filter(isLive).map((pod): End => ({ type: 'pod', pod }));
  const [first, second, third] = live;
  if (first === undefined || second === undefined || third === undefined) return [];
  const pairs: readonly (readonly [End, End])[] = [
    [first, second],
    [second, third],
    ...ADDRESSES.slice(0, 5).map((ip): readonly [End, End] => [first, { type: 'ip', ip }]),
    ...ADDRESSES.slice(0, 5).map((ip): readonly [End, End] => [{ type: 'ip', ip }, second]),
  ];
  return pairs.flatMap(([from, to]) => [
    { from, to, port: 80, protocol: 'TCP' },
    { from, to, port: 53, protocol: 'UDP' },
    { from, to, port: 81, protocol: 'SCTP' },
  ]);
}
