import { describe, expect, test } from 'vitest';
import { networkPolicy, pod } from '../../../helpers/builders.ts';
import { askedWorld, ciliumPolicy, partTexts } from './world.ts';

const web = pod({ name: 'web' });
const db = pod({ name: 'db', ports: [{ name: 'pg', port: 5432, protocol: 'TCP' }] });
const onDb = (...ingress: readonly unknown[]) =>
  networkPolicy({ name: 'db', spec: { podSelector: { matchLabels: { app: 'db' } }, ingress } });

describe('a range of ports', () => {
  test('is parted where its verdict turns', () => {
    const policies = [onDb({ ports: [{ port: 8010, endPort: 8020 }, { port: 8050 }, { port: 'pg' }] })];
    const { ask, text } = askedWorld({ pods: [web, db], policies });
    expect(partTexts(ask('web', 'db', 'tcp/8000-8100'))).toEqual([
      'deny 8000-8009,8021-8049,8051-8100',
      'allow 8010-8020,8050',
    ]);
    expect(partTexts(ask('web', 'db', 'tcp'))).toEqual([
      'deny 1-5431,5433-8009,8021-8049,8051-65535',
      'allow 5432,8010-8020,8050',
    ]);
    expect(ask('web', 'db', 'tcp/8010-8020')).toMatchObject({ verdict: { verdict: 'allow' }, parts: [] });
    expect(text('web', 'db', 'tcp/8000-8100')).toContain('✗ DENY in part');
  });

  test('of UDP or SCTP is not that of TCP', () => {
    const { ask } = askedWorld({
      pods: [web, db],
      policies: [onDb({ ports: [{ protocol: 'UDP', port: 53 }] })],
    });
    expect(ask('web', 'db', '53/udp').verdict.verdict).toBe('allow');
    expect(ask('web', 'db', '53/sctp').verdict.verdict).toBe('deny');
    expect(ask('web', 'db', '53').verdict.verdict).toBe('deny');
  });
});

describe('a named port', () => {
  test('is the number that each destination gives it', () => {
    const other = pod({
      name: 'db-b',
      labels: { app: 'db' },
      ports: [{ name: 'pg', port: 5433, protocol: 'TCP' }],
    });
    const owner = { kind: 'StatefulSet', namespace: 'shop', name: 'db' };
    const pods = [
      web,
      { ...db, owner },
      { ...other, owner },
      pod({ name: 'db-c', labels: { app: 'db' }, owner }),
    ];
    const { ask } = askedWorld({ pods, policies: [onDb({ ports: [{ port: 5432 }] })] });
    const answer = ask('web', 'sts/db', 'pg');
    expect(partTexts(answer)).toEqual(['allow shop/db 5432', 'deny shop/db-b 5433']);
    expect(answer.notes).toEqual(['1 of 3 pods of db declare no port pg: skipped']);
    expect(() => ask('web', 'sts/db', 'http')).toThrow(/db declares no port http\/tcp/);
  });
});

