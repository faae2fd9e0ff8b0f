import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { listAt, textAt } from '../../src/core/common/json.ts';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import { type Api, apiOf } from '../helpers/demo/demo.ts';
import { flowClient } from '../helpers/demo/demo-flows.ts';

let demo: Demo;
let api: Api;
let relay: string;
beforeAll(async () => {
  demo = await startDemo();
  api = apiOf(demo.kubeconfig);
  const pods = await api.get('/api/v1/pods?labelSelector=k8s-app%3Dhubble-relay');
  relay = textAt(listAt(pods.body, 'items')[0], 'metadata', 'name') ?? '';
});
afterAll(async () => {
  await demo.stop();
});

function open(path: string): WebSocket {
  const address = `${api.base.replace('http', 'ws')}${path}`;
  return new WebSocket(address, ['v4.channel.k8s.io'], {});
}

const forward = (pod: string, port: number): string =>
  `/api/v1/namespaces/kube-system/pods/${pod}/portforward?ports=${port}`;

/** The text on the error channel before the tunnel closes. */
async function errorOf(socket: WebSocket): Promise<string> {
  const texts: string[] = [];
  socket.on('message', (data: Buffer) => {
    if (data[0] === 1) texts.push(data.subarray(1).toString('utf8'));
  });
  await once(socket, 'close');
  return texts.slice(1).join('');
}

describe('port-forwarding', () => {
  it('reaches Relay through its pod', async () => {
    const local = createServer((socket: Socket) => {
      const tunnel = open(forward(relay, 4245));
      const heard = new Set<number>();
      tunnel.on('message', (data: Buffer) => {
        const [channel = 0] = data;
        if (heard.has(channel)) socket.write(data.subarray(1));
        heard.add(channel);
      });
      tunnel.on('open', () => {
        socket.on('data', (data: Buffer) => {
          tunnel.send(Buffer.concat([Buffer.from([0]), data]), () => undefined);
        });
      });
      socket.on('close', () => tunnel.close());
      socket.on('error', () => tunnel.close());
    });
    local.listen(0, '127.0.0.1');
    await once(local, 'listening');
    const address = local.address();
    const hubble = flowClient(`127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
    expect(await hubble.status()).toMatchObject({ num_connected_nodes: { value: 3 } });
    expect((await hubble.flows({ number: 200 })).length).toBeGreaterThan(200);
    hubble.close();
    local.close();
  });

  it('starts each channel with the port, little-endian', async () => {
    const tunnel = open(forward(relay, 4245));
    const heard: Buffer[] = [];
    await new Promise<void>((resolve) => {
      tunnel.on('message', (data: Buffer) => {
        if (heard.push(data) === 2) resolve();
      });
    });
    expect(heard).toEqual([Buffer.from([0, 0x95, 0x10]), Buffer.from([1, 0x95, 0x10])]);
    tunnel.close();
  });

  it('reports on the error channel that nothing listens on another port', async () => {
    expect(await errorOf(open(forward(relay, 9_999)))).toContain('error forwarding port 9999');
  });

  it('is rejected without permission, and for pods that cannot be forwarded', async () => {
    const refusal = async (path: string): Promise<string> => {
      const socket = open(path);
      const [error] = await once(socket, 'error');
      return error instanceof Error ? error.message : '';
    };
    const undo = demo.faults.forbid({ resource: 'pods/portforward' });
    expect(await refusal(forward(relay, 4245))).toContain('403');
    undo();
    expect(await refusal('/api/v1/namespaces/kube-system/pods')).toContain('404');
  });
});
