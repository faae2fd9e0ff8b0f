import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVENT, type Flow, type FlowEnd } from '../../../src/core/traffic/flow.ts';
import { createFold } from '../../../src/core/traffic/fold.ts';
import type { Grouping } from '../../../src/core/traffic/names.ts';
import { db, delivered, dropped, farEnd, flow, podEnd, START, sent, web } from '../../helpers/flows.ts';

const LATER = START + 60_000;

function rowsOf(flows: readonly Flow[], ...options: Parameters<typeof createFold>) {
  const fold = createFold(...options);
  fold.add(flows, START);
  return fold.rows(LATER);
}

/** The nth connection of a client. */
function nth(index: number, more: Partial<Flow> & { readonly at?: number } = {}): Flow {
  return delivered({ at: index, source: { ...web, port: 40_000 + index }, ...more });
}

describe('a row', () => {
  it('groups attempts of a workload to a destination, port and protocol', () => {
    const second = podEnd('web', { ip: '10.0.0.8', pod: 'web-x2', port: 40_001 });
    const rows = rowsOf([delivered(), delivered({ at: 1, source: second })]);
    expect(rows).toMatchObject([
      { sourceName: 'web', destinationName: 'db', port: 5432, protocol: 'TCP', count: 2, verdict: 'allow' },
    ]);
  });

  it('is one for each port and protocol', () => {
    const udp = { protocol: 'UDP', tcpFlags: undefined } as const;
    const dns = { ...db, port: 53 };
    expect(
      rowsOf([delivered(), delivered({ ...udp, destination: dns }), delivered({ destination: dns })]),
    ).toHaveLength(3);
  });

  it('turns with its newest attempt and says when', () => {
    const fold = createFold();
    fold.add([...dropped('ingress'), nth(5_000), nth(6_000)], START);
    expect(fold.rows(LATER)).toMatchObject([
      { verdict: 'allow', count: 3, dropped: 1, turned: START + 5_000, newest: { first: START + 6_000 } },
    ]);
  });

  it('is not turned by packets of a connection that was there before', () => {
    const fold = createFold();
    fold.add([delivered(), ...dropped('ingress', { at: 9_000, source: { ...web, port: 41_000 } })], START);
    fold.add([delivered({ at: 10_000, tcpFlags: ['ACK', 'PSH'] })], START);
    expect(fold.rows(LATER)[0]).toMatchObject({ verdict: 'drop', last: START + 10_000 });
  });

  it('comes before rows that are older', () => {
    const other = { ...db, port: 8080 };
    const rows = rowsOf([
      delivered({ at: 2 }),
      delivered({ at: 1, destination: other }),
      nth(3, { destination: other }),
    ]);
    expect(rows.map(({ port }) => port)).toEqual([8080, 5432]);
  });

  it('keeps its identity until it changes, and so does the list', () => {
    const fold = createFold();
    const other = { ...db, port: 8080 };
    fold.add([delivered(), delivered({ at: 1, destination: other })], START);
    const before = fold.rows(START);
    expect(fold.rows(START + 10)).toBe(before);
    fold.add([nth(5, { destination: other })], START + 20);
    const after = fold.rows(START + 20);
    expect(after).not.toBe(before);
    expect(after[0]).not.toBe(before[0]);
    expect(after[1]).toBe(before[1]);
  });
});

