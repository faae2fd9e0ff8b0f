import { at, listAt, numberAt, textAt } from '../../core/common/common.ts';
import type { Store, Stored } from '../store/store.ts';
import { DAY, type Maker } from './make.ts';
import { API_SERVER, SERVICES, type ServicePlan } from './world-plan.ts';

/** Stores the services and their EndpointSlices, and `default/kubernetes`. */
export function placeServices(store: Store, maker: Maker): void {
  SERVICES.forEach((plan, i) => {
    const address =
      plan.headless === true ? 'None' : (plan.address ?? `10.96.${20 + i}.${maker.random.integer(2, 250)}`);
    const service = store.put('/services', makeService(maker, plan, address));
    store.put('discovery.k8s.io/endpointslices', makeSlice(store, maker, plan, service));
  });
  store.put('/services', makeService(maker, KUBERNETES, '10.96.0.1'));
  store.put(
    'discovery.k8s.io/endpointslices',
    maker.make(
      'discovery.k8s.io/v1',
      'EndpointSlice',
      {
        name: 'kubernetes',
        namespace: 'default',
        age: 212 * DAY,
        labels: { 'kubernetes.io/service-name': 'kubernetes' },
      },
      {
        addressType: 'IPv4',
        endpoints: [{ addresses: [API_SERVER.ip], conditions: { ready: true } }],
        ports: [{ name: 'https', port: API_SERVER.port, protocol: 'TCP' }],
      },
    ),
  );
}

const KUBERNETES: ServicePlan = {
  namespace: 'default',
  name: 'kubernetes',
  selector: {},
  ports: [{ name: 'https', port: 443, target: '6443' }],
};

function makeService(maker: Maker, plan: ServicePlan, clusterIP: string): Stored {
  const selector = Object.keys(plan.selector).length === 0 ? {} : { selector: plan.selector };
  return maker.make(
    'v1',
    'Service',
    { name: plan.name, namespace: plan.namespace, labels: plan.selector, age: 150 * DAY },
    {
      spec: {
        ports: plan.ports.map(({ name, port, target, protocol }) => ({
          name,
          protocol: protocol ?? 'TCP',
          port,
          targetPort: numberOf(target) ?? target,
        })),
        ...selector,
        clusterIP,
        clusterIPs: [clusterIP],
        type: 'ClusterIP',
        sessionAffinity: 'None',
        ipFamilies: ['IPv4'],
        ipFamilyPolicy: 'SingleStack',
        internalTrafficPolicy: 'Cluster',
      },
      status: { loadBalancer: {} },
    },
  );
}

/** The current endpoints of a service: its unfinished pods with an address. */
export function endpointsOf(
  store: Store,
  namespace: string,
  selector: Readonly<Record<string, string>>,
): readonly Readonly<Record<string, unknown>>[] {
  return backendsOf(store, namespace, selector).map(endpointOf);
}

function backendsOf(
  store: Store,
  namespace: string,
  selector: Readonly<Record<string, string>>,
): readonly Stored[] {
  return store
    .list('/pods', namespace)
    .filter(
      (pod) =>
        Object.entries(selector).every(([key, value]) => pod.metadata.labels?.[key] === value) &&
        textAt(pod.status, 'podIP') !== undefined &&
        !['Succeeded', 'Failed'].includes(textAt(pod.status, 'phase') ?? ''),
    );
}

function makeSlice(store: Store, maker: Maker, plan: ServicePlan, service: Stored): Stored {
  const backends = backendsOf(store, plan.namespace, plan.selector);
  return maker.make(
    'discovery.k8s.io/v1',
    'EndpointSlice',
    {
      name: `${plan.name}-${maker.random.text(5)}`,
      generateName: `${plan.name}-`,
      namespace: plan.namespace,
      labels: {
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        'kubernetes.io/service-name': plan.name,
      },
      owner: service,
      age: 19 * DAY,
    },
    {
      addressType: 'IPv4',
      endpoints: backends.map(endpointOf),
      ports: plan.ports.map(({ name, target, protocol }) => ({
        name,
        port: portOf(backends[0], target),
        protocol: protocol ?? 'TCP',
      })),
    },
  );
}

function endpointOf(pod: Stored): Readonly<Record<string, unknown>> {
  const ready = listAt(pod.status, 'conditions').some(
    (condition) => textAt(condition, 'type') === 'Ready' && textAt(condition, 'status') === 'True',
  );
  return {
    addresses: [textAt(pod.status, 'podIP')],
    conditions: { ready, serving: ready, terminating: pod.metadata.deletionTimestamp !== undefined },
    nodeName: at(pod.spec, 'nodeName'),
    targetRef: {
      kind: 'Pod',
      namespace: pod.metadata.namespace,
      name: pod.metadata.name,
      uid: pod.metadata.uid,
    },
  };
}

function portOf(pod: Stored | undefined, target: string): number | undefined {
  const named = listAt(pod?.spec, 'containers')
    .flatMap((container) => listAt(container, 'ports'))
    .find((port) => textAt(port, 'name') === target);
  return numberOf(target) ?? numberAt(named, 'containerPort');
}

function numberOf(target: string): number | undefined {
  return /^\d+$/.test(target) ? Number(target) : undefined;
}
