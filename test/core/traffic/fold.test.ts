import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { EVENT, type Flow } from '../../../src/core/traffic/flow.ts';
import { createFold } from '../../../src/core/traffic/fold.ts';
import { admitted, answered, db, delivered, dropped, flow, START, sent, web } from '../../helpers/flows.ts';

const LATER = START + 60_000;

/** The only attempt of these flows, long after they came. */
function attemptOf(...flows: Flow[]) {
  const fold = createFold();
  fold.add(flows, START);
  fold.rows(LATER);
  const attempts = fold.attempts();
  expect(attempts).toHaveLength(1);
  const [attempt] = attempts;
  if (attempt === undefined) throw new Error('no attempt');
  return attempt;
}

function verdictOf(...flows: Flow[]) {
  return attemptOf(...flows).verdict;
}

describe('the verdict of an attempt', () => {
  it('is drop when the source is denied', () => {
    expect(attemptOf(...dropped('egress'))).toMatchObject({
      verdict: 'drop',
      dropDirection: 'egress',
      dropReason: { code: 133, text: 'Policy denied' },
      tries: 1,
    });
  });

  it('is drop when the destination drops what the source let go', () => {
    expect(verdictOf(sent(), ...dropped('ingress', { at: 1, node: 'node-2' }))).toBe('drop');
  });

  it('is drop though one half names a policy that allows', () => {
    const allowing = admitted('egress', { allowedBy: [{ name: 'out', namespace: 'shop' }] });
    const attempt = attemptOf(allowing, ...dropped('ingress', { at: 1 }));
    expect(attempt).toMatchObject({
      verdict: 'drop',
      dropDirection: 'ingress',
      allowedBy: [{ name: 'out' }],
    });
  });

  it('is allow when it reaches the destination', () => {
    expect(verdictOf(sent(), delivered({ at: 1 }))).toBe('allow');
  });

  it('is allow when a policy of the destination admits it', () => {
    expect(verdictOf(admitted('ingress'))).toBe('allow');
  });

  it('is allow when an answer comes, wherever it is seen', () => {
    expect(verdictOf(sent(), answered({ at: 3 }))).toBe('allow');
  });

  it('is audit over allow', () => {
    expect(verdictOf(admitted('ingress', { verdict: 'audit' }), delivered({ at: 1 }))).toBe('audit');
  });

  it('is l7 when the proxy has it, drop when the proxy denies the request, and stays drop when it says 403', () => {
    const proxied = admitted('ingress', { verdict: 'redirected' });
    const request = { eventType: EVENT.l7, tcpFlags: undefined, isReply: false };
    const denied = flow({ ...request, at: 5, verdict: 'dropped', l7: { type: 'HTTP', text: 'GET /admin' } });
    const answer = answered({
      at: 6,
      eventType: EVENT.l7,
      tcpFlags: undefined,
      l7: { type: 'HTTP', text: 'GET /admin', code: 403 },
    });
    expect(verdictOf(proxied)).toBe('l7');
    expect(verdictOf(proxied, answered({ at: 1 }), denied, answer)).toBe('drop');
    expect(attemptOf(proxied, denied, answer).l7).toEqual({ type: 'HTTP', text: 'GET /admin', code: 403 });
  });

  it('is drop when the proxy denies, whatever its own packets seem to say', () => {
    const proxied = admitted('egress', { verdict: 'redirected' });
    const request = { eventType: EVENT.l7, tcpFlags: undefined, isReply: false } as const;
    const denied = flow({ ...request, at: 5, verdict: 'dropped', l7: { type: 'HTTP', text: 'GET /' } });
    expect(verdictOf(proxied, denied, delivered({ at: 6, tcpFlags: ['ACK', 'FIN'] }))).toBe('drop');
    const udp = { protocol: 'UDP', tcpFlags: undefined } as const;
    const query = { ...denied, ...udp, l7: { type: 'DNS', text: 'A evil.example' } };
    expect(verdictOf({ ...proxied, ...udp }, query, answered({ ...udp, at: 6 }))).toBe('drop');
  });

  it('is drop when a drop and a pass have the same time', () => {
    expect(verdictOf(delivered(), ...dropped('ingress'))).toBe('drop');
    expect(verdictOf(...dropped('ingress'), delivered())).toBe('drop');
  });

  it('has the reason of the last drop, whichever came last', () => {
    const late = { dropReason: { code: 181, text: 'Policy denied by denylist' }, at: 1_000 };
    const flows = [...dropped('ingress', late), ...dropped('egress')];
    expect(attemptOf(...flows)).toMatchObject({
      dropReason: { code: 181 },
      dropDirection: 'ingress',
      tries: 1,
    });
  });

  it('is error when the proxy fails', () => {
    expect(verdictOf(flow({ eventType: EVENT.l7, verdict: 'error', isReply: false }))).toBe('error');
  });

  it('is failed when the destination refuses', () => {
    const refusal = answered({ at: 1, tcpFlags: ['RST', 'ACK'] });
    expect(verdictOf(delivered(), refusal)).toBe('failed');
  });

  it('is allow when a connection that worked is reset', () => {
    const reset = answered({ at: 100, tcpFlags: ['RST'] });
    expect(verdictOf(delivered(), answered({ at: 1 }), reset)).toBe('allow');
    expect(verdictOf(delivered(), { ...reset, time: START + 30_000 })).toBe('allow');
  });

  it('is drop when the answer is dropped, but not for a dropped reset', () => {
    const lost = { eventType: EVENT.drop, verdict: 'dropped', isReply: undefined } as const;
    expect(verdictOf(delivered(), answered({ ...lost, at: 1 }))).toBe('drop');
    expect(verdictOf(delivered(), answered({ ...lost, at: 1, tcpFlags: ['RST'] }))).toBe('allow');
  });

  it('does not depend on the order in which flows come', () => {
    const series = [
      [sent(), ...dropped('ingress', { at: 2 }), sent({ at: 1000 }), ...dropped('ingress', { at: 1002 })],
      [...dropped('egress'), sent({ at: 1000 }), delivered({ at: 1001 }), answered({ at: 1002 })],
      [delivered(), ...dropped('ingress', { at: 400, tcpFlags: ['ACK', 'PSH'] })],
    ];
    fc.assert(
      fc.property(
        fc
          .constantFrom(...series)
          .chain((flows) =>
            fc.tuple(fc.constant(flows), fc.shuffledSubarray(flows, { minLength: flows.length })),
          ),
        ([flows, shuffled]) => verdictOf(...shuffled) === verdictOf(...flows),
      ),
    );
  });
});

