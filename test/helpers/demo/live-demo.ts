import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAuditLog } from '../../../src/audit/log.ts';
import { readAuditLog } from '../../../src/audit/read.ts';
import { DEFAULT_LIMITS } from '../../../src/core/common/limits.ts';
import type { Grant, GrantRequest } from '../../../src/core/grants/grant.ts';
import type { AuditRecord, Clock } from '../../../src/core/ports/ports.ts';
import { ALL_RULES } from '../../../src/demo/api/access.ts';
import { type Demo, type DemoOptions, startDemo } from '../../../src/demo/demo.ts';
import { createHubbleSource } from '../../../src/hubble/client/source.ts';
import { connect } from '../../../src/kube/kube.ts';
import type { MadeGrant } from '../../../src/session/grants/make-grant.ts';
import { makeRequest } from '../../../src/session/grants/make-request.ts';
import type { Connection } from '../../../src/session/runtime/connection.ts';
import { type Runtime, startRuntime } from '../../../src/session/runtime/runtime.ts';
import { eventually } from '../eventually.ts';
import { apiOf } from './demo.ts';

const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** The session's runtime at work on an embedded cluster, over real HTTP and gRPC, with a log of its own. */
export type LiveDemo = {
  readonly demo: Demo;
  readonly runtime: Runtime;
  /** The newest state of a grant. */
  readonly grant: (id: string) => Grant | undefined;
  /** Resolves when a grant has the state. */
  readonly reaches: (id: string, state: Grant['state']['name']) => Promise<Grant>;
  readonly audited: () => Promise<readonly AuditRecord[]>;
  readonly auditPath: string;
  /** Puts a file where the log's folder was: nothing can be written any more. */
  readonly spoilLog: () => Promise<void>;
  /** Plans and makes a grant as the app does. */
  readonly open: (request?: Partial<GrantRequest>) => Promise<Grant>;
  readonly dispose: () => Promise<void>;
};

const shop = (kind: string, name: string) =>
  ({ type: 'workload', ref: { kind, namespace: 'shop', name } }) as const;

/** The story's request: web to db for a few seconds. */
export const STORY: GrantRequest = {
  source: shop('Deployment', 'web'),
  destination: shop('StatefulSet', 'db'),
  ports: [{ port: 5_432, protocol: 'TCP' }],
  seconds: 3,
  reason: 'test',
};

/** Both halves closed: cart may not send, cache may not receive. */
export const BOTH: Partial<GrantRequest> = {
  source: shop('Deployment', 'cart'),
  destination: shop('StatefulSet', 'cache'),
  ports: [{ port: 6_379, protocol: 'TCP' }],
};

/** A connection to an embedded cluster, as the cli composes it. */
export async function connectionTo(
  demo: Demo,
  directory: string,
  kubeconfig = demo.kubeconfig,
): Promise<Connection> {
  const cluster = await connect({ kubeconfig: { text: kubeconfig } });
  return {
    api: cluster.api,
    feed: cluster.feed,
    context: cluster.context,
    namespace: cluster.namespace,
    demo: true,
    traffic: async () => createHubbleSource({ address: demo.hubbleAddress, tls: false }),
    audit: () => openAuditLog({ directory, cluster: 'demo', version: 'test' }),
    records: (_, since) => readAuditLog(join(directory, 'demo'), { since }),
    foreign: (signal) => cluster.foreignPolicies(signal),
    dispose: () => cluster.dispose(),
  };
}

/** Asks for a path as the app and `request` do; by default the story's. */
export async function ask(
  { runtime }: Pick<LiveDemo, 'runtime'>,
  request: Partial<GrantRequest> = {},
): Promise<MadeGrant> {
  const { signal } = new AbortController();
  const asked: GrantRequest = { ...STORY, ...request, approval: { type: 'asked' } };
  const plan = await runtime.plan(asked, signal);
  if (!plan.ok) throw new Error(plan.message);
  return makeRequest(runtime.grantDeps, runtime, plan, asked, () => undefined, signal);
}

/** Isolates every pod of the namespace `monitoring` from all that comes in, and waits until that is known. */
export async function closeMonitoring({ demo, runtime }: LiveDemo): Promise<void> {
  const admin = apiOf(demo.faults.addUser({ username: 'admin', rules: ALL_RULES }));
  await admin.post('/apis/networking.k8s.io/v1/namespaces/monitoring/networkpolicies', {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'closed' },
    spec: { podSelector: {}, policyTypes: ['Ingress'] },
  });
  await eventually(() => {
    if (runtime.model.policy('NetworkPolicy', 'monitoring', 'closed') === undefined)
      throw new Error('monitoring is still open');
  });
}

/** From shop to monitoring: the egress half is in the one, the ingress half in the other. */
export const ACROSS: Partial<GrantRequest> = {
  source: shop('Deployment', 'cart'),
  destination: {
    type: 'workload',
    ref: { kind: 'StatefulSet', namespace: 'monitoring', name: 'prometheus' },
  },
  ports: [{ port: 9_090, protocol: 'TCP' }],
  seconds: 600,
};

/** A path within monitoring, as far as somebody confined to shop is concerned. */
export const ELSEWHERE: Partial<GrantRequest> = {
  source: { type: 'workload', ref: { kind: 'Deployment', namespace: 'monitoring', name: 'grafana' } },
  destination: {
    type: 'workload',
    ref: { kind: 'StatefulSet', namespace: 'monitoring', name: 'prometheus' },
  },
  ports: [{ port: 9_090, protocol: 'TCP' }],
  seconds: 600,
};

export async function startLiveDemo(options: DemoOptions = {}): Promise<LiveDemo> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-audit-'));
  const demo = await startDemo(options);
  const connection = await connectionTo(demo, directory);
  const runtime = await startRuntime(
    connection,
    { clock, version: 'test', limits: DEFAULT_LIMITS, traffic: true, namespace: 'shop', listener: {} },
    new AbortController().signal,
  );
  await runtime.ready;
  const grant = (id: string) => runtime.keeper.grants().find((candidate) => candidate.id === id);
  const { path } = await connection.audit(runtime.info);
  return {
    demo,
    runtime,
    grant,
    auditPath: path,
    reaches: (id, state) =>
      eventually(() => {
        const found = grant(id);
        if (found?.state.name !== state)
          throw new Error(`${id} is ${JSON.stringify(found?.state)}, not ${state}`);
        return found;
      }),
    audited: async () => {
      const records: AuditRecord[] = [];
      for await (const record of readAuditLog(path)) records.push(record);
      return records;
    },
    spoilLog: async () => {
      await rm(path, { recursive: true, force: true });
      await writeFile(path, '');
    },
    open: async (request = {}) => {
      const signal = new AbortController().signal;
      const asked = { ...STORY, ...request };
      const plan = await runtime.plan(asked, signal);
      if (!plan.ok) throw new Error(plan.message);
      return runtime.grant(plan, asked, () => undefined, signal);
    },
    dispose: async () => {
      await runtime.dispose();
      await demo.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
