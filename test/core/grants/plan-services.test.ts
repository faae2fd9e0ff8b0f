import { describe, expect, test } from 'vitest';
import type { EndpointSlice, Pod, Service } from '../../../src/core/cluster/objects.ts';
import { pathChangeText } from '../../../src/core/policy/reach/collect.ts';
import { cluster, networkPolicy, pod, service } from '../../helpers/builders.ts';
import { good, planIn } from '../../helpers/plan-in.ts';

const web = pod({
  name: 'web-1',
  labels: { app: 'web' },
  owner: { kind: 'Deployment', namespace: 'shop', name: 'web' },
});
const db = (name: string, ports: Pod['ports'] = [], fields: Partial<Pod> = {}) =>
  pod({ name, labels: { app: 'db' }, ports, ...fields });
const pg = (port: number) => [{ name: 'pg', port, protocol: 'TCP' as const }];
const shut = (namespace: string) =>
  networkPolicy({ name: 'shut', namespace, spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] } });

type World = {
  readonly services: readonly Service[];
  readonly pods: readonly Pod[];
  readonly slices?: readonly EndpointSlice[];
  readonly ports?: readonly number[];
  readonly namespace?: string;
};

/** The plan from web to the first Service, where everything is closed. */
function planned({ services, pods, slices = [], ports = [80], namespace = 'shop' }: World) {
  const model = cluster({ pods: [web, ...pods], services, policies: [shut('shop'), shut('ops')] });
  model.apply({ type: 'reset', kind: 'endpointSlices', source: 'test', objects: slices });
  return planIn(model, {
    destination: { type: 'service', namespace, name: services[0]?.name ?? '' },
    ports: ports.map((port) => ({ port, protocol: 'TCP' })),
  });
}

const told = (world: World) => {
  const { opens, extra, ports, warnings } = good(planned(world));
  return {
    opens: opens.map(({ from, to, port }) => `${from.name} > ${to.name}:${port}`),
    extra: extra.map(pathChangeText),
    ports: ports.map(({ port }) => port),
    notes: warnings.filter((text) => text.includes('svc/')),
  };
};

const to = (targetPort: string | number, port = 80) => ({ port, targetPort, protocol: 'TCP' as const });
const headless = { headless: true, clusterIPs: [] } as const;
const { selector: _, ...bare } = service({ ports: [to(5_432)] });
const slice = (addresses: readonly string[], port = 15_432): EndpointSlice => ({
  kind: 'EndpointSlice',
  namespace: 'shop',
  name: 'db-1',
  service: 'db',
  addresses,
  ports: [{ port, protocol: 'TCP' }],
});

