import type { EndRef } from '../../src/core/cluster/objects.ts';
import type { GrantRequest } from '../../src/core/grants/grant.ts';
import type { GrantPlan } from '../../src/core/grants/plan.ts';
import { planGrant } from '../../src/core/grants/plan-grant.ts';
import type { ClusterModel } from '../../src/core/live/model.ts';
import { createEngine } from '../../src/core/policy/decide/engine.ts';
import { dialectOf } from '../../src/core/policy/enforcers/enforcers.ts';
import type { Dialect } from '../../src/core/policy/match/dialect.ts';
import type { ForeignObject } from '../../src/core/policy/model/policy.ts';

const owned = (kind: string, name: string): EndRef => ({
  type: 'workload',
  ref: { kind, namespace: 'shop', name },
});

/** Plans a grant in a cluster: `deploy/web` to `sts/db` on 5432, unless the request says otherwise. */
export function planIn(
  model: ClusterModel,
  request: Partial<GrantRequest> = {},
  dialect: Dialect = dialectOf('spec'),
  foreign: readonly ForeignObject[] = [],
): GrantPlan {
  const engine = createEngine(model, dialect);
  engine.setForeign(foreign);
  return planGrant({
    model,
    engine,
    request: {
      source: owned('Deployment', 'web'),
      destination: owned('StatefulSet', 'db'),
      ports: [{ port: 5_432, protocol: 'TCP' }],
      seconds: 900,
      reason: 'test',
      ...request,
    },
    id: 'tst2',
    requester: 'alice',
    version: '0.0.0',
    maxSeconds: 28_800,
    workloads: [],
  });
}

/** A plan that must be good. */
export function good(planned: GrantPlan): Extract<GrantPlan, { ok: true }> {
  if (!planned.ok) throw new Error(`refused: ${planned.message}`);
  return planned;
}
