import { openAuditLog } from '../../../src/audit/audit.ts';
import { DEFAULT_LIMITS } from '../../../src/core/common/limits.ts';
import type { ClusterModel } from '../../../src/core/live/model.ts';
import type { Engine } from '../../../src/core/policy/decide/engine.ts';
import type { ClusterInfo } from '../../../src/core/ports/ports.ts';
import { type Cluster, connect } from '../../../src/kube/kube.ts';
import type { Connection } from '../../../src/session/runtime/connection.ts';
import { type Runtime, startRuntime } from '../../../src/session/runtime/runtime.ts';
import type { RealCluster } from '../../helpers/real-cluster.ts';

/** The program's engine over the real cluster, with admin access to it. */
export type Live = {
  readonly model: ClusterModel;
  readonly engine: Engine;
  readonly info: ClusterInfo;
  /** Plans, makes and revokes grants, as alice. */
  readonly grants: Pick<Runtime, 'plan' | 'grant' | 'keeper'>;
  /** Writes objects and runs exec, as admin. */
  readonly hands: Cluster;
  /** Resolves when a condition on the model is true; checked on every change of the cluster. */
  readonly until: (what: string, holds: () => boolean, within?: number) => Promise<void>;
  readonly dispose: () => Promise<void>;
};

const clock = { now: () => Date.now(), monotonic: () => performance.now() };

/**
 * Watches the cluster as the program does for alice: with her permissions and the detected enforcer.
 *
 * @param records where the audit log goes; without it no grant can be made
 */
export async function startLive(cluster: RealCluster, records?: string): Promise<Live> {
  const hands = await connect({ kubeconfig: cluster.admin });
  const watching = new Set<() => void>();
  const runtime = await startRuntime(
    connectionOver(await connect({ kubeconfig: cluster.alice.kubeconfig }), records),
    {
      clock,
      version: 'test',
      limits: DEFAULT_LIMITS,
      traffic: false,
      listener: {
        cluster: () => {
          for (const look of watching) look();
        },
      },
    },
    new AbortController().signal,
  );
  await runtime.ready;
  const { model, engine, info } = runtime;
  return {
    model,
    engine,
    info,
    grants: runtime,
    hands,
    until: (what, holds, within = 90_000) =>
      new Promise((resolve, reject) => {
        const end = (settle: () => void) => {
          clearTimeout(late);
          watching.delete(look);
          settle();
        };
        const look = () => {
          if (holds()) end(resolve);
        };
        const late = setTimeout(
          () => end(() => reject(new Error(`not within ${within / 1_000} s: ${what}`))),
          within,
        );
        watching.add(look);
        look();
      }),
    dispose: async () => {
      await runtime.dispose();
      await hands.dispose();
    },
  };
}

function connectionOver(cluster: Cluster, records: string | undefined): Connection {
  const unused = () => Promise.reject(new Error('not asked for here'));
  return {
    api: cluster.api,
    feed: cluster.feed,
    context: cluster.context,
    demo: false,
    traffic: unused,
    audit:
      records === undefined
        ? unused
        : () => openAuditLog({ directory: records, cluster: 'packets', version: 'test' }),
    records: async function* () {},
    foreign: (signal) => cluster.foreignPolicies(signal),
    dispose: () => cluster.dispose(),
  };
}
