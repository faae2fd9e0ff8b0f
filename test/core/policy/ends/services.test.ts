import { describe, expect, test } from 'vitest';
import { networkPolicy, node, pod, service } from '../../../helpers/builders.ts';
import { askedWorld, partTexts } from './world.ts';

const web = pod({ name: 'web' });
const backend = (name: string, port: number) =>
  pod({ name, labels: { app: 'db' }, ports: [{ name: 'pg', port, protocol: 'TCP' }] });
const admits = (port: number | string) =>
  networkPolicy({
    name: 'db',
    spec: { podSelector: { matchLabels: { app: 'db' } }, ingress: [{ ports: [{ port }] }] },
  });

describe('a Service (NP-27)', () => {
  test('is judged at the targetPort of its pods, not at its own port', () => {
    const db = service({ ports: [{ port: 80, targetPort: 5432, protocol: 'TCP' }] });
    const { ask } = askedWorld({
      pods: [web, backend('db-0', 5432)],
      services: [db],
      policies: [admits(5432)],
    });
    expect(ask('web', 'svc/db', '80')).toMatchObject({
      verdict: { verdict: 'allow' },
      notes: ['port 80 of svc/db leads to port 5432 of its pods'],
    });
    expect(ask('web', 'db.shop.svc', '80').verdict.verdict).toBe('allow');
    expect(ask('web', db.clusterIPs[0] ?? '', '80')).toMatchObject({
      to: 'svc/db',
      verdict: { verdict: 'allow' },
    });
  });

  test('whose named targetPort differs from pod to pod tells them apart', () => {
    const db = service({ ports: [{ name: 'sql', port: 5432, targetPort: 'pg', protocol: 'TCP' }] });
    const pods = [
      web,
      backend('db-0', 5432),
      backend('db-1', 5433),
      pod({ name: 'db-2', labels: { app: 'db' } }),
    ];
    const { ask } = askedWorld({ pods, services: [db], policies: [admits(5432)] });
    const answer = ask('web', 'svc/db', '5432');
    expect(partTexts(answer)).toEqual(['allow shop/db-0 5432', 'deny shop/db-1 5433']);
    expect(answer.notes).toEqual([
      'port 5432 of svc/db (pg) leads to port 5432 of db-0, port 5433 of db-1',
      'db-2 declares no port pg: svc/db does not route there',
    ]);
    expect(partTexts(ask('web', 'svc/db', 'sql'))).toEqual(partTexts(answer));
  });

  test('that lacks the port says which it has', () => {
    const { ask } = askedWorld({ pods: [web, backend('db-0', 5432)], services: [service()] });
    expect(() => ask('web', 'svc/db', '81')).toThrow(
      expect.objectContaining({ code: 'failed', hint: 'It declares 5432/tcp.' }),
    );
    expect(() => ask('web', 'svc/db', '5432/udp')).toThrow(/no port 5432\/udp/);
  });

  test('without live pods is refused', () => {
    const { ask } = askedWorld({ pods: [web], services: [service()] });
    expect(() => ask('web', 'svc/db', '5432')).toThrow(/has no running pods/);
  });

  test('that is headless leads to the port that is dialled', () => {
    const db = service({
      headless: true,
      clusterIPs: [],
      ports: [{ port: 80, targetPort: 5432, protocol: 'TCP' }],
    });
    const { ask } = askedWorld({
      pods: [web, backend('db-0', 5432)],
      services: [db],
      policies: [admits(5432)],
    });
    expect(ask('web', 'svc/db', '80').verdict.verdict).toBe('deny');
    expect(ask('web', 'svc/db', '5432').verdict.verdict).toBe('allow');
    expect(ask('web', 'svc/db', '80').notes.join()).toContain('headless');
  });

  test('that is an ExternalName is the name that it stands for', () => {
    const api = service({
      name: 'api',
      type: 'ExternalName',
      externalName: 'api.example.com',
      clusterIPs: [],
      ports: [],
    });
    const answer = askedWorld({ pods: [web], services: [api] }).ask('web', 'svc/api', '443');
    expect(answer).toMatchObject({ to: 'api.example.com', verdict: { verdict: 'allow' } });
    expect(answer.notes[0]).toBe('svc/api is an ExternalName for api.example.com');
  });

  test('without selector is whatever its EndpointSlices say', () => {
    const { selector: _, ...old } = service({
      name: 'old',
      ports: [{ port: 5432, targetPort: 5432, protocol: 'TCP' }],
    });
    const slice = {
      kind: 'EndpointSlice',
      namespace: 'shop',
      name: 'old-1',
      service: 'old',
      addresses: ['192.0.2.7'],
      ports: [{ port: 15_432, protocol: 'TCP' }],
    } as const;
    const out = networkPolicy({
      spec: {
        podSelector: {},
        policyTypes: ['Egress'],
        egress: [{ to: [{ ipBlock: { cidr: '192.0.2.0/24' } }], ports: [{ port: 15_432 }] }],
      },
    });
    const world = { pods: [web], services: [old], policies: [out] };
    expect(askedWorld({ ...world, slices: [slice] }).ask('web', 'svc/old', '5432').verdict.verdict).toBe(
      'allow',
    );
    expect(() => askedWorld(world).ask('web', 'svc/old', '5432')).toThrow(
      /no EndpointSlice gives it an address/,
    );
  });
});

