import { type AddressInfo, createServer, type Server as NetServer } from 'node:net';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, test, vi } from 'vitest';
import { createHubbleSource, type HubbleOptions } from '../../../src/hubble/client/source.ts';
import { eventually } from '../../helpers/eventually.ts';
import {
  type FakeHubble,
  type FakeOptions,
  flowResponse,
  type Script,
  startHubble,
} from '../../helpers/hubble/hubble-server.ts';
import { runSource, type TrafficRun } from '../../helpers/hubble/traffic-run.ts';
import { TEST_CERT, TEST_KEY } from '../../helpers/servers/tls-pair.ts';

const FAST = { backOff: { base: 5, cap: 20 }, call: 1_000, look: 10_000 };

const running: TrafficRun[] = [];
const servers: FakeHubble[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((run) => run.stop()));
  for (const server of servers.splice(0)) server.stop();
});

async function serve(script: Script, options?: FakeOptions): Promise<FakeHubble> {
  const server = await startHubble(script, options);
  servers.push(server);
  return server;
}

function run(options: HubbleOptions): TrafficRun {
  const started = runSource(createHubbleSource({ ...options, timing: { ...FAST, ...options.timing } }));
  running.push(started);
  return started;
}

const idle: Script = (call) => {
  if (call.request.follow !== true) call.end();
};

describe('the request', () => {
  it('follows with number 1, a mask, and filters that omit irrelevant events', async () => {
    const server = await serve((call) => call.write(flowResponse()));
    const { flows } = run({ address: server.address });
    await eventually(() => expect(flows).toHaveLength(1));
    const [request] = server.requests;
    expect(request).toMatchObject({ follow: true, number: '1' });
    expect(request?.field_mask?.paths).toEqual(
      expect.arrayContaining(['time', 'node_name', 'emitter', 'is_reply']),
    );
    expect(request?.whitelist).toMatchObject([
      { event_type: [{ type: 1 }, { type: 5 }, { type: 129 }] },
      {
        event_type: [{ type: 4, match_sub_type: true }, { sub_type: 2 }, { sub_type: 3 }, { sub_type: 11 }],
        tcp_flags: [{ SYN: true }, { RST: true }],
      },
      { protocol: ['udp', 'icmp', 'sctp'] },
    ]);
  });

  it('filters by namespace at either end, and checks it again', async () => {
    const server = await serve((call) => {
      call.write(flowResponse({ source: { namespace: 'shop-2' }, destination: { namespace: 'other' } }));
      call.write(flowResponse({ source: { namespace: 'other' }, destination: { namespace: 'shop' } }));
    });
    const { flows } = run({ address: server.address, namespaces: ['shop'] });
    await eventually(() => expect(flows).toHaveLength(1));
    expect(flows[0]?.destination.namespace).toBe('shop');
    const ends = server.requests[0]?.whitelist?.map((filter) => filter.source_pod ?? filter.destination_pod);
    expect(ends).toEqual(Array.from({ length: 6 }, () => ['shop/']));
  });

  it('omits nothing for raw output', async () => {
    const raw: unknown[] = [];
    const noise = { trace_observation_point: 'TO_OVERLAY', event_type: { type: 4, sub_type: 4 } };
    const server = await serve((call) => call.write(flowResponse(noise)));
    const { flows } = run({ address: server.address, onRaw: (response) => raw.push(response) });
    await eventually(() => expect(flows).toHaveLength(1));
    expect(server.requests[0]).not.toHaveProperty('field_mask');
    expect(server.requests[0]).not.toHaveProperty('whitelist');
    expect(raw).toMatchObject([
      { flow: { trace_observation_point: 'TO_OVERLAY', is_reply: false }, node_name: 'node-1' },
    ]);
  });

  it('requests past flows on a separate stream', async () => {
    const server = await serve((call) => {
      if (call.request.follow === true) return;
      call.write(flowResponse());
      call.end();
    });
    const since = Date.UTC(2026, 0, 5, 9, 30, 0, 250);
    const { flows } = run({ address: server.address, since });
    await eventually(() => expect(flows).toHaveLength(1));
    const history = server.requests.find(({ follow }) => follow !== true);
    expect(history?.since).toEqual({ seconds: String(Math.floor(since / 1000)), nanos: 250_000_000 });
    expect(history).not.toHaveProperty('number');
    await eventually(() => expect(server.requests).toHaveLength(2));
  });

  it('ends after past flows without follow', async () => {
    const server = await serve((call) => {
      call.write(flowResponse());
      call.write(flowResponse());
      call.end();
    });
    const { flows, ended } = run({ address: server.address, last: 2, follow: false });
    expect(await ended).toBeUndefined();
    expect(flows).toHaveLength(2);
    expect(server.requests).toMatchObject([{ number: '2' }]);
  });
});