describe('pending', () => {
  test.each([
    ['a trace event', sent()],
    ['a policy verdict', admitted('egress')],
  ])('lasts for the grace after %s of the source alone, then it is allow', (_, only) => {
    const fold = createFold({ grace: 2_500 });
    fold.add([only], START);
    expect(fold.attempts()[0]?.verdict).toBe('pending');
    expect(fold.rows(START + 2_499)[0]?.verdict).toBe('pending');
    expect(fold.rows(START + 2_600)[0]?.verdict).toBe('allow');
    expect(fold.attempts()[0]?.verdict).toBe('allow');
  });

  it('ends with a drop that comes from another node within the grace', () => {
    const fold = createFold();
    fold.add([sent()], START);
    fold.add(dropped('ingress', { at: 3, node: 'node-2' }), START + 1_100);
    expect(fold.rows(START + 9_000)[0]).toMatchObject({ verdict: 'drop', dropped: 1 });
    expect(fold.attempts()[0]?.nodes).toEqual(['node-1', 'node-2']);
  });

  it('turns to drop even after the grace', () => {
    const fold = createFold();
    fold.add([sent()], START);
    expect(fold.rows(START + 3_000)[0]?.verdict).toBe('allow');
    fold.add(dropped('ingress', { at: 3 }), START + 4_000);
    expect(fold.rows(START + 4_000)[0]?.verdict).toBe('drop');
  });

  it('does not speak for a row that knows better', () => {
    const fold = createFold();
    fold.add(dropped('ingress'), START);
    fold.add([sent({ at: 1000, source: { ...web, port: 40_001 } })], START + 1_000);
    expect(fold.rows(START + 1_000)[0]).toMatchObject({
      verdict: 'drop',
      count: 2,
      newest: { verdict: 'drop' },
    });
  });
});