describe('a Service from outside', () => {
  const outer = (externalTrafficPolicy: 'Cluster' | 'Local') =>
    service({ type: 'LoadBalancer', externalTrafficPolicy, outerIPs: ['198.51.100.9'] });
  const clients = networkPolicy({
    spec: {
      podSelector: { matchLabels: { app: 'db' } },
      ingress: [{ from: [{ ipBlock: { cidr: '203.0.113.0/24' } }] }],
    },
  });
  const world = { pods: [backend('db-0', 5432)], nodes: [node({ name: 'other' })], policies: [clients] };

  test('may see the address of a node in place of the client: undecidable where that matters', () => {
    const { ask } = askedWorld({ ...world, services: [outer('Cluster')] });
    expect(ask('203.0.113.7', 'svc/db', '5432').verdict).toMatchObject({
      verdict: 'undecidable',
      ingress: { summary: expect.stringContaining("may replace the client's address") },
    });
    expect(ask('192.0.2.7', 'svc/db', '5432').verdict.verdict).toBe('deny');
    expect(ask('203.0.113.7', '198.51.100.9', '5432').to).toBe('svc/db');
  });

  test('may come from a node of which manifests say nothing', () => {
    const { ask } = askedWorld({ ...world, nodes: [], services: [outer('Cluster')] });
    expect(ask('203.0.113.7', 'svc/db', '5432').verdict).toMatchObject({
      verdict: 'undecidable',
      ingress: { summary: expect.stringContaining("may replace the client's address") },
    });
    const anybody = networkPolicy({ spec: { podSelector: {}, ingress: [{}] } });
    const open = askedWorld({ ...world, nodes: [], policies: [anybody], services: [outer('Cluster')] });
    expect(open.ask('203.0.113.7', 'svc/db', '5432').verdict.verdict).toBe('allow');
    const noOne = networkPolicy({ spec: { podSelector: {} } });
    const shut = askedWorld({ ...world, nodes: [], policies: [noOne], services: [outer('Cluster')] });
    expect(shut.ask('203.0.113.7', 'svc/db', '5432').verdict.verdict).toBe('deny');
  });

  test('keeps the client with externalTrafficPolicy Local, and says what else that means', () => {
    const answer = askedWorld({ ...world, services: [outer('Local')] }).ask('203.0.113.7', 'svc/db', '5432');
    expect(answer.verdict.verdict).toBe('allow');
    expect(answer.notes.join()).toContain('reach pods on the node they connect to');
  });

  test('that has a cluster address only is not reached at all', () => {
    const answer = askedWorld({ ...world, services: [service()] }).ask('203.0.113.7', 'svc/db', '5432');
    expect(answer.notes.join()).toContain('not reachable from outside the cluster');
  });
});