describe('servers that reject the request', () => {
  it('with "invalid fieldmask" get an older mask, then none', async () => {
    const server = await serve((call) => {
      if (call.request.field_mask === undefined) call.write(flowResponse());
      else call.emit('error', { code: status.UNKNOWN, details: 'invalid fieldmask' });
    });
    const { flows, states } = run({
      address: server.address,
      timing: { backOff: { base: 60_000, cap: 60_000 } },
    });
    await eventually(() => expect(flows).toHaveLength(1));
    const masks = server.requests.map(({ field_mask: mask }) => mask?.paths?.includes('emitter'));
    expect(masks).toEqual([true, false, undefined]);
    expect(states.map((state) => state.status)).not.toContain('reconnecting');
  });

  test.each([
    ['all nodes, which ends the stream', ['node-1', 'node-2'], true],
    ['one node of many, which does not', ['node-1'], false],
  ])('with NODE_ERROR of Relay for %s', async (_, refusing, ends) => {
    const server = await serve((call) => {
      if (call.request.field_mask === undefined) {
        call.write(flowResponse());
        return;
      }
      const message = 'rpc error: code = Unknown desc = invalid fieldmask';
      call.write({ node_status: { state_change: 'NODE_CONNECTED', node_names: ['node-1', 'node-2'] } });
      call.write({ node_status: { state_change: 'NODE_ERROR', node_names: refusing, message } });
      if (ends) call.end();
    });
    const { flows, state } = run({ address: server.address });
    await eventually(() => expect(flows).toHaveLength(1));
    expect(server.requests).toHaveLength(3);
    expect(server.most()).toBe(1);
    expect(state()).toMatchObject({ status: 'live' });
  });

  it('because of a filter get none, and the flows are filtered locally', async () => {
    const server = await serve((call) => {
      if (call.request.whitelist !== undefined) {
        call.emit('error', { code: status.INVALID_ARGUMENT, details: 'unknown protocol: sctp' });
        return;
      }
      const tcp = { source_port: 1, destination_port: 2 };
      call.write(
        flowResponse({ event_type: { type: 4, sub_type: 4 }, trace_observation_point: 'TO_OVERLAY' }),
      );
      call.write(flowResponse({ l4: { TCP: { ...tcp, flags: { ACK: true } } } }));
      call.write(flowResponse({ uuid: 'refusal', l4: { TCP: { ...tcp, flags: { RST: true, ACK: true } } } }));
      call.write(flowResponse({ event_type: { type: 7, sub_type: 1 }, trace_observation_point: 0 }));
      call.write(
        flowResponse({
          uuid: 'drop',
          event_type: { type: 1, sub_type: 133 },
          verdict: 'DROPPED',
          trace_observation_point: 0,
        }),
      );
    });
    const { flows } = run({ address: server.address });
    await eventually(() => expect(flows.map(({ uuid }) => uuid)).toEqual(['refusal', 'drop']));
  });
});

