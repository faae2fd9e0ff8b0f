import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newlyIsolated, toConfirm } from '../../../src/core/grants/plan.ts';
import { createEngine, type Engine } from '../../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../../src/core/policy/enforcers/enforcers.ts';
import { parseNetworkPolicy } from '../../../src/core/policy/kinds/network-policy.ts';
import { cluster, networkPolicy, pod, service } from '../../helpers/builders.ts';
import { good, planIn } from '../../helpers/plan-in.ts';

const workload = (kind: string, name: string) => ({ kind, namespace: 'shop', name });
const pods = [
  ['web-1', 'web', 'a', 'Deployment'],
  ['web-2', 'web', 'b', 'Deployment'],
  ['db-0', 'db', 'a', 'StatefulSet'],
  ['db-1', 'db', 'b', 'StatefulSet'],
  ['job-1', 'web', 'c', 'Job'],
].map(([name = '', app = '', part = '', kind = '']) =>
  pod({ name, labels: { app, part }, owner: workload(kind, name.replace(/-\d$/, '')) }),
);

const DIRECTIONS = ['ingress', 'egress'] as const;
const some = fc.oneof(
  fc.constant({}),
  fc.constantFrom('web', 'db').map((app) => ({ matchLabels: { app } })),
  fc.constantFrom('a', 'b', 'c').map((part) => ({ matchLabels: { part } })),
);
const policies = fc
  .array(
    fc.record({
      podSelector: some,
      types: fc.subarray(['Ingress', 'Egress'], { minLength: 1 }),
      peer: fc.option(some),
    }),
    { maxLength: 4 },
  )
  .map((list) =>
    list.map(({ podSelector, types, peer }, at) =>
      networkPolicy({
        name: `p${at}`,
        spec: {
          podSelector,
          policyTypes: types,
          ...(peer === null ? {} : { ingress: [{ from: [{ podSelector: peer }] }] }),
        },
      }),
    ),
  );
const source = fc.constantFrom(
  { type: 'workload', ref: workload('Deployment', 'web') } as const,
  { type: 'pod', namespace: 'shop', name: 'web-1' } as const,
  { type: 'range', cidr: '198.51.100.0/24' } as const,
);
const destination = fc.constantFrom(
  { type: 'workload', ref: workload('StatefulSet', 'db') } as const,
  { type: 'service', namespace: 'shop', name: 'db' } as const,
  { type: 'ip', ip: '198.51.100.7' } as const,
);

/** Pods and directions that some policy isolates, by reading the policies alone. */
function isolated(engine: Engine): ReadonlySet<string> {
  return new Set(
    pods.flatMap((one) =>
      DIRECTIONS.filter((direction) =>
        engine.policiesOn(one).some((policy) => policy.isolates[direction]),
      ).map((direction) => `${one.name} (${direction})`),
    ),
  );
}

test('whatever a plan isolates that was not isolated has to be confirmed, by name (GRANT-45)', () => {
  let seen = 0;
  fc.assert(
    fc.property(policies, source, destination, (inForce, from, to) => {
      const model = cluster({ pods, policies: inForce, services: [service()] });
      const planned = planIn(model, { source: from, destination: to });
      if (!planned.ok) return;
      const before = isolated(createEngine(model, dialectOf('spec')));
      const drafts = planned.halves.map(({ policy }) => parseNetworkPolicy(policy));
      const then = cluster({ pods, policies: [...inForce, ...drafts] });
      const newly = isolated(createEngine(then, dialectOf('spec'))).difference(before);
      const asked = toConfirm(planned).find(({ what }) => what === 'isolates')?.names ?? [];
      expect(new Set(asked)).toEqual(newly);
      seen += newly.size;
    }),
  );
  expect(seen).toBeGreaterThan(0);
});

test('what would be isolated only by now, since the cluster has changed, is told', () => {
  const deny = networkPolicy({ name: 'deny', spec: { podSelector: {}, policyTypes: ['Ingress'] } });
  const plan = good(planIn(cluster({ pods, policies: [deny] })));
  const engineOf = (inForce: readonly (typeof deny)[]) =>
    createEngine(cluster({ pods, policies: inForce }), dialectOf('spec'));
  expect(newlyIsolated(engineOf([deny]), plan)).toEqual([]);
  expect(newlyIsolated(engineOf([]), plan)).toEqual(['db-0 (ingress)', 'db-1 (ingress)']);
});
