import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readShell, shellScript } from '../../src/probe/shell.ts';
import { connectTarget } from '../../src/probe/target.ts';
import { type ConnectTool, INTERPRETERS, TOOLS } from '../../src/probe/tools.ts';
import { PATIENCE } from '../helpers/eventually.ts';
import { localExec } from '../helpers/probe/local-exec.ts';
import { blackHole, closedPeer, datagramPeer, openPeer, type Peer } from '../helpers/probe/peers.ts';

// Where BusyBox is installed without a link for its nc, one is made.
const applets = mkdtempSync(join(tmpdir(), 'sluice-applets-'));
const here = (program: string) => {
  try {
    return execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
};
const busybox = here('busybox');
if (here('nc') === undefined && busybox !== undefined) symlinkSync(busybox, join(applets, 'nc'));
const PATH = `${process.env.PATH}:${applets}`;

const peers: Record<string, Peer> = {};
beforeAll(async () => {
  peers.holds = await openPeer('holds');
  peers.closes = await openPeer('closes');
  peers.closed = await closedPeer();
  peers.hole = await blackHole();
  peers.answers = await datagramPeer('answers');
  peers.silent = await datagramPeer('silent');
});
afterAll(async () => {
  for (const peer of Object.values(peers)) await peer.close();
  rmSync(applets, { recursive: true });
});

const { exec } = localExec(PATH);
async function attempt(tool: ConnectTool, host: string, peer: string, protocol: 'TCP' | 'UDP') {
  const target = connectTarget(host, peers[peer]?.port ?? 80, protocol);
  const { stdout } = await exec(
    { namespace: 'n', pod: 'p', container: 'c' },
    ['sh', '-c', shellScript([tool], target, PATIENCE / 1_000)],
    { signal: AbortSignal.timeout(2 * PATIENCE), timeout: 2 * PATIENCE },
  );
  return readShell(stdout, [tool], target).finding?.outcome;
}

const exists = (tool: ConnectTool) =>
  tool.needs.every((program) => (program === 'nc' ? (here('nc') ?? busybox) : here(program)) !== undefined);
const all = [...TOOLS, ...INTERPRETERS].filter(exists);

describe.concurrent.each(all.filter(({ protocols, first }) => protocols.includes('TCP') && first !== true))(
  '$name over TCP',
  (tool) => {
    // BusyBox's nc has no -z; the result must then be inconclusive rather than wrong.
    const tells = async (host: string, peer: string, outcome: string) => {
      const found = await attempt(tool, host, peer, 'TCP');
      if (tool.name === 'nc -z' && busybox !== undefined) expect([undefined, outcome]).toContain(found);
      else expect(found).toBe(outcome);
    };
    test.concurrent('open, to a peer that keeps the connection silently', () =>
      tells('127.0.0.1', 'holds', 'open'));
    test.concurrent('open, to a peer that closes at once', () => tells('127.0.0.1', 'closes', 'open'));
    test.concurrent('refused', () => tells('127.0.0.1', 'closed', 'refused'));
    test.concurrent('timeout, if packets are dropped', () => tells('127.0.0.1', 'hole', 'timeout'));
    test.concurrent('dns-failure', () => tells('nosuch.invalid', 'holds', 'dns-failure'));
  },
);

describe.concurrent.each(all.filter(({ protocols, first }) => protocols.includes('UDP') && first !== true))(
  '$name over UDP',
  (tool) => {
    test.concurrent('open, with a reply', async () =>
      expect(await attempt(tool, '127.0.0.1', 'answers', 'UDP')).toBe('open'));
    test.concurrent('unknown, without a reply', async () =>
      expect(await attempt(tool, '127.0.0.1', 'silent', 'UDP')).toBe('unknown'));
    test.concurrent('refused, by an ICMP error', async () =>
      expect(await attempt(tool, '127.0.0.1', 'closed', 'UDP')).toBe('refused'));
  },
);

test('the matrix covers the tools of every machine with Node and a shell', () => {
  expect(all.map(({ name }) => name)).toContain('node');
});

test('a command fits into the URL of a request', () => {
  for (const tools of [TOOLS, INTERPRETERS]) {
    for (const protocol of ['TCP', 'UDP'] as const) {
      const script = shellScript(tools, connectTarget('a.very.long.name.example.com', 5432, protocol));
      expect(new URLSearchParams({ command: script }).toString().length).toBeLessThan(7_500);
    }
  }
});