describe('retries', () => {
  it('of a SYN are one attempt, counted once for each packet', () => {
    const series = [0, 1000, 3000, 7000].flatMap((at) => [
      sent({ at }),
      ...dropped('ingress', { at: at + 1, node: 'node-2' }),
    ]);
    expect(attemptOf(...series)).toMatchObject({
      tries: 4,
      verdict: 'drop',
      first: START,
      last: START + 7001,
    });
  });

  it('within 130 s of the last belong together, later ones do not', () => {
    const fold = createFold();
    fold.add([...dropped('ingress'), ...dropped('ingress', { at: 129_000 })], START);
    expect(fold.attempts()).toMatchObject([{ tries: 2 }]);
    fold.add(dropped('ingress', { at: 260_000 }), START);
    expect(fold.attempts()).toMatchObject([{ tries: 1, first: START + 260_000 }]);
    expect(fold.rows(LATER)[0]).toMatchObject({ count: 2, dropped: 2 });
  });

  it('that get through turn the attempt to allow, at their own time', () => {
    const attempt = attemptOf(...dropped('ingress'), delivered({ at: 1000 }));
    expect(attempt).toMatchObject({ verdict: 'allow', first: START, turned: START + 1000, tries: 1 });
  });

  it('that leave a node which dropped before are allow after the grace, when the drop was there', () => {
    expect(verdictOf(...dropped('egress'), sent({ at: 1000 }))).toBe('allow');
  });

  it('that leave the source say nothing about a drop at the destination', () => {
    expect(verdictOf(...dropped('ingress'), sent({ at: 1000 }))).toBe('drop');
  });

  it('of the same ports after an answer are another connection', () => {
    const fold = createFold();
    fold.add([delivered(), answered({ at: 1 }), delivered({ at: 60_000 })], START);
    expect(fold.rows(LATER)[0]?.count).toBe(2);
  });

  it('of the same source port to somebody else are another attempt', () => {
    const fold = createFold();
    fold.add([delivered(), delivered({ at: 1, destination: { ...db, ip: '10.0.0.9', pod: 'db-2' } })], START);
    expect(fold.attempts()).toHaveLength(2);
    expect(fold.rows(LATER)).toHaveLength(1);
  });
});

