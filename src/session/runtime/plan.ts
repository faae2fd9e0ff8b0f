import type { GrantRequest } from '../../core/access/grant.ts';
import { brokenByPlan, brokenLimit, type Limits } from '../../core/access/limits.ts';
import { grantId } from '../../core/access/names.ts';
import type { GrantPlan } from '../../core/access/plan.ts';
import { planGrant } from '../../core/access/plan-grant.ts';
import type { ClusterModel } from '../../core/cluster/model.ts';
import type { Workload } from '../../core/cluster/objects.ts';
import type { Engine } from '../../core/policy/decide/engine.ts';
import type { ClusterInfo, Identity } from '../../core/ports.ts';
import type { Connection } from '../connection.ts';

/** What a plan is made from. */
export type PlanParts = {
  readonly connection: Connection;
  readonly model: ClusterModel;
  readonly engine: Engine;
  readonly info: ClusterInfo;
  readonly identity: Identity;
  readonly limits: Limits;
  readonly version: string;
};

/** Plans grants on one connection, within the limits of the configuration; nothing is written. */
export function planner(
  parts: PlanParts,
): (request: GrantRequest, signal: AbortSignal) => Promise<GrantPlan> {
  const { connection, model, engine, info, identity, limits, version } = parts;
  return async (request, signal) => {
    const broken = brokenLimit(request, limits, info.context);
    if (broken !== undefined) return { ok: false, reason: 'invalid', ...broken };
    const plan = planGrant({
      model,
      engine,
      request,
      id: grantId(crypto.getRandomValues(new Uint8Array(8))),
      requester: identity.username,
      version,
      workloads: await workloadsOf(connection, request, signal),
    });
    const guarded = plan.ok ? brokenByPlan(plan, limits) : undefined;
    return guarded === undefined ? plan : { ok: false, reason: 'invalid', ...guarded };
  };
}

async function workloadsOf(
  { api }: Connection,
  request: GrantRequest,
  signal: AbortSignal,
): Promise<readonly Workload[]> {
  const refs = [request.source, request.destination].flatMap((end) =>
    end.type === 'workload' ? [end.ref] : [],
  );
  const found = await Promise.all(refs.map((ref) => api.workload(ref, signal)));
  return found.filter((workload) => workload !== undefined);
}