describe('ICMP (NP-26, CIL-19)', () => {
  test('is left undefined by a NetworkPolicy, and open where none is', () => {
    const { ask } = askedWorld({ pods: [web, db], policies: [onDb({})] });
    expect(ask('web', 'db', 'icmp').verdict).toMatchObject({
      verdict: 'undecidable',
      ingress: { summary: 'the NetworkPolicy API does not define ICMP: enforcers differ' },
    });
    expect(ask('db', 'web', 'icmp/8').verdict.verdict).toBe('allow');
  });

  test('is decided by the rules of Cilium, by type; an L4 rule blocks it, one without ports admits it', () => {
    const icmp = (...fields: readonly unknown[]) =>
      ciliumPolicy('ping', { endpointSelector: {}, ingress: [{ fromEndpoints: [{}], icmps: [{ fields }] }] });
    const under = (policy: ReturnType<typeof onDb>) =>
      askedWorld({ pods: [web, db], policies: [policy], enforcer: 'cilium' });
    const { ask } = under(icmp({ family: 'IPv4', type: 'EchoRequest' }, { type: 13 }));
    expect(ask('web', 'db', 'icmp/8').verdict.verdict).toBe('allow');
    expect(ask('web', 'db', 'icmp/0').verdict.verdict).toBe('deny');
    expect(ask('web', 'db', '80').verdict.verdict).toBe('deny');
    expect(partTexts(ask('web', 'db', 'icmp'))).toEqual(['deny 0-7,9-12,14-255', 'allow 8,13']);
    expect(ask('web', 'db', 'icmp/8/0').notes).toContain('policies do not distinguish ICMP codes');
    expect(under(onDb({ ports: [{ port: 80 }] })).ask('web', 'db', 'icmp/8').verdict.verdict).toBe('deny');
    expect(under(onDb({ from: [{ podSelector: {} }] })).ask('web', 'db', 'icmp/8').verdict.verdict).toBe(
      'allow',
    );
    expect(under(icmp({ family: 'IPv6', type: 128 })).ask('web', 'db', 'icmp/128').verdict.verdict).toBe(
      'deny',
    );
    expect(icmp({ type: 'Nonsense' })).toMatchObject({ inert: true });
  });

  test('in a rule of Cilium without a peer is meant for everybody', () => {
    const icmps = [{ fields: [{ type: 8 }] }];
    const under = (sections: object) =>
      askedWorld({
        pods: [web, db],
        policies: [ciliumPolicy('ping', { endpointSelector: {}, ...sections })],
        enforcer: 'cilium',
      }).ask('web', 'db', 'icmp/8').verdict.ingress.verdict;
    expect(under({ ingress: [{ icmps }] })).toBe('allow');
    expect(under({ ingress: [{ fromEndpoints: [{}] }], ingressDeny: [{ icmps }] })).toBe('deny');
  });

  test('and a port do not go into one rule of Cilium: the edit is a rule of its own', () => {
    const fields = [{ type: 8 }];
    const policy = ciliumPolicy('ping', {
      endpointSelector: {},
      ingress: [{ fromEndpoints: [{}], icmps: [{ fields }] }],
    });
    const { ask } = askedWorld({ pods: [web, db], policies: [policy], enforcer: 'cilium' });
    expect(ask('web', 'db', '80').verdict.ingress.nearMisses[0]?.edit).toMatchObject({ type: 'add-rule' });
  });
});

describe('a DNS name', () => {
  const dns = {
    toEndpoints: [{}],
    toPorts: [{ ports: [{ port: '53', protocol: 'ANY' }], rules: { dns: [{ matchPattern: '*' }] } }],
  };
  const names = (...toFQDNs: readonly unknown[]) => ({ toFQDNs, toPorts: [{ ports: [{ port: '443' }] }] });
  const out = (...egress: readonly unknown[]) => ciliumPolicy('out', { endpointSelector: {}, egress });
  const under = (...egress: readonly unknown[]) =>
    askedWorld({ pods: [web], policies: [out(...egress)], enforcer: 'cilium' });

  test('is decided by toFQDNs, by name and by pattern', () => {
    const { ask } = under(
      dns,
      names(
        { matchName: 'api.example.com' },
        { matchPattern: '*.shop.example' },
        { matchPattern: '**.deep.example' },
      ),
    );
    const verdict = (name: string, port = '443') => ask('web', name, port).verdict.verdict;
    expect(verdict('api.example.com')).toBe('allow');
    expect(verdict('API.Example.COM.')).toBe('allow');
    expect(verdict('api.example.com', '80')).toBe('deny');
    expect(verdict('www.example.com')).toBe('deny');
    expect(verdict('a.shop.example')).toBe('allow');
    expect(verdict('a.b.shop.example')).toBe('deny');
    expect(verdict('a.b.deep.example')).toBe('allow');
    expect(verdict('deep.example')).toBe('deny');
    expect(ask('web', 'www.example.com', '443').notes.join()).toContain('shares with an admitted name');
  });

  test('is undecidable while no rule sends its lookups through the proxy', () => {
    expect(
      under(names({ matchName: 'api.example.com' })).ask('web', 'api.example.com', '443').verdict,
    ).toMatchObject({
      verdict: 'undecidable',
      egress: { summary: expect.stringContaining("Cilium's DNS proxy") },
    });
  });

  test('is undecidable without toFQDNs, where addresses are told apart', () => {
    const block = networkPolicy({
      spec: {
        podSelector: {},
        policyTypes: ['Egress'],
        egress: [{ to: [{ ipBlock: { cidr: '203.0.113.0/24' } }] }],
      },
    });
    expect(
      askedWorld({ pods: [web], policies: [block] }).ask('web', 'api.example.com', '443').verdict,
    ).toMatchObject({
      verdict: 'undecidable',
      egress: {
        summary: 'the address of api.example.com is unknown, and policies treat addresses differently',
      },
    });
  });

  test('needs no address where nothing tells addresses apart; it is taken to be outside, and that is said', () => {
    const answer = askedWorld({ pods: [web] }).ask('web', 'api.example.com', '443');
    expect(answer.verdict.verdict).toBe('allow');
    expect(answer.notes).toEqual(['api.example.com is assumed to be outside the cluster']);
  });
});