describe('what is counted', () => {
  it('is the request, not the answer', () => {
    const fold = createFold();
    fold.add([answered()], START);
    expect(fold.attempts()).toEqual([]);
  });

  it('takes a SYN-ACK or RST without is_reply for an answer', () => {
    const fold = createFold();
    fold.add([delivered(), answered({ at: 1, isReply: undefined })], START);
    expect(fold.attempts()).toHaveLength(1);
  });

  it('takes a datagram that goes the way back for an answer when nothing says', () => {
    const udp = { protocol: 'UDP', tcpFlags: undefined, isReply: undefined } as const;
    const fold = createFold();
    fold.add([sent(udp), answered({ ...udp, at: 2 })], START);
    expect(fold.attempts()).toMatchObject([{ verdict: 'allow', protocol: 'UDP' }]);
  });

  it('is an echo and its reply once', () => {
    const icmp = { protocol: 'ICMP', tcpFlags: undefined, source: { ...web, port: undefined } } as const;
    const asked = delivered({ ...icmp, icmpType: 8, destination: { ...db, port: undefined } });
    const reply = answered({
      ...icmp,
      icmpType: 0,
      source: { ...db, port: undefined },
      destination: { ...web, port: undefined },
    });
    expect(attemptOf(asked, reply)).toMatchObject({ verdict: 'allow', protocol: 'ICMP' });
  });

  it('is a flow with the same uuid once', () => {
    const [verdict, drop] = dropped('ingress');
    if (verdict === undefined || drop === undefined) throw new Error('no flows');
    const fold = createFold();
    fold.add([verdict, drop], START);
    fold.add([verdict, drop, verdict], START);
    expect(fold.attempts()).toMatchObject([{ tries: 1 }]);
    expect(fold.samples(START + 1_000)).toMatchObject([{ drop: 1 }]);
  });

  it('is no drop without addresses', () => {
    const fold = createFold();
    const nobody = { source: {}, destination: {} };
    fold.add([flow({ ...nobody, verdict: 'dropped', eventType: EVENT.drop })], START);
    expect(fold.attempts()).toEqual([]);
  });

  it('merges what the verdict knows with what the drop knows, in either order', () => {
    const [verdict, drop] = dropped('ingress', {
      deniedBy: [{ name: 'deny', namespace: 'shop', direction: 'ingress' }],
      dropReason: { code: 181, text: 'Policy denied by denylist' },
    });
    if (verdict === undefined || drop === undefined) throw new Error('no flows');
    for (const flows of [
      [verdict, { ...drop, deniedBy: [] }],
      [{ ...drop, deniedBy: [] }, verdict],
    ]) {
      expect(attemptOf(...flows)).toMatchObject({
        tries: 1,
        dropReason: { code: 181 },
        deniedBy: [{ name: 'deny' }],
      });
    }
  });
});

describe('probes', () => {
  it('read a socket as allow, silence as drop, refusal as failed, and nothing as pending for ever', () => {
    const seen = (verdict: Flow['verdict'], how: Flow['seen']) =>
      verdictOf(flow({ seen: how, verdict, eventType: undefined, tcpFlags: undefined }));
    expect(seen('forwarded', 'socket')).toBe('allow');
    expect(seen('dropped', 'socket')).toBe('drop');
    expect(seen('error', 'connect')).toBe('failed');
    expect(seen('unknown', 'socket')).toBe('pending');
  });

  it('looking at the same socket again is the same try', () => {
    const look = (at: number) => flow({ at, seen: 'socket', eventType: undefined, tcpFlags: undefined });
    expect(attemptOf(look(0), look(1500), look(3000))).toMatchObject({ tries: 1, last: START + 3000 });
  });
});

describe('settled', () => {
  it('gives each verdict once, when it is known and when it changes', () => {
    const fold = createFold();
    fold.add([sent()], START);
    expect(fold.settled(START)).toEqual([]);
    expect(fold.settled(START + 3_000)).toMatchObject([{ verdict: 'allow' }]);
    expect(fold.settled(START + 4_000)).toEqual([]);
    fold.add(dropped('ingress', { at: 5 }), START + 5_000);
    expect(fold.settled(START + 5_000)).toMatchObject([{ verdict: 'drop' }]);
  });
});

it('gives attempts by row, time and verdict', () => {
  const fold = createFold();
  const other = { ...db, port: 8080 };
  fold.add([...dropped('ingress'), delivered({ at: 5000, destination: other })], START);
  const rowKey = fold.rows(LATER).find(({ port }) => port === 8080)?.key ?? '';
  expect(fold.attempts({ rowKey })).toMatchObject([{ verdict: 'allow' }]);
  expect(fold.attempts({ verdicts: ['drop'] })).toMatchObject([{ destination: { port: 5432 } }]);
  expect(fold.attempts({ since: START + 1 })).toHaveLength(1);
});