describe('a nodePort of a node (ENF-30)', () => {
  const entry = { port: 80, targetPort: 5432, protocol: 'TCP', nodePort: 30_080 } as const;
  const services = [service({ type: 'NodePort', externalTrafficPolicy: 'Local', ports: [entry] })];
  const world = { pods: [backend('db-0', 5432)], nodes: [node({ name: 'other' })], services };

  test('leads to the pods behind its Service, which decide', () => {
    const shut = networkPolicy({ spec: { podSelector: {} } });
    const { ask } = askedWorld({ ...world, policies: [shut] });
    const answer = ask('203.0.113.7', 'node/other', '30080');
    expect(answer).toMatchObject({ to: 'node/other', verdict: { verdict: 'deny' } });
    expect(answer.notes.join()).toContain('port 30080 of every node is a nodePort of svc/db in shop');
    expect(answer.query).toMatchObject({ to: { pod: { name: 'db-0' } }, port: 5432 });
    expect(ask('203.0.113.7', 'node/other', '30081').verdict.verdict).toBe('allow');
    expect(ask('203.0.113.7', 'node/other', '30080/udp').verdict.verdict).toBe('allow');
  });

  test('may hide the client behind the address of a node', () => {
    const clients = networkPolicy({
      spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '203.0.113.0/24' } }] }] },
    });
    const masked = [service({ type: 'NodePort', externalTrafficPolicy: 'Cluster', ports: [entry] })];
    const { ask } = askedWorld({ ...world, services: masked, policies: [clients] });
    expect(ask('203.0.113.7', 'node/other', '30080').verdict.verdict).toBe('undecidable');
  });
});

describe('a pod to itself through its Service (NP-30)', () => {
  const db = backend('db-0', 5432);

  test('is open where policies admit it anyway', () => {
    const { ask } = askedWorld({ pods: [db], services: [service()] });
    expect(ask('db-0', 'svc/db', '5432').verdict.verdict).toBe('allow');
  });

  test('is undecidable where they do not; directly it is open', () => {
    const { ask } = askedWorld({ pods: [db], services: [service()], policies: [admits(1)] });
    expect(ask('db-0', 'svc/db', '5432').verdict).toMatchObject({
      verdict: 'undecidable',
      ingress: { summary: 'whether a pod reaches itself through its Service differs between enforcers' },
    });
    expect(ask('db-0', 'db-0', '5432').verdict.verdict).toBe('allow');
  });

  test('beside other backends is a part of its own', () => {
    const pods = [db, backend('db-1', 5432)];
    const { ask } = askedWorld({ pods, services: [service()], policies: [admits(1)] });
    const answer = ask('db-0', 'svc/db', '5432');
    expect(answer.verdict.verdict).toBe('deny');
    expect(partTexts(answer).toSorted()).toEqual(['deny shop/db-1 5432', 'undecidable shop/db-0 5432']);
  });
});

describe('the resolver beside a cache on each node (ENF-36)', () => {
  const labels = { 'k8s-app': 'kube-dns' };
  const resolver = pod({ name: 'coredns', namespace: 'kube-system', labels });
  const cache = pod({
    name: 'node-local-dns-1',
    namespace: 'kube-system',
    labels: { 'k8s-app': 'node-local-dns' },
    hostNetwork: true,
    ips: ['192.168.0.1'],
  });
  const dns = service({
    name: 'kube-dns',
    namespace: 'kube-system',
    selector: labels,
    clusterIPs: ['10.96.0.10'],
    ports: [{ port: 53, targetPort: 53, protocol: 'UDP' }],
  });
  const out = (...to: object[]) =>
    networkPolicy({ spec: { podSelector: {}, policyTypes: ['Egress'], egress: [{ to }] } });
  const toPods = { namespaceSelector: {}, podSelector: { matchLabels: labels } };
  const toCache = [{ ipBlock: { cidr: '169.254.20.10/32' } }, { ipBlock: { cidr: '10.96.0.10/32' } }];
  const ask = (policy: ReturnType<typeof out>, pods = [web, resolver, cache]) =>
    askedWorld({ pods, services: [dns], policies: [policy] }).ask('web', 'kube-system/svc/kube-dns', '53/udp')
      .verdict;

  test('is undecidable where only its pods are admitted, or only the cache', () => {
    expect(ask(out(toPods))).toMatchObject({
      verdict: 'undecidable',
      egress: { summary: "node-local-dns may answer for svc/kube-dns on the pod's own node" },
    });
    expect(ask(out(...toCache)).verdict).toBe('undecidable');
  });

  test('is decided where both are admitted, or neither, or there is no cache', () => {
    expect(ask(out(toPods, ...toCache)).verdict).toBe('allow');
    expect(ask(out({ podSelector: {} })).verdict).toBe('deny');
    expect(ask(out(toPods), [web, resolver]).verdict).toBe('allow');
  });
});
