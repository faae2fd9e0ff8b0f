import { type Store, type Stored, timestamp } from '../store/store.ts';
import { DAY, HOUR, type Maker } from './make.ts';
import { type Addresses, makePod, templateSpec } from './pods.ts';
import type { WorkloadPlan } from './world-plan.ts';

/** Stores a workload with everything between it and its pods. */
export function placeWorkload(store: Store, maker: Maker, addresses: Addresses, plan: WorkloadPlan): void {
  const age = maker.random.integer(20, 90) * DAY;
  const owner = store.put(
    `${groupOf(plan)}/${plan.kind.toLowerCase()}s`,
    maker.make(
      `${groupOf(plan)}/v1`,
      plan.kind,
      {
        name: plan.name,
        namespace: plan.namespace,
        labels: plan.labels,
        age: plan.kind === 'Job' ? 3 * HOUR : age,
      },
      workloadParts(maker, plan),
    ),
  );
  const { parent, labels } =
    plan.kind === 'Deployment' ? replicaSet(store, maker, plan, owner) : direct(plan, owner);
  plan.nodes.forEach((node, i) => {
    const name =
      plan.kind === 'StatefulSet'
        ? `${plan.name}-${i}`
        : `${parent.metadata.name}-${maker.random.text(podSuffix(plan))}`;
    const ordinal: Readonly<Record<string, string>> =
      plan.kind === 'StatefulSet'
        ? { 'statefulset.kubernetes.io/pod-name': name, 'apps.kubernetes.io/pod-index': String(i) }
        : {};
    store.put(
      '/pods',
      makePod(maker, plan, {
        name,
        node,
        ip: plan.hostNetwork === true ? '' : addresses.next(node),
        owner: parent,
        labels: { ...labels, ...ordinal },
        age: plan.kind === 'Job' ? 3 * HOUR : maker.random.integer(1, 19) * DAY,
      }),
    );
  });
}

type Parent = { readonly parent: Stored; readonly labels: Readonly<Record<string, string>> };

function direct(plan: WorkloadPlan, owner: Stored): Parent {
  if (plan.kind !== 'Job') return { parent: owner, labels: plan.labels };
  return {
    parent: owner,
    labels: {
      ...plan.labels,
      'batch.kubernetes.io/controller-uid': owner.metadata.uid,
      'batch.kubernetes.io/job-name': plan.name,
      'controller-uid': owner.metadata.uid,
      'job-name': plan.name,
    },
  };
}

function replicaSet(store: Store, maker: Maker, plan: WorkloadPlan, owner: Stored): Parent {
  const hash = maker.random.text(4);
  const labels = { ...plan.labels, 'pod-template-hash': hash };
  const replicas = plan.nodes.length;
  const ready = readyOf(plan);
  const parent = store.put(
    'apps/replicasets',
    maker.make(
      'apps/v1',
      'ReplicaSet',
      {
        name: `${plan.name}-${hash}`,
        namespace: plan.namespace,
        labels,
        owner,
        age: 19 * DAY,
        annotations: { 'deployment.kubernetes.io/revision': '1' },
      },
      {
        spec: {
          replicas,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: templateSpec(plan) },
        },
        status: {
          replicas,
          fullyLabeledReplicas: replicas,
          readyReplicas: ready,
          availableReplicas: ready,
          observedGeneration: 1,
        },
      },
    ),
  );
  return { parent, labels };
}

function workloadParts(maker: Maker, plan: WorkloadPlan): Readonly<Record<string, unknown>> {
  const replicas = plan.nodes.length;
  const ready = readyOf(plan);
  const template = { metadata: { labels: plan.labels }, spec: templateSpec(plan) };
  const selector = { matchLabels: plan.labels };
  switch (plan.kind) {
    case 'Deployment':
      return {
        spec: { replicas, selector, template, strategy: { type: 'RollingUpdate' }, revisionHistoryLimit: 10 },
        status: {
          observedGeneration: 1,
          replicas,
          updatedReplicas: replicas,
          readyReplicas: ready,
          availableReplicas: ready,
        },
      };
    case 'StatefulSet':
      return {
        spec: { replicas, selector, template, serviceName: plan.name, podManagementPolicy: 'OrderedReady' },
        status: { observedGeneration: 1, replicas, readyReplicas: ready, currentReplicas: replicas },
      };
    case 'DaemonSet':
      return {
        spec: { selector, template },
        status: { currentNumberScheduled: replicas, desiredNumberScheduled: replicas, numberReady: ready },
      };
    case 'Job':
    case 'CronJob':
      return {
        spec: {
          parallelism: 1,
          completions: 1,
          backoffLimit: 6,
          template,
          completionMode: 'NonIndexed',
          suspend: false,
        },
        status: {
          startTime: timestamp(maker.now - 3 * HOUR),
          completionTime: timestamp(maker.now - 3 * HOUR + 180_000),
          succeeded: 1,
          ready: 0,
          terminating: 0,
          uncountedTerminatedPods: {},
          conditions: ['SuccessCriteriaMet', 'Complete'].map((type) => ({
            type,
            status: 'True',
            lastProbeTime: timestamp(maker.now - 3 * HOUR + 180_000),
            lastTransitionTime: timestamp(maker.now - 3 * HOUR + 180_000),
            reason: 'CompletionsReached',
            message: 'Reached expected number of succeeded pods',
          })),
        },
      };
  }
}

function groupOf(plan: WorkloadPlan): string {
  return plan.kind === 'Job' || plan.kind === 'CronJob' ? 'batch' : 'apps';
}

function readyOf(plan: WorkloadPlan): number {
  return (plan.health ?? 'ready') === 'ready' ? plan.nodes.length : 0;
}

function podSuffix(plan: WorkloadPlan): number {
  return plan.kind === 'Deployment' ? 3 : 5;
}
