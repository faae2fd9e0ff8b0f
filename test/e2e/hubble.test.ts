import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, test, vi } from 'vitest';
import type { Attempt, AttemptVerdict } from '../../src/core/traffic/attempt.ts';
import type { Flow } from '../../src/core/traffic/flow.ts';
import { createFold } from '../../src/core/traffic/fold.ts';
import { createHubbleSource, type HubbleOptions } from '../../src/hubble/client/source.ts';
import { findHubbleKit, freePort, type KitServer } from '../helpers/hubble/hubble-kit.ts';
import { runSource, type TrafficRun } from '../helpers/hubble/traffic-run.ts';

const found = await findHubbleKit();

describe.skipIf(found === undefined)('Hubble of the official code', () => {
  const kit = found as NonNullable<typeof found>;
  const servers: KitServer[] = [];
  const running: TrafficRun[] = [];

  afterEach(async () => {
    await Promise.all(running.splice(0).map((run) => run.stop()));
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  async function serve(...args: readonly string[]): Promise<string> {
    const server = await kit.serve(...args);
    servers.push(server);
    return server.address;
  }

  function run(options: HubbleOptions): TrafficRun {
    const started = runSource(createHubbleSource(options));
    running.push(started);
    return started;
  }

  /** All flows of a server, in order. */
  async function collect(options: HubbleOptions): Promise<readonly Flow[]> {
    const { flows, ended } = run({ ...options, follow: false });
    expect(await ended).toBeUndefined();
    return flows;
  }

  const until = (check: () => void, timeout = 20_000) => vi.waitFor(check, { timeout, interval: 20 });

  const finite = (...more: readonly string[]) =>
    serve(
      '--synthetic',
      '--mode',
      'direct',
      '--end',
      'close',
      '--role',
      'agent',
      '--seed',
      '7',
      '--count',
      '400',
      ...more,
    );

  describe('scenes', () => {
    const SCENES: readonly (readonly [string, readonly AttemptVerdict[]])[] = [
      ['allowed', ['allow']],
      ['clusterip', ['allow']],
      ['drop-egress', ['drop']],
      ['drop-ingress', ['drop']],
      ['deny-rule', ['drop']],
      ['audit', ['audit']],
      ['dns', ['l7', 'drop']],
      ['http', ['l7', 'drop']],
      ['world-egress', ['allow', 'drop']],
      ['world-ingress', ['allow', 'drop']],
      ['host', ['allow', 'drop']],
      ['apiserver', ['allow', 'drop']],
      ['icmp', ['drop', 'allow']],
      ['udp', ['allow', 'drop']],
      ['sctp', ['drop']],
      ['odd-drops', ['drop']],
      ['proxy-error', ['error']],
    ];

    test.each(SCENES)(
      '%s: attempts are %o, and the same from the filtered request as from all flows',
      async (scene, verdicts) => {
        const address = await finite('--mix', scene);
        const cut = await collect({ address });
        const seen = [...expectSame(cut, await collect({ address, onRaw: () => {} })).values()];
        expect(verdicts).toEqual(expect.arrayContaining(seen));
        expect(seen).toContain(verdicts[0]);
      },
    );

    it('of the full mix need far fewer flows', async () => {
      const address = await finite();
      const cut = await collect({ address });
      const whole = await collect({ address, onRaw: () => {} });
      expect(cut.length).toBeLessThan(whole.length * 0.75);
    });
  });

  describe('ages', () => {
    test.each(['1.14', '1.15', '1.16', '1.17', '1.18', '1.19', '1.20'])(
      '%s gives the same attempts as the latest version',
      async (age) => {
        const today = await collect({ address: await finite() });
        const then = await collect({ address: await finite('--age', age) });
        expectSame(today, then);
      },
    );
  });

  describe('faults', () => {
    test.each([
      ['a reset', ['--drop-conn-after', '120']],
      ['an error', ['--error-after', '120', '--error-code', 'RESOURCE_EXHAUSTED']],
    ])('%s: the stream continues without repeated flows, and missed flows are fetched', async (_, fault) => {
      const address = await serve('--synthetic', '--rate', '400', ...fault, '--fault-times', '3');
      const raw: string[] = [];
      const { states, flows } = run({
        address,
        onRaw: (response) => raw.push(uuidOf(response)),
        timing: { backOff: { base: 50, cap: 15_000 } },
      });
      await until(() => expect(flows.length).toBeGreaterThan(1_500));
      expect(states.filter(({ status }) => status === 'reconnecting').length).toBeGreaterThan(1);
      const uuids = raw.filter((uuid) => uuid !== '');
      expect(new Set(uuids).size).toBe(uuids.length);
      expect(states.at(-1)).toMatchObject({ status: 'live', nodes: { connected: 3, total: 3 } });
    });

    it('an overrun ring: lost flows are counted', async () => {
      const address = await serve('--synthetic', '--ring', '255', '--rate', '0', '--wait');
      const { state } = run({ address, onRaw: () => {} });
      await until(() => expect(state()?.lost).toBeGreaterThan(100));
    });

    it('an unavailable node: it is counted and named', async () => {
      const address = await serve('--synthetic', '--rate', '50', '--unavailable', '1');
      const { state } = run({ address });
      await until(() =>
        expect(state()).toMatchObject({
          nodes: { connected: 2, total: 3 },
          detail: expect.stringContaining('node-3'),
        }),
      );
    });
  });

  describe('TLS', () => {
    let folder: string;
    const pem = (file: string) => readFile(join(folder, file), 'utf8');
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sluice-kit-'));
      await kit.output(['certs', folder]);
      return () => rm(folder, { recursive: true });
    });

    const secured = (...more: readonly string[]) =>
      serve(
        '--synthetic',
        '--rate',
        '50',
        '--tls-cert',
        join(folder, 'server.crt'),
        '--tls-key',
        join(folder, 'server.key'),
        ...more,
      );

    it('works with the CA and the name of Relay', async () => {
      const tls = { ca: await pem('ca.crt'), serverName: 'instance.hubble-relay.cilium.io' };
      const { flows } = run({ address: await secured(), tls });
      await until(() => expect(flows.length).toBeGreaterThan(5));
    });

    it('works with a required client certificate, and reports a missing or unknown one', async () => {
      const address = await secured('--tls-client-ca', join(folder, 'ca.crt'));
      const tls = { ca: await pem('ca.crt'), serverName: 'instance.hubble-relay.cilium.io' };
      const good = run({
        address,
        tls: { ...tls, cert: await pem('client.crt'), key: await pem('client.key') },
      });
      await until(() => expect(good.flows.length).toBeGreaterThan(5));
      const wanting = { message: expect.stringMatching(/requires a client certificate/) };
      expect(await run({ address, tls }).ended).toMatchObject(wanting);
      const foreign = { ...tls, cert: await pem('other-client.crt'), key: await pem('other-client.key') };
      expect(await run({ address, tls: foreign }).ended).toMatchObject({ code: 'unreachable' });
    });

    it('is reported if it is missing, not supported, or has the wrong certificate', async () => {
      const address = await secured();
      expect(await run({ address }).ended).toMatchObject({ message: expect.stringMatching(/requires TLS/) });
      expect(await run({ address, tls: { ca: await pem('other-ca.crt') } }).ended).toMatchObject({
        message: expect.stringMatching(/signed by an unknown authority/),
      });
      expect(await run({ address, tls: { ca: await pem('ca.crt') } }).ended).toMatchObject({
        message: expect.stringMatching(/different name/),
      });
      expect(await run({ address: `tls://${await serve('--synthetic')}` }).ended).toMatchObject({
        message: expect.stringMatching(/does not use TLS/),
      });
    });
  });

  describe('Relay over three agents', () => {
    async function agents(port: number, ...more: readonly string[]): Promise<KitServer> {
      const server = await kit.serve(
        '--synthetic',
        '--agents',
        '3',
        ...more,
        '--listen',
        `127.0.0.1:${port}`,
      );
      servers.push(server);
      return server;
    }

    async function relayOver(port: number): Promise<string> {
      const relay = await kit.relay(`127.0.0.1:${port}`);
      servers.push(relay);
      return relay.address;
    }

    it('a node that joins late is counted, and its flows arrive', async () => {
      const port = await freePort();
      await agents(port, '--rate', '60', '--peer-delay', '4s');
      const { state, flows } = run({ address: await relayOver(port), timing: { look: 500 } });
      await until(() => expect(state()).toMatchObject({ status: 'live', nodes: { connected: 3, total: 3 } }));
      await until(() => expect(new Set(flows.map(({ node }) => node)).size).toBe(3));
    });

    it('a few flows a second are not delayed', async () => {
      const port = await freePort();
      await agents(port, '--rate', '9');
      const late: number[] = [];
      const { flows } = run({
        address: await relayOver(port),
        onRaw: ({ time }) => late.push(Date.now() - Date.parse(String(time))),
      });
      await until(() => expect(flows.length).toBeGreaterThan(40));
      const settled = late.slice(10).sort((one, other) => one - other);
      expect(settled[Math.floor(settled.length / 2)]).toBeLessThan(1_000);
    });

    it('that loses all agents ends the stream with OK; it is reopened when they are back', async () => {
      const port = await freePort();
      const first = await agents(port, '--rate', '60');
      const { state, states, flows } = run({
        address: await relayOver(port),
        timing: { look: 500, backOff: { base: 50, cap: 15_000 } },
      });
      await until(() => expect(flows.length).toBeGreaterThan(20));
      await first.stop();
      await until(() => expect(states.some(({ nodes }) => nodes?.connected === 0)).toBe(true));
      const before = flows.length;
      await agents(port, '--rate', '60');
      await until(() => expect(flows.length).toBeGreaterThan(before + 50), 40_000);
      await until(
        () => expect(state()).toMatchObject({ status: 'live', nodes: { connected: 3, total: 3 } }),
        40_000,
      );
    });
  });

  it('raw output can be read by the official CLI, which prints the same', async () => {
    const address = await serve(
      '--synthetic',
      '--mode',
      'direct',
      '--end',
      'close',
      '--count',
      '150',
      '--role',
      'agent',
    );
    const raw: string[] = [];
    await collect({ address, onRaw: (response) => raw.push(JSON.stringify(response)) });
    const show = ['hubble', 'observe', '-o', 'compact', '--color', 'never', '--print-policy-names'];
    const ours = await kit.output([...show, '--input-file', '-'], `${raw.join('\n')}\n`);
    const theirs = await kit.output([
      ...show,
      '--server',
      address,
      '--follow',
      '--use-default-field-masks=false',
    ]);
    expect(ours.split('\n').length).toBeGreaterThan(100);
    expect(ours.split('\n').sort()).toEqual(theirs.split('\n').sort());
  });
});