describe('names', () => {
  const named = (end: FlowEnd) =>
    rowsOf([delivered({ destination: { port: 443, ...end } })])[0]?.destinationName;

  it('are workload, pod, DNS name, service, reserved identity, address, in this order', () => {
    const all: FlowEnd = {
      ip: '192.0.2.1',
      namespace: 'shop',
      pod: 'db-0',
      workload: { kind: 'StatefulSet', name: 'db' },
      dns: ['db.example'],
      service: { namespace: 'shop', name: 'db-svc' },
      reserved: 'host',
    };
    expect(named(all)).toBe('db');
    expect(named({ ...all, workload: undefined })).toBe('db-0');
    expect(named({ ...all, workload: undefined, pod: undefined })).toBe('db.example');
    expect(named({ ip: all.ip, service: all.service, reserved: 'host' })).toBe('db-svc');
    expect(named({ ip: all.ip, reserved: 'host' })).toBe('host');
    expect(named({ ip: all.ip, reserved: 'world' })).toBe('192.0.2.1');
    expect(named({ ip: all.ip })).toBe('192.0.2.1');
  });

  it('of workloads are learned from flows of the node that runs the pod, and join what came before', () => {
    const fold = createFold();
    fold.add(dropped('ingress', { source: farEnd(web) }), START);
    expect(fold.rows(START)).toMatchObject([{ sourceName: 'web-x1', count: 1 }]);
    fold.add([sent({ at: 5_000, source: { ...web, port: 40_001 }, destination: farEnd(db) })], START);
    expect(fold.rows(LATER)).toMatchObject([
      { sourceName: 'web', destinationName: 'db', count: 2, dropped: 1 },
    ]);
    expect(fold.attempts().map(({ rowKey }) => rowKey)).toEqual([
      fold.rows(LATER)[0]?.key,
      fold.rows(LATER)[0]?.key,
    ]);
  });

  it('never bring the port or address of another flow along', () => {
    const echo = { protocol: 'ICMP', tcpFlags: undefined, icmpType: 8 } as const;
    const fold = createFold();
    fold.add(
      [
        delivered({
          ...echo,
          source: { ...farEnd(web), port: undefined },
          destination: { ...db, port: undefined },
        }),
        sent({ at: 1, source: { ...web, ip: 'fd00::1' } }),
      ],
      START,
    );
    const [ping] = fold.attempts().filter(({ protocol }) => protocol === 'ICMP');
    expect(ping?.source).toMatchObject({ ip: web.ip, workload: { name: 'web' } });
    expect(ping?.source.port).toBeUndefined();
  });

  it('of workloads are learned within one attempt', () => {
    const flows = [sent({ destination: farEnd(db) }), ...dropped('ingress', { at: 1, source: farEnd(web) })];
    expect(rowsOf(flows)).toMatchObject([{ sourceName: 'web', destinationName: 'db', count: 1, dropped: 1 }]);
  });

  it('of workloads come from the cluster where flows are silent', () => {
    const workloadOf = ({ ip }: FlowEnd) =>
      ip === web.ip ? { kind: 'Deployment', namespace: 'shop', name: 'frontend' } : undefined;
    expect(rowsOf(dropped('ingress', { source: { ip: web.ip, port: 1 } }), { workloadOf })).toMatchObject([
      { sourceName: 'frontend', source: { namespace: 'shop', workload: { kind: 'Deployment' } } },
    ]);
  });

  it('that the cluster learns later join rows under the address', () => {
    let known = false;
    const workloadOf = ({ pod }: FlowEnd) =>
      known && pod === web.pod ? { kind: 'Deployment', namespace: 'shop', name: 'web' } : undefined;
    const fold = createFold({ workloadOf });
    fold.add(dropped('ingress', { source: farEnd(web) }), START);
    known = true;
    fold.add(dropped('ingress', { at: 1, source: { ...farEnd(web), port: 40_001 } }), START);
    expect(fold.rows(LATER)).toMatchObject([{ sourceName: 'web', count: 2, dropped: 2 }]);
  });

  it('are never asked of the cluster for nodes, whose address pods of the host network share', () => {
    const workloadOf = () => ({ kind: 'DaemonSet', namespace: 'kube-system', name: 'proxy' });
    const host = { ip: '172.18.0.2', reserved: 'host', port: 33_000 };
    expect(rowsOf([delivered({ source: host })], { workloadOf })[0]?.sourceName).toBe('host');
  });

  it('of the world are remembered by address', () => {
    const fold = createFold();
    const world = { ip: '203.0.113.9', port: 443, reserved: 'world' };
    fold.add([sent({ destination: world })], START);
    fold.add(
      [sent({ at: 1, source: { ...web, port: 1 }, destination: { ...world, dns: ['api.example'] } })],
      START,
    );
    fold.add([sent({ at: 2, source: { ...web, port: 2 }, destination: world })], START);
    expect(fold.rows(LATER)).toMatchObject([{ destinationName: 'api.example', count: 3 }]);
  });

  it('tell the service of a ClusterIP from the translation at the socket', () => {
    const cookie = { socket: '77', eventType: EVENT.traceSock, tcpFlags: undefined } as const;
    const source = { ...web, port: undefined };
    const service = { namespace: 'shop', name: 'database' };
    const rows = rowsOf([
      flow({ ...cookie, verdict: 'traced', source, destination: { ip: '10.96.0.9', port: 5432, service } }),
      flow({ ...cookie, verdict: 'translated', source, destination: db }),
      delivered(),
    ]);
    expect(rows).toMatchObject([{ destinationName: 'db', destination: { service }, count: 1 }]);
  });

  it('show a ClusterIP without backend as its service', () => {
    const destination = {
      ip: '10.96.0.9',
      port: 80,
      reserved: 'world',
      service: { namespace: 'shop', name: 'gone' },
    };
    const dropReason = { code: 158, text: 'Service backend not found' };
    const rows = rowsOf([
      flow({ verdict: 'dropped', eventType: EVENT.drop, direction: 'egress', dropReason, destination }),
    ]);
    expect(rows).toMatchObject([{ destinationName: 'gone', verdict: 'drop', newest: { dropReason } }]);
  });
});