describe('a stream that ends', () => {
  /** Writes one flow with this UUID and time, then ends. */
  const oneThen = (end: (call: Parameters<Script>[0]) => void): Script => {
    return (call, index) => {
      if (call.request.follow !== true) {
        call.write(flowResponse({ uuid: 'first', time: { seconds: 1_800_000_000, nanos: 0 } }));
        call.write(flowResponse({ uuid: 'missed', time: { seconds: 1_800_000_001, nanos: 0 } }));
        call.end();
        return;
      }
      if (index > 0) return;
      call.write(flowResponse({ uuid: 'first', time: { seconds: 1_800_000_000, nanos: 0 } }), () =>
        end(call),
      );
    };
  };

  test.each([
    ['with OK', (call: Parameters<Script>[0]) => call.end()],
    [
      'with an error',
      (call: Parameters<Script>[0]) =>
        call.emit('error', { code: status.RESOURCE_EXHAUSTED, details: 'too much' }),
    ],
  ])('%s is reopened two seconds back, without repeated flows', async (_, end) => {
    const server = await serve(oneThen(end));
    const { flows, states } = run({ address: server.address });
    await eventually(() => expect(flows.map(({ uuid }) => uuid)).toEqual(['first', 'missed']));
    const history = server.requests.find(({ follow }) => follow !== true);
    expect(history?.since).toEqual({ seconds: '1799999998', nanos: 0 });
    expect(server.most()).toBe(1);
    expect(states.map((state) => state.status)).toContain('reconnecting');
    await eventually(() => expect(states.at(-1)?.status).toBe('live'));
  });

  it('by a reset is reopened once the server is back', async () => {
    const server = await serve((call) => call.write(flowResponse()));
    const { flows, states } = run({ address: server.address });
    await eventually(() => expect(flows).toHaveLength(1));
    server.stop();
    await eventually(() => expect(states.at(-1)).toMatchObject({ status: 'reconnecting' }));
    await eventually(() => expect(states.at(-1)?.detail).toContain('refused the connection'));
    const back = flowResponse({ uuid: 'back' });
    await serve((call) => call.request.follow === true && call.write(back), { port: server.port });
    await eventually(() => expect(flows.at(-1)?.uuid).toBe('back'));
  });

  it('in the middle of past flows is asked for the rest while new flows come in (HUB-41)', async () => {
    const at = (uuid: string, seconds: number) => flowResponse({ uuid, time: { seconds, nanos: 0 } });
    const asked: unknown[] = [];
    const server = await serve((call) => {
      if (call.request.follow === true) {
        call.write(at('new', 1_800_000_100));
        return;
      }
      asked.push(call.request.since?.seconds);
      call.write(at('old-1', 1_800_000_000));
      if (asked.length > 1) {
        call.write(at('old-2', 1_800_000_001));
        call.end();
      } else call.emit('error', { code: status.INTERNAL, details: 'ring reader failed' });
    });
    const { flows, states } = run({ address: server.address, since: 1_799_999_000_000 });
    await eventually(() =>
      expect(flows.map(({ uuid }) => uuid).toSorted()).toEqual(['new', 'old-1', 'old-2']),
    );
    expect(asked).toEqual(['1799999000', '1799999998']);
    expect(states.flatMap(({ gap }) => gap ?? [])).toEqual([]);
  });

  it('in the middle of past flows, again and again, tells the gap (HUB-41)', async () => {
    const server = await serve((call) => {
      if (call.request.follow === true) call.write(flowResponse());
      else call.emit('error', { code: status.INTERNAL, details: 'ring reader failed' });
    });
    const since = Date.now() - 60_000;
    const { state } = run({ address: server.address, since });
    await eventually(() => expect(state()?.gap?.from).toBe(since));
    expect(server.requests.filter(({ follow }) => follow !== true)).toHaveLength(5);
  });

  test.each([
    ['has the last flow no more', 1_800_000_009, { from: 1_800_000_000_000, to: 1_800_000_009_000 }],
    ['still has the last flow', 1_800_000_000, undefined],
  ])('and a server that %s: the gap is told if there is one (HUB-41)', async (_, seconds, gap) => {
    const server = await serve((call, index) => {
      const past = call.request.follow !== true;
      if (index > 0 && !past) return;
      const time = { seconds: past ? seconds : 1_800_000_000, nanos: 0 };
      call.write(flowResponse({ uuid: past ? 'past' : 'first', time }), () => call.end());
    });
    const { flows, state } = run({ address: server.address });
    await eventually(() => expect(flows.map(({ uuid }) => uuid)).toEqual(['first', 'past']));
    await eventually(() => expect(state()?.status).toBe('live'));
    expect(state()?.gap).toEqual(gap);
  });

  test.each([
    ['reported', 1_800_000_005, true],
    ['left alone if the server has nothing new either', 1_800_000_000, false],
  ])('never, but sends nothing, is %s (HUB-42)', async (_, newest, isStalled) => {
    let lists = 0;
    let remembered = 1_800_000_000;
    const server = await serve(
      (call) => {
        const past = call.request.follow !== true;
        call.write(flowResponse({ time: { seconds: past ? remembered : 1_800_000_000, nanos: 0 } }));
        if (past) call.end();
      },
      {
        handlers: {
          GetNodes: (_call, answer) => {
            lists += 1;
            answer(null, { nodes: [{ name: 'node-1', state: 'NODE_CONNECTED' }] });
          },
        },
      },
    );
    const { flows, states } = run({ address: server.address, timing: { look: 10, call: 200 } });
    await eventually(() => expect(flows.length).toBeGreaterThan(0));
    const known = lists;
    await eventually(() => expect(lists).toBeGreaterThan(known + 2));
    remembered = newest;
    const stalled = () => states.filter(({ detail }) => detail.includes('stopped sending flows'));
    if (isStalled) await eventually(() => expect(stalled()).toMatchObject([{ status: 'reconnecting' }]));
    else {
      const before = lists;
      await eventually(() => expect(lists).toBeGreaterThan(before + 5));
      expect(stalled()).toEqual([]);
    }
  });

  it('by silence of the server is reopened', async () => {
    let hanging = true;
    const server = await serve((call) => call.write(flowResponse()), {
      handlers: {
        GetNodes: (_call, answer) => {
          if (!hanging) answer(null, { nodes: [] });
        },
      },
    });
    const { flows } = run({ address: server.address, timing: { call: 40, look: 10 } });
    await eventually(() => expect(server.requests.filter(({ follow }) => follow).length).toBeGreaterThan(1));
    hanging = false;
    await eventually(() => expect(flows.length).toBeGreaterThan(1));
    expect(server.most()).toBe(1);
  });

  it('waits longer each time', async () => {
    const dials: number[] = [];
    const random = vi.spyOn(Math, 'random').mockReturnValue(1);
    const dial = async () => {
      dials.push(performance.now());
      throw new Error('no pod');
    };
    const { states } = run({ dial, tls: false, timing: { backOff: { base: 20, cap: 160 } } });
    await eventually(() => expect(dials.length).toBeGreaterThan(5));
    random.mockRestore();
    const waits = dials.slice(1).map((at, index) => at - (dials[index] ?? 0));
    for (const [index, least] of [20, 40, 80, 160, 160].entries())
      expect(waits[index]).toBeGreaterThanOrEqual(least - 2);
    expect(states.at(-1)).toMatchObject({
      status: 'reconnecting',
      detail: expect.stringContaining('no pod'),
    });
  });
});

