import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolve as absolute } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The official Hubble programs in one binary: its CLI, its Relay, and a server of invented flows. */
export type HubbleKit = {
  /** Runs a command to its end; what it printed. */
  readonly output: (args: readonly string[], input?: string) => Promise<string>;
  /** Starts a server and waits until it listens. */
  readonly serve: (...args: readonly string[]) => Promise<KitServer>;
  /** Starts the official Relay over a Peer service, plaintext. */
  readonly relay: (peer: string) => Promise<KitServer>;
};

export type KitServer = { readonly address: string; readonly stop: () => Promise<void> };

const BUILD = absolute('../shared/hubble/kit/build');

/** The kit (`SLUICE_HUBBLE_KIT`, or as built beside this checkout), or undefined; then says so, loudly. */
export async function findHubbleKit(): Promise<HubbleKit | undefined> {
  const binary = process.env.SLUICE_HUBBLE_KIT ?? (await built());
  if (binary === undefined || !existsSync(binary)) {
    console.warn(`\n*** SKIPPED: no Hubble kit: ${binary ?? BUILD} is not there ***\n`);
    return undefined;
  }
  return {
    output: async (args, input) => {
      const running = run(binary, [...args], { timeout: 60_000, maxBuffer: 2 ** 28 });
      if (input !== undefined) running.child.stdin?.end(input);
      return (await running).stdout;
    },
    serve: (...args) => start(binary, ['serve', '--listen', '127.0.0.1:0', ...args], /listening on (\S+)/),
    relay: async (peer) => {
      const [port, health] = [await freePort(), await freePort()];
      const address = `127.0.0.1:${port}`;
      const plain = ['--disable-client-tls', '--disable-server-tls', '--gops=false', '--retry-timeout', '1s'];
      const listen = ['--listen-address', address, '--health-listen-address', `127.0.0.1:${health}`];
      const started = await start(
        binary,
        ['relay', 'serve', '--peer-service', peer, ...plain, ...listen],
        /Starting gRPC server/i,
      );
      return { ...started, address };
    },
  };
}

async function built(): Promise<string | undefined> {
  if (!existsSync(BUILD)) return undefined;
  const { stdout } = await run(BUILD, [], { timeout: 15 * 60_000 });
  return stdout.trim().split('\n').at(-1);
}

/** Starts a program, and waits for a line on either stream; its first group is the address. */
async function start(binary: string, args: readonly string[], ready: RegExp): Promise<KitServer> {
  const child = spawn(binary, [...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  const address = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`${args.join(' ')} ended with ${code}: ${said.join('\n')}`)),
    );
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        said.push(line);
        const match = ready.exec(line);
        if (match !== null) resolve(match[1] ?? '');
      });
    }
  });
  return { address, stop: () => stop(child) };
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

/** A port that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === 'object' && bound !== null ? bound.port : 0));
    });
  });
}