/** Verdicts by path, long after the flows arrived, of attempts that began before `end`. */
function attemptsOf(flows: readonly Flow[], end: number): ReadonlyMap<string, AttemptVerdict> {
  const fold = createFold();
  fold.add(flows, 0);
  fold.rows(60_000);
  const whole = fold.attempts().filter(({ first }) => first < end);
  return new Map(whole.map((attempt) => [pathOf(attempt), attempt.verdict]));
}

/** Compares two views, except for the last attempts, which the end of the source truncates. */
function expectSame(one: readonly Flow[], other: readonly Flow[]): ReadonlyMap<string, AttemptVerdict> {
  const lastOf = (flows: readonly Flow[]) => Math.max(...flows.map(({ time }) => time));
  const end = Math.min(lastOf(one), lastOf(other)) - 200;
  const attempts = attemptsOf(one, end);
  expect(attempts.size).toBeGreaterThan(5);
  expect(attempts).toEqual(attemptsOf(other, end));
  return attempts;
}

function pathOf({ protocol, source, destination }: Attempt): string {
  return `${protocol} ${source.ip}:${source.port} > ${destination.ip}:${destination.port}`;
}

function uuidOf(response: Readonly<Record<string, unknown>>): string {
  const { flow } = response;
  return typeof flow === 'object' && flow !== null && 'uuid' in flow ? String(flow.uuid) : '';
}