describe('limits', () => {
  it('forget the attempts touched longest ago, and keep their rows', () => {
    const fold = createFold({ maxAttempts: 10 });
    fold.add(
      Array.from({ length: 25 }, (_, index) => nth(index)),
      START,
    );
    expect(fold.attempts()).toHaveLength(10);
    expect(fold.attempts()[0]?.source.port).toBe(40_024);
    expect(fold.rows(LATER)).toMatchObject([{ count: 25 }]);
    expect(fold.forgotten()).toEqual({ rows: 0, attempts: 15 });
  });

  it('forget the rows touched longest ago, with their attempts', () => {
    const fold = createFold({ maxRows: 3 });
    const port = (index: number) => ({ destination: { ...db, port: 1_000 + index } });
    fold.add([nth(0, port(0)), nth(1, port(1)), nth(2, port(2)), nth(3, port(0)), nth(4, port(3))], START);
    expect(fold.rows(LATER).map((row) => row.port)).toEqual([1_003, 1_000, 1_002]);
    expect(fold.forgotten()).toEqual({ rows: 1, attempts: 1 });
  });

  it('give a verdict to attempts that were forgotten while they waited', () => {
    const fold = createFold({ maxAttempts: 2 });
    const port = (index: number) => ({ ...db, port: 1_000 + index });
    fold.add(
      [0, 1, 2, 3].map((at) => sent({ at, destination: port(at) })),
      START,
    );
    expect(fold.rows(LATER).map(({ verdict }) => verdict)).toEqual(['allow', 'allow', 'allow', 'allow']);
  });
});

describe('grouping', () => {
  const pod = (name: string, ip: string): FlowEnd => ({
    ...web,
    pod: name,
    ip,
    workload: { kind: 'Deployment', name: 'web' },
  });
  const pods = [pod('web-a', '10.0.9.1'), pod('web-b', '10.0.9.2')];
  const attempts = fc.array(
    fc.record({ from: fc.nat(1), port: fc.integer({ min: 30_000, max: 30_020 }), drop: fc.boolean() }),
  );

  /** The rows of a fold that got flows before and after it was grouped, without what is in whichever came last. */
  function rowsOf(before: readonly Flow[], groupings: readonly Grouping[], after: readonly Flow[]) {
    const fold = createFold();
    fold.add(before, START);
    for (const by of groupings) fold.group(by);
    fold.add(after, START + 5_000);
    return fold
      .rows(START + 60_000)
      .map(({ sourceName, count, dropped, verdict, first, last }) => ({
        sourceName,
        count,
        dropped,
        verdict,
        first,
        last,
      }))
      .sort((a, b) => (a.sourceName < b.sourceName ? -1 : 1));
  }

  const flowsOf = (
    made: readonly { readonly from: number; readonly port: number; readonly drop: boolean }[],
    since: number,
  ) =>
    made.flatMap(({ from, port, drop }, at) => {
      const source = { ...pods[from], port };
      const time = since + at * 10;
      return drop ? dropped('ingress', { time, source }) : [delivered({ time, source })];
    });

  it('splits and joins rows without losing an attempt, whenever it is chosen', () => {
    fc.assert(
      fc.property(attempts, attempts, (early, late) => {
        const [before, after] = [flowsOf(early, START), flowsOf(late, START + 5_000)];
        const plain = rowsOf(before, [], after);
        expect(rowsOf(before, ['pod', 'attempt', 'workload'], after)).toEqual(plain);
        const byPod = rowsOf(before, ['pod'], after);
        expect(byPod).toEqual(rowsOf([], ['pod'], [...before, ...after]));
        expect(new Set(byPod.map(({ sourceName }) => sourceName)).size).toBe(byPod.length);
        const single = rowsOf(before, ['attempt'], after);
        for (const rows of [byPod, single]) {
          expect(sum(rows, ({ count }) => count)).toBe(sum(plain, ({ count }) => count));
          expect(sum(rows, ({ dropped: drops }) => drops)).toBe(sum(plain, ({ dropped: drops }) => drops));
        }
        expect(single.every(({ count }) => count === 1)).toBe(true);
      }),
    );
  });

  const sum = <T>(list: readonly T[], of: (item: T) => number) =>
    list.reduce((total, item) => total + of(item), 0);
});