describe('the state', () => {
  it('has address, version and nodes', async () => {
    const server = await serve(idle);
    const { state } = run({ address: server.address });
    await eventually(() =>
      expect(state()).toEqual({
        source: 'hubble',
        status: 'live',
        detail: server.address,
        version: '1.20.2+g1234',
        nodes: { connected: 1, total: 1 },
        lost: 0,
      }),
    );
  });

  it('uses the version of a node if Relay reports none', async () => {
    const server = await serve(idle, {
      handlers: {
        ServerStatus: (_call, answer) => answer(null, { version: 'hubble-relay' }),
        GetNodes: (_call, answer) => answer(null, { nodes: [{ name: 'node-1', version: 'cilium v1.18.6' }] }),
      },
    });
    const { state } = run({ address: server.address });
    await eventually(() => expect(state()).toMatchObject({ status: 'live', version: '1.18.6' }));
  });

  it('of a single agent has no nodes', async () => {
    const server = await serve(idle, {
      handlers: {
        GetNodes: (_call, answer) => answer({ code: status.UNIMPLEMENTED, details: 'not on agents' }),
      },
    });
    const { state } = run({ address: server.address, timing: { look: 5 } });
    await eventually(() => expect(state()).toMatchObject({ status: 'live' }));
    expect(state()).not.toHaveProperty('nodes');
  });

  it('adds up lost events, over connections', async () => {
    const server = await serve((call, index) => {
      call.write({
        lost_events: { source: 'HUBBLE_RING_BUFFER', num_events_lost: 40 + index },
        node_name: 'node-1',
      });
      if (index === 0) call.end();
    });
    const { state } = run({ address: server.address });
    await eventually(() => expect(state()).toMatchObject({ lost: 81, status: 'live' }));
  });

  it('reports which nodes fail, and why', async () => {
    const server = await serve(
      (call) => {
        call.write({
          node_status: { state_change: 'NODE_CONNECTED', node_names: ['node-1', 'node-2', 'node-3'] },
        });
        call.write({
          node_status: { state_change: 'NODE_ERROR', node_names: ['node-3'], message: 'EOF\u001b[2J' },
        });
      },
      {
        handlers: {
          GetNodes: (_call, answer) =>
            answer(null, {
              nodes: [
                { name: 'node-1', state: 'NODE_CONNECTED' },
                { name: 'node-2', state: 'NODE_CONNECTED' },
                { name: 'node-3', state: 'NODE_UNAVAILABLE' },
              ],
            }),
        },
      },
    );
    const { state } = run({ address: server.address });
    await eventually(() =>
      expect(state()).toMatchObject({
        nodes: { connected: 2, total: 3 },
        detail: `${server.address}: node-3 not connected (EOF␛[2J)`,
      }),
    );
  });

  it('polls the list of nodes, and reopens the stream for a silent one', async () => {
    let nodes = ['node-1'];
    const server = await serve(
      (call) => {
        if (call.request.follow !== true) call.end();
        else call.write({ node_status: { state_change: 'NODE_CONNECTED', node_names: nodes } });
      },
      {
        handlers: {
          GetNodes: (_call, answer) =>
            answer(null, { nodes: nodes.map((name) => ({ name, state: 'NODE_CONNECTED' })) }),
        },
      },
    );
    const { state, states } = run({ address: server.address, timing: { look: 10 } });
    await eventually(() => expect(state()).toMatchObject({ nodes: { connected: 1, total: 1 } }));
    expect(server.requests.filter(({ follow }) => follow)).toHaveLength(1);
    nodes = ['node-1', 'node-2'];
    await eventually(() => expect(server.requests.filter(({ follow }) => follow)).toHaveLength(2));
    await eventually(() =>
      expect(state()).toMatchObject({ nodes: { connected: 2, total: 2 }, status: 'live' }),
    );
    expect(server.most()).toBe(1);
    expect(states.map(({ status: name }) => name)).not.toContain('reconnecting');
  });

  it('reopens the stream only twice for a node that stays silent', async () => {
    let lists = 0;
    const server = await serve(idle, {
      handlers: {
        GetNodes: (_call, answer) => {
          lists += 1;
          answer(null, { nodes: [{ name: 'mute', state: 'NODE_CONNECTED' }] });
        },
      },
    });
    run({ address: server.address, timing: { look: 5 } });
    await eventually(() => expect(lists).toBeGreaterThan(30));
    expect(server.requests.filter(({ follow }) => follow)).toHaveLength(3);
  });

  it('delivers flows in batches', async () => {
    const server = await serve((call) => {
      for (let index = 0; index < 500; index += 1) call.write(flowResponse());
    });
    const { flows, batches } = run({ address: server.address });
    await eventually(() => expect(flows).toHaveLength(500));
    expect(batches.length).toBeLessThan(20);
  });
});

