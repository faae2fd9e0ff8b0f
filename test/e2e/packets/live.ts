import { DEFAULT_LIMITS } from '../../../src/core/common/limits.ts';
import type { ClusterModel } from '../../../src/core/live/model.ts';
import type { Engine } from '../../../src/core/policy/decide/engine.ts';
import type { ClusterInfo } from '../../../src/core/ports/ports.ts';
import { type Cluster, connect } from '../../../src/kube/kube.ts';
import type { Connection } from '../../../src/session/runtime/connection.ts';
import { startRuntime } from '../../../src/session/runtime/runtime.ts';
import type { RealCluster } from '../../helpers/real-cluster.ts';

/** The program's engine over the real cluster, with admin access to it. */
export type Live = {
  readonly model: ClusterModel;
  readonly engine: Engine;
  readonly info: ClusterInfo;
  /** Writes objects and runs exec, as admin. */
  readonly hands: Cluster;
  /** Resolves when a condition on the model is true; checked on every change of the cluster. */
  readonly until: (what: string, holds: () => boolean, within?: number) => Promise<void>;
  readonly dispose: () => Promise<void>;
};

const clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** Watches the cluster as the program does for alice: with her permissions and the detected enforcer. */
export async function startLive(cluster: RealCluster): Promise<Live> {
  const hands = await connect({ kubeconfig: cluster.admin });
  const watching = new Set<() => void>();
  const runtime = await startRuntime(
    connectionOver(await connect({ kubeconfig: cluster.alice.kubeconfig })),
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

function connectionOver(cluster: Cluster): Connection {
  const unused = () => Promise.reject(new Error('not asked for here'));
  return {
    api: cluster.api,
    feed: cluster.feed,
    context: cluster.context,
    demo: false,
    traffic: unused,
    audit: unused,
    records: async function* () {},
    foreign: (signal) => cluster.foreignPolicies(signal),
    dispose: () => cluster.dispose(),
  };
}
