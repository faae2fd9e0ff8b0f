import { describe, expect, test } from 'vitest';
import { namespace, networkPolicy, node, pod } from '../../../helpers/builders.ts';
import { askedWorld, partTexts } from './world.ts';

const web = pod({ name: 'web', ips: ['10.1.0.7'] });
const db = pod({ name: 'db', ips: ['10.0.5.9'] });
const egress = (...to: readonly unknown[]) =>
  networkPolicy({
    name: 'out',
    spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Egress'], egress: [{ to }] },
  });
const block = (cidr: string, ...except: readonly string[]) => ({ ipBlock: { cidr, except } });

describe('a range', () => {
  test('has one verdict where policies do not tell its addresses apart', () => {
    const { ask } = askedWorld({ pods: [web], policies: [egress(block('10.0.0.0/8'))] });
    expect(ask('web', '10.20.0.0/16', '443')).toMatchObject({
      to: '10.20.0.0/16',
      verdict: { verdict: 'allow' },
      parts: [],
    });
    expect(ask('web', '192.168.0.0/16', '443')).toMatchObject({ verdict: { verdict: 'deny' }, parts: [] });
  });

  test('is parted where the blocks of policies begin and end, and nowhere else', () => {
    const { ask } = askedWorld({ pods: [web], policies: [egress(block('10.0.0.0/8', '10.0.5.0/24'))] });
    const answer = ask('web', '10.0.0.0/8', '443');
    expect(answer.verdict.verdict).toBe('deny');
    expect(partTexts(answer)).toEqual(['allow 10.0.0.0/8 except 10.0.5.0/24 443', 'deny 10.0.5.0/24 443']);
    expect(answer.parts[0]?.to).toEqual({
      text: '10.0.0.0/8 except 10.0.5.0/24',
      addresses: ['10.0.0.0/8'],
      except: ['10.0.5.0/24'],
    });
    expect(partTexts(ask('web', '10.0.4.0/23', '443'))).toEqual([
      'allow 10.0.4.0/24 443',
      'deny 10.0.5.0/24 443',
    ]);
  });

  test('judges pods and nodes inside as what they are, and says that they are there', () => {
    const { ask } = askedWorld({
      pods: [web, db],
      nodes: [node({ ips: ['10.9.0.1'] })],
      policies: [egress({ podSelector: { matchLabels: { app: 'db' } } })],
      enforcer: 'cilium',
    });
    const answer = ask('web', '10.0.0.0/8', '5432');
    expect(partTexts(answer)).toEqual(['allow shop/db 5432', 'deny 10.0.0.0/8, node/node-a 5432']);
    expect(answer.notes).toContain(
      '10.0.0.0/8 contains 2 addresses of pods and 1 of nodes: they are evaluated as such',
    );
  });

  test('of IPv6 stays apart from IPv4', () => {
    const six = pod({ name: 'web', ips: ['10.1.0.7', 'fd00::7'] });
    const { ask } = askedWorld({ pods: [six], policies: [egress(block('0.0.0.0/0'))] });
    expect(ask('web', '2001:db8::/32', '443').verdict.verdict).toBe('deny');
    expect(ask('web', '203.0.113.0/24', '443').verdict.verdict).toBe('allow');
  });

  test('of a family that the pod does not have is never reached, and that is said', () => {
    const { ask } = askedWorld({ pods: [web] });
    expect(ask('web', '2001:db8::/32', '443').notes.join()).toContain('no IP family in common');
  });

  test('as a source is judged by the ingress of the destination', () => {
    const ingress = networkPolicy({
      spec: { podSelector: { matchLabels: { app: 'db' } }, ingress: [{ from: [block('198.51.100.0/24')] }] },
    });
    const answer = askedWorld({ pods: [db], policies: [ingress] }).ask('198.51.0.0/16', 'db', '5432');
    expect(partTexts(answer)).toEqual([
      'deny 198.51.0.0/16 except 198.51.100.0/24 → 5432',
      'allow 198.51.100.0/24 → 5432',
    ]);
  });
});

test('every address of a parted range has the verdict that the address alone has', () => {
  const policies = [
    egress(
      block('10.0.0.0/24', '10.0.0.16/28', '10.0.0.40/29'),
      block('10.0.0.20/32'),
      block('10.0.0.128/25'),
    ),
  ];
  const { ask } = askedWorld({ pods: [web, pod({ name: 'x', ips: ['10.0.0.41'] })], policies });
  const { parts } = ask('web', '10.0.0.0/24', '443');
  const verdictOf = (text: string) =>
    parts.filter(({ to }) => {
      const holds = (blocks: readonly string[] = []) => blocks.some((cidr) => inBlock(cidr, text));
      return holds(to.addresses) && !holds(to.except);
    });
  for (let last = 0; last < 256; last += 1) {
    if (last === 41) continue;
    const alone = ask('web', `10.0.0.${last}`, '443').verdict.verdict;
    expect([last, verdictOf(`10.0.0.${last}`).map(({ verdict }) => verdict)]).toEqual([last, [alone]]);
  }
  expect(parts.find(({ to }) => to.pods?.includes('shop/x'))?.verdict).toBe(
    ask('web', '10.0.0.41', '443').verdict.verdict,
  );
});