describe('a port-forward', () => {
  it('is created for each connection, and closed after it', async () => {
    const server = await serve((call, index) => {
      call.write(flowResponse());
      if (index === 0) call.end();
    });
    const events: string[] = [];
    const dial = async () => {
      events.push('open');
      return { host: '127.0.0.1', port: server.port, close: () => void events.push('close') };
    };
    const { flows, state, stop } = run({ dial, tls: false });
    await eventually(() => expect(flows.length).toBeGreaterThan(1));
    expect(state()?.detail).toBe('hubble-relay');
    await stop();
    expect(events).toEqual(['open', 'close', 'open', 'close']);
  });

  it('is aborted when the source stops', async () => {
    let asked: AbortSignal | undefined;
    const dial = (signal: AbortSignal) => {
      asked = signal;
      return new Promise<never>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    };
    const { stop } = run({ dial, tls: false });
    await eventually(() => expect(asked).toBeDefined());
    expect(await stop()).toBeUndefined();
    expect(asked?.aborted).toBe(true);
  });
});

describe('stopping', () => {
  it('cancels the stream and resolves', async () => {
    const server = await serve((call) => call.write(flowResponse()));
    const { flows, stop } = run({ address: server.address });
    await eventually(() => expect(flows).toHaveLength(1));
    expect(await stop()).toBeUndefined();
    await eventually(() => expect(server.open.size).toBe(0));
  });

  it('delivers pending flows', async () => {
    const server = await serve((call) => call.write(flowResponse()));
    const raw = vi.fn();
    const { flows, stop } = run({ address: server.address, timing: { batch: 60_000 }, onRaw: raw });
    await eventually(() => expect(raw).toHaveBeenCalled());
    expect(flows).toEqual([]);
    await stop();
    expect(flows).toHaveLength(1);
  });
});

