import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Dial, Packet } from './dial.ts';

/** Run as a program: `host-dial.ts ADDRESS [DIAL...]` as JSON; prints the result of each attempt from ADDRESS. */
const [localAddress = '', dials = '[]'] = process.argv.slice(2);
const answers = await Promise.all((JSON.parse(dials) as readonly Dial[]).map(attempt));
process.stdout.write(JSON.stringify(answers));
process.exit(0);

function attempt(dial: Dial): Promise<Packet> {
  return dial.protocol === 'tcp' ? attemptTcp(dial) : attemptUdp(dial);
}

function attemptTcp({ address, port, wait }: Dial): Promise<Packet> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, localAddress });
    const end = (packet: Packet) => {
      socket.destroy();
      resolve(packet);
    };
    socket.setTimeout(wait, () => end('timeout'));
    socket.on('connect', () => end('open'));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      end(error.code === 'ECONNREFUSED' ? 'refused' : error.code === 'ETIMEDOUT' ? 'timeout' : 'error'),
    );
  });
}

function attemptUdp({ address, port, wait }: Dial): Promise<Packet> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const end = (packet: Packet) => {
      clearTimeout(late);
      socket.close();
      resolve(packet);
    };
    const late = setTimeout(() => end('timeout'), wait);
    socket.on('message', () => end('open'));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      end(error.code === 'ECONNREFUSED' ? 'refused' : 'error'),
    );
    socket.bind(0, localAddress, () => socket.connect(port, address, () => socket.send('ping')));
  });
}