function inBlock(cidr: string, text: string): boolean {
  const [base = '', bits = '32'] = cidr.split('/');
  const number = (ip: string) => ip.split('.').reduce((value, part) => value * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  return Math.floor(number(base) / size) === Math.floor(number(text) / size);
}

describe('the world', () => {
  test("is every address but the cluster's own", () => {
    const { ask } = askedWorld({
      pods: [web, db],
      nodes: [node({ ips: ['10.9.0.1'] })],
      policies: [egress({ podSelector: {} })],
    });
    const answer = ask('web', 'world', '443');
    expect(answer).toMatchObject({ to: 'world', verdict: { verdict: 'deny' }, parts: [] });
    expect(answer.notes.join()).toContain("except those of the cluster's pods and nodes");
    expect(ask('web', 'internet', '443').verdict.verdict).toBe('deny');
  });

  test('is told apart by the private ranges that a policy leaves out', () => {
    const { ask } = askedWorld({ pods: [web], policies: [egress(block('0.0.0.0/0', '10.0.0.0/8'))] });
    expect(partTexts(ask('web', 'world', '443'))).toEqual([
      'allow 0.0.0.0/0 except 10.0.0.0/8 443',
      'deny 10.0.0.0/8 443',
    ]);
  });

  test("0.0.0.0/0 holds the cluster's own as well", () => {
    const { ask } = askedWorld({
      pods: [web, db],
      policies: [egress(block('0.0.0.0/0'))],
      enforcer: 'cilium',
    });
    expect(ask('web', 'world', '443').verdict.verdict).toBe('allow');
    expect(partTexts(ask('web', '0.0.0.0/0', '443'))).toEqual(['deny shop/db 443', 'allow 443']);
  });
});

test('an edit for a range adds the range, not an address of it; for several blocks there is none', () => {
  const closed = egress(block('198.51.100.0/24'));
  const edits = (to: string, enforcer: 'spec' | 'cilium' = 'spec') =>
    askedWorld({ pods: [web], policies: [closed], enforcer })
      .ask('web', to, '443')
      .verdict.egress.nearMisses.map(({ edit }) => edit?.text);
  expect(edits('203.0.113.0/24')).toEqual(['add 203.0.113.0/24 to rule 1']);
  expect(edits('203.0.113.7')).toEqual(['add 203.0.113.7/32 to rule 1']);
  expect(edits('world')).toEqual([undefined]);
  const { text } = askedWorld({ pods: [web], policies: [egress({ podSelector: {} })] });
  expect(text('web', 'world', '443')).toContain('edit: add 0.0.0.0/0 to rule 1');
  expect(text('web', 'world', '443')).toContain('misses by peer: 0.0.0.0/0 is not in it');
});

describe('an address', () => {
  test('of a pod or a node is that pod or node, and says so', () => {
    const { ask } = askedWorld({ pods: [web, db], nodes: [node({ ips: ['10.9.0.1'] })] });
    expect(ask('web', '10.0.5.9', '1').notes).toEqual(['10.0.5.9 is the address of pod shop/db']);
    expect(ask('web', '10.9.0.1', '1').notes).toEqual(['10.9.0.1 is an address of node node-a']);
  });
});

describe('a node', () => {
  const own = pod({ name: 'db', ips: ['10.0.5.9'], node: 'node-a' });
  const away = pod({ name: 'db-b', labels: { app: 'db' }, ips: ['10.0.5.10'], node: 'node-b' });
  const closed = networkPolicy({ name: 'closed', spec: { podSelector: {}, policyTypes: ['Ingress'] } });

  test('reaches its own pods, and no others', () => {
    const { ask } = askedWorld({ pods: [own, away], nodes: [node()], policies: [closed] });
    expect(ask('node/node-a', 'db', '80').verdict.verdict).toBe('allow');
    expect(ask('node/node-a', 'db-b', '80').verdict.verdict).toBe('deny');
  });

  test('that is not there names the nearest', () => {
    const { ask } = askedWorld({ pods: [own], nodes: [node()] });
    expect(() => ask('node/node-b', 'db', '80')).toThrow(
      expect.objectContaining({ code: 'not-found', hint: 'Did you mean node/node-a?' }),
    );
  });

  test('tells the pods of a workload apart by where they run', () => {
    const owner = { kind: 'StatefulSet', namespace: 'shop', name: 'db' };
    const pods = [own, away].map((item) => ({ ...item, owner }));
    const answer = askedWorld({ pods, nodes: [node()], policies: [closed] }).ask(
      'node/node-a',
      'sts/db',
      '80',
    );
    expect(partTexts(answer)).toEqual(['allow shop/db 80', 'deny shop/db-b 80']);
  });
});

describe('localhost', () => {
  test('never leaves the pod', () => {
    const closed = networkPolicy({ spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] } });
    const { ask } = askedWorld({ pods: [web, db], policies: [closed] });
    for (const name of ['localhost', '127.0.0.1', '::1']) {
      expect(ask('web', name, '80').verdict.verdict).toBe('allow');
    }
    expect(() => ask('localhost', '10.99.0.1', '80')).toThrow(/the other end must be a pod/);
  });
});

test('a pod on the host network is its node to some and labelled to others: undecidable, and why', () => {
  const host = pod({ name: 'agent', hostNetwork: true, ips: ['10.9.0.1'], node: 'node-a' });
  const policies = [
    networkPolicy({
      spec: { podSelector: { matchLabels: { app: 'db' } }, ingress: [{ from: [{ podSelector: {} }] }] },
    }),
  ];
  const away = pod({ name: 'db', node: 'node-b' });
  const { text } = askedWorld({
    pods: [host, away],
    nodes: [node({ ips: ['10.9.0.1'] })],
    policies,
    namespaces: [namespace()],
  });
  expect(text('agent', 'db', '80')).toContain('? UNDECIDABLE');
  expect(text('agent', 'db', '80')).toContain('agent is on the host network');
});