describe('mistakes', () => {
  const mutual = (required: boolean) =>
    ServerCredentials.createSsl(
      Buffer.from(TEST_CERT),
      [{ cert_chain: Buffer.from(TEST_CERT), private_key: Buffer.from(TEST_KEY) }],
      required,
    );

  /** The error of running against a TLS server. */
  async function refusal(tls: HubbleOptions['tls'], required = false): Promise<unknown> {
    const server = await serve(idle, { credentials: mutual(required) });
    return run({ address: server.address, ...(tls === undefined ? {} : { tls }) }).ended;
  }

  test.each([
    ['plaintext to TLS', false, false, /requires TLS/, /--tls/],
    ['an unknown CA', {}, false, /signed by an unknown authority/, /--tls-ca-cert-files/],
    [
      'a certificate for a different name',
      { ca: TEST_CERT, serverName: 'instance.hubble-relay.cilium.io' },
      false,
      /certificate for a different name/,
      /--tls-server-name/,
    ],
    [
      'a missing client certificate',
      { ca: TEST_CERT },
      true,
      /requires a client certificate/,
      /--tls-client-cert-file/,
    ],
  ] as const)('%s: a sentence and the next step', async (_, tls, required, message, hint) => {
    expect(await refusal(tls, required)).toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });

  test.each([
    ['an unknown CA', 48],
    ['a bad certificate', 42],
    ['an expired certificate', 45],
  ])('a client certificate that the server refuses with the alert of %s', async (_, alert) => {
    const fatal = Buffer.from([21, 3, 3, 0, 2, 2, alert]);
    const refusing = createServer((socket) => socket.once('data', () => socket.end(fatal)));
    const port = await new Promise<number>((resolve) => {
      refusing.listen(0, '127.0.0.1', () => resolve((refusing.address() as AddressInfo).port));
    });
    const tls = { ca: TEST_CERT, cert: TEST_CERT, key: TEST_KEY };
    expect(await run({ address: `127.0.0.1:${port}`, tls }).ended).toMatchObject({
      message: `The Hubble server 127.0.0.1:${port} does not accept the client certificate.`,
      hint: expect.stringMatching(/--tls-client-cert-file to a valid one/),
    });
    refusing.close();
  });

  it('TLS to plaintext', async () => {
    const server = await serve(idle);
    expect(await run({ address: `tls://${server.address}` }).ended).toMatchObject({
      message: expect.stringMatching(/does not use TLS/),
    });
  });

  test.each([
    ['its CA', { ca: TEST_CERT }, false],
    ['its CA and name', { ca: TEST_CERT, serverName: 'localhost' }, false],
    ['a client certificate', { ca: TEST_CERT, cert: TEST_CERT, key: TEST_KEY }, true],
    ['no verification', { insecureSkipVerify: true }, false],
  ])('none: TLS with %s', async (_, tls, required) => {
    const server = await serve(idle, { credentials: mutual(required) });
    const { state } = run({ address: server.address, tls });
    await eventually(() => expect(state()).toMatchObject({ status: 'live' }));
  });

  it('a gRPC server that is not a Hubble server', async () => {
    const server = new Server();
    const port = await new Promise<number>((resolve) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_error, bound) => resolve(bound));
    });
    const error = await run({ address: `127.0.0.1:${port}` }).ended;
    server.forceShutdown();
    expect(error).toMatchObject({ message: expect.stringContaining('is not a Hubble server') });
  });

  test.each(['', 'host:port', 'host:0', 'host:70000', 'http://host:80', 'a b:1'])(
    'the address "%s"',
    async (address) => {
      expect(await run({ address }).ended).toMatchObject({
        code: 'usage',
        message: expect.stringContaining(address),
      });
    },
  );

  it('a client certificate without its key, and files that are not PEM', async () => {
    const tls = (more: object) => run({ address: '127.0.0.1:1', tls: { ca: TEST_CERT, ...more } }).ended;
    expect(await tls({ cert: TEST_CERT })).toMatchObject({ code: 'usage' });
    expect(await tls({ key: TEST_KEY })).toMatchObject({ code: 'usage' });
    expect(await tls({ cert: 'junk', key: 'junk' })).toMatchObject({ code: 'config' });
  });

  it('that appear later are retried, because the server may be fixed', async () => {
    const server = await serve((call) => call.write(flowResponse()));
    const { flows, state } = run({ address: server.address });
    await eventually(() => expect(flows).toHaveLength(1));
    server.stop();
    const secured = await serve(idle, { port: server.port, credentials: mutual(false) });
    await eventually(() =>
      expect(state()).toMatchObject({ status: 'failed', detail: expect.stringContaining('requires TLS') }),
    );
    secured.stop();
    await serve((call) => call.write(flowResponse()), { port: server.port });
    await eventually(() => expect(flows.length).toBeGreaterThan(1));
  });
});

