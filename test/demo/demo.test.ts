import { createHook } from 'node:async_hooks';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { listAt, textAt } from '../../src/core/common/json.ts';
import { startDemo } from '../../src/demo/demo.ts';
import { apiOf, eventually, lease } from '../helpers/demo/demo.ts';
import { brief, flowClient, timeOf } from '../helpers/demo/demo-flows.ts';

/** The contents of a demo with a seed: pods with addresses, and its first attempts with their ports. */
async function contents(
  seed: number,
): Promise<{ readonly pods: readonly string[]; readonly attempts: readonly string[] }> {
  const demo = await startDemo({ seed });
  try {
    const list = await apiOf(demo.kubeconfig).get('/api/v1/pods');
    const hubble = flowClient(demo.hubbleAddress);
    const flows = await hubble.flows({ number: 4_000 });
    hubble.close();
    const start = timeOf(flows[0]);
    return {
      pods: listAt(list.body, 'items').map((pod) =>
        [
          textAt(pod, 'metadata', 'name'),
          textAt(pod, 'metadata', 'uid'),
          textAt(pod, 'status', 'podIP'),
        ].join(' '),
      ),
      attempts: flows
        .slice(0, 300)
        .map((flow) =>
          [Math.round(timeOf(flow) - start), brief(flow), flow.l4?.TCP?.source_port, flow.uuid].join(' '),
        ),
    };
  } finally {
    await demo.stop();
  }
}

/** Active timers, sockets and servers of the demo. */
function trackHandles(): { readonly alive: () => readonly string[]; readonly stop: () => void } {
  const alive = new Map<number, string>();
  const hook = createHook({
    init: (id, type) => {
      if (/^(Timeout|TCPSERVERWRAP|TCPWRAP)$/.test(type) && new Error().stack?.includes('/src/demo/')) {
        alive.set(id, type);
      }
    },
    destroy: (id) => alive.delete(id),
  }).enable();
  return { alive: () => [...alive.values()], stop: () => hook.disable() };
}

describe('the embedded cluster', () => {
  it('is the same for the same seed: pods, uids, addresses, attempts, ports and times', async () => {
    const [a, b] = [await contents(42), await contents(42)];
    expect(b.pods).toEqual(a.pods);
    expect(b.attempts).toEqual(a.attempts);
    expect(a.attempts).toHaveLength(300);
  });

  it('differs for another seed', async () => {
    const [a, b] = [await contents(1), await contents(2)];
    expect(b.pods).not.toEqual(a.pods);
    expect(b.attempts).not.toEqual(a.attempts);
  });

  it('closes its ports and leaves no timer, socket or server behind when it stops', async () => {
    const handles = trackHandles();
    const demo = await startDemo();
    const api = apiOf(demo.kubeconfig);
    const watching = await api.watch('/api/v1/pods?watch=1');
    await watching.until(({ type }) => type === 'ADDED');
    const jobs = '/apis/batch/v1/namespaces/shop/jobs';
    await api.post(jobs, lease('living', 600));
    await eventually(
      () => api.get(`${jobs}/living`),
      (job) => job.text('status', 'startTime') !== undefined,
    );
    const hubble = flowClient(demo.hubbleAddress);
    const cut = hubble.until({}, () => false);
    await demo.stop();
    await demo.stop();
    await watching.ended;
    await expect(cut).rejects.toThrow();
    hubble.close();
    for (const address of [new URL(api.base).host, demo.hubbleAddress]) {
      const [host, port] = address.split(':');
      await expect(
        new Promise((resolve, reject) => {
          connect(Number(port), host).on('connect', resolve).on('error', reject);
        }),
      ).rejects.toThrow('ECONNREFUSED');
    }
    await eventually(
      async () => handles.alive(),
      (left) => left.length === 0,
    );
    handles.stop();
  });

  it('stops when its signal aborts, and does not start for one that has', async () => {
    const stop = new AbortController();
    const demo = await startDemo({ signal: stop.signal });
    stop.abort();
    await eventually(
      () =>
        apiOf(demo.kubeconfig)
          .get('/version')
          .then(
            () => 'up',
            () => 'down',
          ),
      (state) => state === 'down',
    );
    await expect(startDemo({ signal: stop.signal })).rejects.toThrow('abort');
  });
});
