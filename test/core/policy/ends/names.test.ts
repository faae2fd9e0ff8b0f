import { describe, expect, test } from 'vitest';
import { parseAskedPorts } from '../../../../src/core/policy/path/asked-ports.ts';
import { parsePathEnd } from '../../../../src/core/policy/path/path-end.ts';
import { namespace, pod, service } from '../../../helpers/builders.ts';
import { askedWorld } from './world.ts';

describe('an end as people write it', () => {
  test.each([
    ['web', { type: 'named', namespace: 'shop', name: 'web' }],
    ['ops/web', { type: 'named', namespace: 'ops', name: 'web' }],
    ['pod/web', { type: 'pod', namespace: 'shop', name: 'web' }],
    ['ops/pod/web', { type: 'pod', namespace: 'ops', name: 'web' }],
    ['sts/db', { type: 'workload', ref: { kind: 'StatefulSet', namespace: 'shop', name: 'db' } }],
    ['node/a', { type: 'node', name: 'a' }],
    ['10.0.0.0/8', { type: 'range', cidr: '10.0.0.0/8' }],
    ['fd00::/8', { type: 'range', cidr: 'fd00::/8' }],
    ['10.0.0.1/32', { type: 'ip', ip: '10.0.0.1' }],
    ['0.0.0.0/0', { type: 'range', cidr: '0.0.0.0/0' }],
    ['world', { type: 'world' }],
    ['Internet', { type: 'world' }],
    ['localhost', { type: 'loopback' }],
    ['127.0.0.53', { type: 'loopback' }],
    ['API.example.com', { type: 'dns', name: 'api.example.com' }],
    ['api.example.com.', { type: 'dns', name: 'api.example.com' }],
    ['api.example.com', { type: 'named', namespace: 'shop', name: 'api.example.com' }],
    ['dns/api.example.com', { type: 'dns', name: 'api.example.com' }],
    ['outside', { type: 'world' }],
    ['host', { type: 'named', namespace: 'shop', name: 'host', entity: 'host' }],
    ['ops/host', { type: 'named', namespace: 'ops', name: 'host' }],
    ['reserved:remote-node', { type: 'entity', entity: 'remote-node' }],
    ['entity/cluster', { type: 'entity', entity: 'cluster' }],
    ['ops/web[Deployment]', { type: 'workload', ref: { kind: 'Deployment', namespace: 'ops', name: 'web' } }],
    ['ray[RayCluster]', { type: 'workload', ref: { kind: 'RayCluster', namespace: 'shop', name: 'ray' } }],
    ['ops/web[Pod]', { type: 'pod', namespace: 'ops', name: 'web' }],
    ['ops/db[StatefulSet]{db-0}', { type: 'pod', namespace: 'ops', name: 'db-0' }],
    ['db.shop.svc', { type: 'service', namespace: 'shop', name: 'db' }],
    ['db.ops.svc.cluster.local', { type: 'service', namespace: 'ops', name: 'db' }],
  ])('%s', (text, end) => {
    expect(parsePathEnd(text, 'shop')).toEqual(end);
  });

  test.each([
    '',
    '10.1',
    '010.0.0.1',
    '10.0.0.256',
    '10.0.0.0/33',
    'fe80::1%eth0',
    'a/b/c/d',
    'ops/thing/x',
    'Web',
    'node/',
    'dns/x',
    'ops/Web[Pod]',
    'reserved:nobody',
  ])('"%s" is refused with what to write instead', (text) => {
    expect(() => parsePathEnd(text, 'shop')).toThrow(
      expect.objectContaining({ code: 'usage', hint: expect.stringMatching(/\w/) }),
    );
  });
});

describe('a bare name where manifests name no pods', () => {
  const standIn = (name: string, kind: string) =>
    pod({ name, owner: { kind, namespace: 'shop', name: 'web' }, standIn: true });
  const both = [standIn('web', 'Deployment'), standIn('web-2', 'Deployment')];

  test('is the workload, though a Service has that name too', () => {
    const { ask } = askedWorld({ pods: both, services: [service({ name: 'web' })] });
    expect(ask('web', 'web', '80')).toMatchObject({
      to: 'web',
      query: { from: { pod: { name: 'web' } }, to: { pod: { name: 'web-2' } } },
    });
    expect(ask('web', 'web-2', '80').query).toMatchObject({ to: { pod: { name: 'web-2' } } });
  });

  test('is refused where two workloads have it', () => {
    const { ask } = askedWorld({ pods: [...both, standIn('web-job', 'Job')] });
    expect(() => ask('10.0.0.1', 'web', '80')).toThrow(/is ambiguous: deploy\/web or job\/web/);
  });
});

