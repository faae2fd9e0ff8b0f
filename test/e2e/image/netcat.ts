/**
 * The program in the pods of the end-to-end tests; imports only Node's modules, because it is the image's only file.
 *
 *     netcat pause                                wait for SIGTERM
 *     netcat serve tcp:8080 udp:5353              echo on TCP and UDP ports
 *     netcat dial tcp|udp HOST:PORT [WAIT]        one attempt: prints open, refused, timeout or error, exits 0 to 3
 *     netcat loop tcp|udp HOST:PORT EVERY [WAIT]  repeated attempts, a line each, forever
 *     netcat hold tcp|udp HOST:PORT EVERY         one connection, repeated echoes, a line each
 */
import { createSocket } from 'node:dgram';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';

const OUTCOMES = ['open', 'refused', 'timeout', 'error'] as const;
type Outcome = (typeof OUTCOMES)[number];
type End = { readonly host: string; readonly port: number };

/** An echo connection: `heard` counts the lines that came back. */
type Line = {
  readonly say: (text: string) => void;
  readonly heard: () => number;
  readonly isOver: () => boolean;
  readonly close: () => void;
};

const PATIENCE = '2s';
const [command = '', ...args] = process.argv.slice(2);
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => process.exit(0));
await run();

async function run(): Promise<void> {
  const [protocol = '', address = '', third] = args;
  switch (command) {
    case 'pause':
      setInterval(() => undefined, 1 << 30);
      return;
    case 'serve':
      args.forEach(serve);
      return;
    case 'dial': {
      const outcome = await dial(protocol, endOf(address), milliseconds(third ?? PATIENCE));
      console.log(outcome);
      process.exit(OUTCOMES.indexOf(outcome));
      return;
    }
    case 'loop':
      for (;;) {
        console.log(
          now(),
          protocol,
          address,
          await dial(protocol, endOf(address), milliseconds(args[3] ?? PATIENCE)),
        );
        await setTimeout(milliseconds(third ?? '1s'));
      }
    case 'hold':
      await hold(protocol, endOf(address), milliseconds(third ?? '1s'));
      process.exit(1);
      return;
    default:
      console.error('usage: netcat pause | serve | dial | loop | hold');
      process.exit(2);
  }
}

function now(): string {
  return new Date().toISOString().slice(11, 23);
}

function milliseconds(text: string): number {
  const [, number, unit] = /^(\d+)(ms|s)$/.exec(text) ?? [];
  if (number === undefined) throw new Error(`"${text}" is no time. Write it as 500ms or 2s.`);
  return Number(number) * (unit === 's' ? 1_000 : 1);
}

function endOf(address: string): End {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at), port: Number(address.slice(at + 1)) };
}

function serve(text: string): void {
  const [protocol, port] = text.split(':');
  console.log(now(), 'serve', text);
  if (protocol === 'udp') {
    const socket = createSocket('udp4');
    socket.on('message', (data, from) => socket.send(data, from.port, from.address));
    socket.bind(Number(port));
    return;
  }
  const server = createServer((socket) => {
    console.log(now(), 'accept', socket.remoteAddress);
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  server.listen(Number(port));
}

/** One attempt: TCP is open when the handshake is done, UDP when an echo came back. */
async function dial(protocol: string, end: End, wait: number): Promise<Outcome> {
  const attempt = await reach(protocol, end, wait);
  if (typeof attempt === 'string') return attempt;
  attempt.close();
  return 'open';
}

function reach(protocol: string, end: End, wait: number): Promise<Line | Outcome> {
  return protocol === 'udp' ? reachUdp(end, wait) : reachTcp(end, wait);
}

function reachTcp({ host, port }: End, wait: number): Promise<Line | Outcome> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ host, port });
    let heard = 0;
    let over = false;
    const late = globalThis.setTimeout(() => give('timeout'), wait);
    const give = (result: Line | Outcome) => {
      clearTimeout(late);
      if (typeof result === 'string') socket.destroy();
      resolve(result);
    };
    socket.on('data', (data) => {
      heard += data.toString().split('\n').length - 1;
    });
    socket.on('close', () => {
      over = true;
    });
    socket.on('error', (error) => give(outcomeOf(error)));
    socket.on('connect', () =>
      give({
        say: (text) => socket.write(`${text}\n`),
        heard: () => heard,
        isOver: () => over,
        close: () => socket.destroy(),
      }),
    );
  });
}

function reachUdp({ host, port }: End, wait: number): Promise<Line | Outcome> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    let heard = 0;
    const late = globalThis.setTimeout(() => give('timeout'), wait);
    const give = (result: Line | Outcome) => {
      clearTimeout(late);
      if (typeof result === 'string') socket.close();
      resolve(result);
    };
    socket.on('error', (error) => give(outcomeOf(error)));
    socket.on('message', () => {
      heard += 1;
      give({
        say: (text) => socket.send(text),
        heard: () => heard,
        isOver: () => false,
        close: () => socket.close(),
      });
    });
    socket.connect(port, host, () => socket.send('ping'));
  });
}

function outcomeOf(error: NodeJS.ErrnoException): Outcome {
  if (error.code === 'ECONNREFUSED') return 'refused';
  return error.code === 'ETIMEDOUT' ? 'timeout' : 'error';
}

/** Prints the result of each echo until the connection ends; a late one stays outstanding. */
async function hold(protocol: string, end: End, every: number): Promise<void> {
  const line = await reach(protocol, end, 5_000);
  if (typeof line === 'string') {
    console.log(now(), 'hold', 'failed', line);
    return;
  }
  console.log(now(), 'hold', 'established');
  for (let count = 1; !line.isOver(); count += 1) {
    const before = line.heard();
    line.say(String(count));
    const late = performance.now() + 1_000;
    while (line.heard() === before && !line.isOver() && performance.now() < late) await setTimeout(5);
    console.log(now(), 'hold', count, line.heard() > before ? 'alive' : 'silent');
    await setTimeout(every);
  }
  console.log(now(), 'hold', 'closed');
}
