import { openAuditLog } from '../../src/audit/log.ts';
import { DEFAULT_LIMITS } from '../../src/core/common/limits.ts';
import type { GrantRequest } from '../../src/core/grants/grant.ts';
import { startDemo } from '../../src/demo/demo.ts';
import { createHubbleSource } from '../../src/hubble/client/source.ts';
import { connect } from '../../src/kube/kube.ts';
import { startRuntime } from '../../src/session/runtime/runtime.ts';

const COUNT = 100;
const workload = (kind: string, name: string) =>
  ({ type: 'workload', ref: { kind, namespace: 'shop', name } }) as const;
const request: GrantRequest = {
  source: workload('Deployment', 'web'),
  destination: workload('StatefulSet', 'db'),
  ports: [{ port: 5_432, protocol: 'TCP' }],
  seconds: 10,
  reason: 'bench',
};
const signal = new AbortController().signal;
const demo = await startDemo();
const cluster = await connect({ kubeconfig: { text: demo.kubeconfig } });
const gone = new Map<string, number>();
const runtime = await startRuntime(
  {
    api: cluster.api,
    feed: cluster.feed,
    context: cluster.context,
    namespace: 'shop',
    demo: true,
    traffic: async () => createHubbleSource({ address: demo.hubbleAddress, tls: false }),
    audit: () => openAuditLog({ cluster: 'bench', version: 'bench' }),
    records: async function* () {},
    foreign: async () => ({ objects: [], denied: [] }),
    dispose: () => cluster.dispose(),
  },
  {
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    version: 'bench',
    limits: DEFAULT_LIMITS,
    traffic: false,
    namespace: 'shop',
    listener: {
      grants: () => {
        for (const { id, state } of runtime.keeper.grants()) {
          if (state.name === 'revoked' && !gone.has(id)) gone.set(id, Date.now());
        }
      },
    },
  },
  signal,
);
await runtime.ready;
// All plans first: once one grant opens the path, a further one would be refused.
const plans = [];
for (let index = 0; index < COUNT; index += 1) {
  const plan = await runtime.plan(request, signal);
  if (!plan.ok) throw new Error(plan.message);
  plans.push(plan);
}
const made = await Promise.all(plans.map((plan) => runtime.grant(plan, request, () => undefined, signal)));
const ends = new Map(made.map(({ id, window }) => [id, window?.end ?? 0]));
await Promise.all(made.map(({ id }) => runtime.keeper.ended(id)));
const late = [...gone].map(([id, at]) => at - (ends.get(id) ?? 0)).sort((a, b) => a - b);
const at = (share: number) => late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? 0;
const spread = new Set(ends.values()).size;
console.log(
  `${COUNT} grants ending in ${spread} ${spread === 1 ? 'second' : 'seconds'}: gone p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms after the window (budget 500 ms)`,
);
await runtime.dispose();
await demo.stop();