describe('ports as people write them', () => {
  test.each([
    ['5432', { type: 'range', protocol: 'TCP', from: 5432, to: 5432 }],
    ['5432/udp', { type: 'range', protocol: 'UDP', from: 5432, to: 5432 }],
    ['tcp/8000-8100', { type: 'range', protocol: 'TCP', from: 8000, to: 8100 }],
    ['8000-8100/sctp', { type: 'range', protocol: 'SCTP', from: 8000, to: 8100 }],
    ['udp', { type: 'range', protocol: 'UDP', from: 1, to: 65_535 }],
    ['http', { type: 'named', protocol: 'TCP', name: 'http' }],
    ['dns/udp', { type: 'named', protocol: 'UDP', name: 'dns' }],
    ['icmp', { type: 'icmp', protocol: 'ICMP', from: 0, to: 255 }],
    ['icmp/8', { type: 'icmp', protocol: 'ICMP', from: 8, to: 8 }],
    ['ICMP/3/4', { type: 'icmp', protocol: 'ICMP', from: 3, to: 3, code: 4 }],
  ])('%s', (text, ports) => {
    expect(parseAskedPorts(text)).toEqual(ports);
  });

  test.each([
    '0',
    '70000',
    '',
    '90-80',
    '80/tcp/x',
    '-1',
    '8e3/',
    'icmp/256',
    'icmp/x',
    '80/icmp/1/2',
    '1-70000',
  ])('"%s" is refused', (text) => {
    expect(() => parseAskedPorts(text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('a name without a kind', () => {
  const owned = (kind: string, name: string) =>
    pod({
      name: `${name}-${kind === 'CronJob' ? 1 : 0}`,
      labels: { app: name },
      owner: { kind, namespace: 'shop', name },
    });
  const { ask } = askedWorld({
    pods: [
      owned('Deployment', 'web'),
      owned('StatefulSet', 'db'),
      owned('Job', 'load'),
      owned('CronJob', 'load'),
      pod({ name: 'cart' }),
    ],
    services: [service({ name: 'db' })],
    namespaces: [namespace(), namespace({ name: 'ops' })],
  });

  test('is the pod of that name, else the only thing called so', () => {
    expect(ask('web', 'cart', '80')).toMatchObject({ from: 'web', to: 'cart' });
    expect(ask('cart', 'web', '80').verdict.verdict).toBe('allow');
  });

  test('is the workload rather than its Service where a connection comes from', () => {
    expect(ask('db', 'cart', '80').from).toBe('db');
  });

  test('is a ReplicaSet by the hash of its pods, as tables for other tools have it', () => {
    const labels = { app: 'api', 'pod-template-hash': '7d9f' };
    const api = pod({
      name: 'api-7d9f-x',
      labels,
      owner: { kind: 'Deployment', namespace: 'shop', name: 'api' },
    });
    const world = askedWorld({ pods: [api, pod({ name: 'cart' })] });
    expect(world.ask('rs/api-7d9f', 'cart', '80').query).toMatchObject({
      from: { pod: { name: 'api-7d9f-x' } },
    });
    expect(world.ask('cart', 'shop/api-7d9f[ReplicaSet]', '80').to).toBe('api-7d9f');
    expect(() => world.ask('rs/api-8888', 'cart', '80')).toThrow(/No ReplicaSet/);
  });

  test('that has several meanings lists them', () => {
    expect(() => ask('web', 'db', '5432')).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: '"db" in namespace shop is ambiguous: sts/db or svc/db.',
        hint: 'Specify one, such as shop/sts/db.',
      }),
    );
    expect(() => ask('load', 'web', '80')).toThrow(/is ambiguous: job\/load or cronjob\/load/);
  });

  test('that is nothing names the nearest, as they are to be written', () => {
    const nearest = (from: string, hint: string) =>
      expect(() => ask(from, 'cart', '80')).toThrow(expect.objectContaining({ code: 'not-found', hint }));
    nearest('wbe', 'Did you mean shop/deploy/web?');
    nearest('deploy/wep', 'Did you mean shop/deploy/web?');
    nearest('ops/cart', 'Did you mean shop/cart?');
    nearest('db-9', 'Did you mean shop/db-0?');
    nearest('svc/dbs', 'Did you mean shop/svc/db?');
    nearest('nowhere/zzzzzz', 'Namespace nowhere not found. Check the name.');
    nearest('zzzzzz', 'Check the name and namespace.');
  });
});

describe('pods that have no network', () => {
  const owner = { kind: 'Job', namespace: 'shop', name: 'load' };
  const done = pod({ name: 'load-1', phase: 'Succeeded', owner });
  const db = pod({ name: 'db' });

  test('a finished one is undecidable, and so is a Job of finished ones', () => {
    const { ask } = askedWorld({ pods: [done, db] });
    for (const from of ['load-1', 'job/load']) {
      expect(ask(from, 'db', '80').verdict).toMatchObject({
        verdict: 'undecidable',
        egress: { summary: 'load has terminated: it has no network' },
      });
    }
  });

  test('beside a running one of the workload they do not count', () => {
    const { ask } = askedWorld({ pods: [done, pod({ name: 'load-2', owner }), db] });
    expect(ask('job/load', 'db', '80')).toMatchObject({ verdict: { verdict: 'allow' }, parts: [] });
  });

  test('a pending one is judged by its labels, and has no address yet', () => {
    const pending = pod({ name: 'web', phase: 'Pending', ips: [] });
    const answer = askedWorld({ pods: [pending, db] }).ask('web', 'db', '80');
    expect(answer.verdict).toMatchObject({
      verdict: 'allow',
      assumptions: expect.arrayContaining(['web has no address yet']),
    });
  });
});