describe('a grant of a Service is one of the pods behind it', () => {
  test('at their target port, which the plan names', () => {
    expect(told({ services: [service({ ports: [to(5_432)] })], pods: [db('db-0')] })).toEqual({
      opens: ['web-1 > db-0:5432'],
      extra: [],
      ports: [5_432],
      notes: ['port 80 of svc/db leads to port 5432 of its pods'],
    });
  });

  test('at the number that each has under a name; what else the ports open is told', () => {
    const pods = [db('db-0', pg(5_432)), db('db-1', pg(5_433)), db('db-2')];
    expect(told({ services: [service({ ports: [to('pg')] })], pods })).toEqual({
      opens: ['web-1 > db-0:5432', 'web-1 > db-1:5433'],
      extra: [
        'shop/web → shop/db-0 tcp 5433',
        'shop/web → shop/db-1 tcp 5432',
        'shop/web → shop/db-2 tcp 5432-5433',
      ],
      ports: [5_432, 5_433],
      notes: [
        'port 80 of svc/db (pg) leads to port 5432 of db-0, port 5433 of db-1',
        'db-2 declares no port pg: svc/db does not route there',
      ],
    });
  });

  test('on several of its ports, each once though two lead to the same', () => {
    const services = [service({ ports: [to(5_432, 80), to(5_432, 81), to(9_000, 90)] })];
    expect(told({ services, pods: [db('db-0')], ports: [80, 81, 90] })).toMatchObject({
      opens: ['web-1 > db-0:5432', 'web-1 > db-0:9000'],
      ports: [5_432, 9_000],
    });
  });

  test('in another namespace', () => {
    const services = [service({ namespace: 'ops', ports: [to(5_432)] })];
    const pods = [db('db-0', [], { namespace: 'ops' })];
    const { halves } = good(planned({ services, pods, namespace: 'ops' }));
    expect(halves.map(({ direction, namespace }) => `${direction} ${namespace}`)).toEqual([
      'ingress ops',
      'egress shop',
    ]);
    expect(halves[1]?.policy.spec).toMatchObject({
      egress: [{ to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ops' } } }] }],
    });
  });

  test('that is headless, on the port that is dialed', () => {
    const services = [service({ ...headless, ports: [to(5_432)] })];
    expect(told({ services, pods: [db('db-0')] })).toMatchObject({ opens: ['web-1 > db-0:80'], ports: [80] });
  });

  test('without selector, of the pods that its EndpointSlices name', () => {
    const one = db('db-0', [], { ips: ['10.9.0.7'] });
    expect(told({ services: [bare], pods: [one], slices: [slice(['10.9.0.7'])] })).toEqual({
      opens: ['web-1 > db-0:15432'],
      extra: [],
      ports: [15_432],
      notes: ['svc/db has no selector: its EndpointSlices define where it leads'],
    });
  });

  test('without selector, of the one address outside', () => {
    const made = good(planned({ services: [bare], pods: [], slices: [slice(['198.51.100.7'])] }));
    expect(made.halves.map(({ policy }) => policy.spec)).toMatchObject([
      { egress: [{ to: [{ ipBlock: { cidr: '198.51.100.7/32' } }], ports: [{ port: 15_432 }] }] },
    ]);
    expect(made.opens.map((pair) => pair.to.name)).toEqual(['198.51.100.7']);
  });
});

test.each<readonly [string, World, string, string]>([
  [
    'a port that it lacks beside one that it has',
    { services: [service({ ports: [to(5_432)] })], pods: [db('db-0')], ports: [80, 81] },
    'svc/db has no port 81/tcp that leads to a pod.',
    'It declares 80/tcp.',
  ],
  [
    'a name that no pod declares',
    { services: [service({ ports: [to('pg')] })], pods: [db('db-0')] },
    'svc/db leads to pg, but none of its pods declares that port.',
    'Declare the port in the pods, or use its number in the Service.',
  ],
  [
    'no pods',
    { services: [service({ ports: [to(5_432)] })], pods: [] },
    'Service shop/db has no running pods.',
    'Wait until a pod is running, or choose another end.',
  ],
  [
    'no selector and no endpoints',
    { services: [bare], pods: [] },
    'Service shop/db has no selector, and no EndpointSlice gives it an address.',
    'Use the address that it should lead to.',
  ],
  [
    'several addresses outside',
    { services: [bare], pods: [], slices: [slice(['198.51.100.7', '198.51.100.8', '198.51.100.9'])] },
    'Service shop/db leads to 198.51.100.7, 198.51.100.8 and 1 more, and a grant has one destination.',
    'Grant one of them by its name or address, or a block that holds the addresses.',
  ],
  [
    'pods and addresses',
    {
      services: [bare],
      pods: [db('db-0', [], { ips: ['10.9.0.7'] })],
      slices: [slice(['10.9.0.7', '198.51.100.8'])],
    },
    'Service shop/db leads to 1 pod and 198.51.100.8, and a grant has one destination.',
    'Grant one of them by its name or address, or a block that holds the addresses.',
  ],
])('a Service with %s is refused', (_, world, message, hint) => {
  expect(planned(world)).toMatchObject({ ok: false, message, hint });
});