describe('an unreachable server', () => {
  let blackHole: NetServer | undefined;
  afterEach(() => blackHole?.close());

  it('is retried', async () => {
    const { state } = run({ address: '127.0.0.1:1' });
    await eventually(() =>
      expect(state()).toMatchObject({
        status: 'reconnecting',
        detail: expect.stringContaining('refused the connection'),
      }),
    );
  });

  it('rejects if only past flows are requested', async () => {
    expect(await run({ address: '127.0.0.1:1', last: 5, follow: false }).ended).toMatchObject({
      code: 'unreachable',
      message: 'The Hubble server 127.0.0.1:1 refused the connection.',
    });
  });

  it('that accepts connections but never responds is reported', async () => {
    blackHole = createServer(() => {});
    const port = await new Promise<number>((resolve) => {
      blackHole?.listen(0, '127.0.0.1', () => {
        const bound = blackHole?.address();
        resolve(typeof bound === 'object' && bound !== null ? bound.port : 0);
      });
    });
    const { state } = run({ address: `127.0.0.1:${port}`, timing: { call: 100 } });
    await eventually(() =>
      expect(state()).toMatchObject({
        status: 'reconnecting',
        detail: expect.stringContaining('is not responding'),
      }),
    );
  });
});

test('a local server is reached without the proxy from the environment', async () => {
  vi.stubEnv('http_proxy', 'http://127.0.0.1:9');
  vi.stubEnv('no_proxy', '');
  const server = await serve((call) => call.write(flowResponse()));
  const { flows } = run({ address: server.address });
  await eventually(() => expect(flows).toHaveLength(1));
  vi.unstubAllEnvs();
});
