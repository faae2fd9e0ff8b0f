import { type Stored, timestamp } from '../store/store.ts';
import { HOUR, type Maker } from './make.ts';
import { NODES, type NodeName, type WorkloadPlan } from './world-plan.ts';

/** Allocates addresses from the nodes' pod networks, in order. */
export type Addresses = { readonly next: (node: NodeName) => string };

export function createAddresses(): Addresses {
  const used = new Map<NodeName, number>();
  return {
    next: (node) => {
      const host = (used.get(node) ?? 3) + 1;
      used.set(node, host);
      const network = NODES.find(({ name }) => name === node)?.podCidr ?? '10.1.0.0/24';
      return network.replace(/0\/24$/, String(host));
    },
  };
}

/** A pod of a workload, as reported by its node. */
export function makePod(
  maker: Maker,
  plan: WorkloadPlan,
  pod: {
    readonly name: string;
    readonly node: NodeName;
    readonly ip: string;
    readonly owner: Stored;
    readonly labels: Readonly<Record<string, string>>;
    readonly age: number;
  },
): Stored {
  const { name, node, ip, owner, labels, age } = pod;
  const generateName = owner.kind === 'StatefulSet' ? {} : { generateName: `${owner.metadata.name}-` };
  return maker.make(
    'v1',
    'Pod',
    { name, ...generateName, namespace: plan.namespace, labels, owner, age },
    {
      spec: podSpec(plan, node),
      status: podStatus(plan, { node, ip, started: maker.now - age, now: maker.now }),
    },
  );
}

function podSpec(plan: WorkloadPlan, node: NodeName): Readonly<Record<string, unknown>> {
  return {
    ...templateSpec(plan),
    nodeName: node,
    enableServiceLinks: true,
    preemptionPolicy: 'PreemptLowerPriority',
    priority: 0,
    serviceAccount: plan.name,
    tolerations: [],
  };
}

/** The spec of a workload's template. */
export function templateSpec(plan: WorkloadPlan): Readonly<Record<string, unknown>> {
  return {
    containers: [
      {
        name: plan.name,
        image: plan.image,
        ...(plan.ports.length === 0
          ? {}
          : {
              ports: plan.ports.map(({ name, port, protocol }) => ({
                name,
                containerPort: port,
                ...(plan.hostNetwork === true ? { hostPort: port } : {}),
                protocol: protocol ?? 'TCP',
              })),
            }),
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        imagePullPolicy: 'IfNotPresent',
      },
    ],
    restartPolicy: plan.kind === 'Job' ? 'Never' : 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: plan.hostNetwork === true ? 'ClusterFirstWithHostNet' : 'ClusterFirst',
    ...(plan.hostNetwork === true ? { hostNetwork: true } : {}),
    securityContext: {},
    serviceAccountName: plan.name,
    schedulerName: 'default-scheduler',
  };
}

/** The status of a pending pod, which has no address yet. */
export function pendingStatus(now: number): Readonly<Record<string, unknown>> {
  const condition = {
    type: 'PodScheduled',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: timestamp(now),
  };
  return { phase: 'Pending', conditions: [condition], qosClass: 'BestEffort' };
}

/** The status of a pod whose containers behave as planned. */
export function podStatus(
  plan: WorkloadPlan,
  {
    node,
    ip,
    started,
    now,
  }: { readonly node: NodeName; readonly ip: string; readonly started: number; readonly now: number },
): Readonly<Record<string, unknown>> {
  const health = plan.health ?? 'ready';
  const ready = health === 'ready';
  const time = timestamp(started);
  const hostIP = NODES.find(({ name }) => name === node)?.ip ?? '';
  const podIP = plan.hostNetwork === true ? hostIP : ip;
  const why =
    health === 'succeeded' ? { reason: 'PodCompleted' } : ready ? {} : { reason: 'ContainersNotReady' };
  const condition = (type: string, holds: boolean): Readonly<Record<string, unknown>> => ({
    type,
    status: holds ? 'True' : 'False',
    lastProbeTime: null,
    lastTransitionTime: time,
    ...(holds ? {} : why),
  });
  return {
    phase: health === 'succeeded' ? 'Succeeded' : 'Running',
    conditions: [
      condition('PodReadyToStartContainers', health !== 'succeeded'),
      condition('Initialized', true),
      condition('Ready', ready),
      condition('ContainersReady', ready),
      condition('PodScheduled', true),
    ],
    hostIP,
    hostIPs: [{ ip: hostIP }],
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: time,
    containerStatuses: [
      {
        name: plan.name,
        ...containerState(health, started, now),
        ready,
        restartCount: plan.restarts ?? 0,
        image: plan.image,
        imageID: plan.image,
        containerID: `containerd://${plan.name}`,
        started: ready || health === 'unready',
      },
    ],
    qosClass: 'BestEffort',
  };
}

function containerState(
  health: NonNullable<WorkloadPlan['health']>,
  started: number,
  now: number,
): Readonly<Record<string, unknown>> {
  const startedAt = timestamp(started);
  switch (health) {
    case 'ready':
    case 'unready':
      return { state: { running: { startedAt } }, lastState: {} };
    case 'crashing':
      return {
        state: {
          waiting: {
            reason: 'CrashLoopBackOff',
            message: 'back-off 5m0s restarting failed container',
          },
        },
        lastState: {
          terminated: {
            exitCode: 1,
            reason: 'Error',
            startedAt: timestamp(now - 150_000),
            finishedAt: timestamp(now - 148_000),
          },
        },
      };
    case 'succeeded':
      return {
        state: {
          terminated: {
            exitCode: 0,
            reason: 'Completed',
            startedAt,
            finishedAt: timestamp(Math.min(now, started + HOUR / 20)),
          },
        },
        lastState: {},
      };
  }
}
