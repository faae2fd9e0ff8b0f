import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import { type FlowClient, flowClient, timeOf } from '../helpers/demo/demo-flows.ts';

let demo: Demo;
let hubble: FlowClient;
beforeAll(async () => {
  demo = await startDemo();
  hubble = flowClient(demo.hubbleAddress);
});
afterAll(async () => {
  hubble.close();
  await demo.stop();
});

describe('the Observer API', () => {
  it('reports connected nodes before any flow', async () => {
    const [first, second] = await hubble.responses({ number: 1 });
    expect(first?.node_status).toMatchObject({
      state_change: 'NODE_CONNECTED',
      node_names: ['node-a', 'node-b', 'node-c'],
    });
    expect(first?.node_name).toMatch(/^hubble-relay-/);
    expect(second?.flow).toBeDefined();
    expect(second?.node_name).toBe(second?.flow?.node_name);
    expect(second?.time).toEqual(second?.flow?.time);
  });

  it('returns the last or first flows of each node, by time', async () => {
    const all = await hubble.flows();
    expect(all.length).toBeGreaterThan(300);
    const times = all.map(timeOf);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const counts = Map.groupBy(await hubble.flows({ number: 5 }), ({ node_name }) => node_name);
    expect([...counts.values()].map((flows) => flows.length)).toEqual([5, 5, 5]);
    for (const [node, flows] of counts) {
      const newest = all.filter(({ node_name }) => node_name === node).at(-1);
      expect(timeOf(flows.at(-1))).toBeGreaterThanOrEqual(timeOf(newest));
    }
    const oldest = await hubble.flows({ number: 1, first: true });
    expect(timeOf(oldest[0])).toBe(times[0]);
  });

  it('filters by since and until', async () => {
    const all = await hubble.flows();
    const middle = all[Math.floor(all.length / 2)];
    const after = await hubble.flows({ since: middle?.time ?? {} });
    const before = await hubble.flows({ until: middle?.time ?? {} });
    expect(after.every((flow) => timeOf(flow) >= timeOf(middle))).toBe(true);
    expect(before.every((flow) => timeOf(flow) <= timeOf(middle))).toBe(true);
    expect(before.length).toBeLessThan(all.length);
  });

  it.each([
    [
      'verdict',
      { verdict: ['DROPPED' as const] },
      ({ verdict }: { verdict?: unknown }) => verdict === 'DROPPED',
    ],
    [
      'event type and sub type',
      { event_type: [{ type: 4, match_sub_type: true, sub_type: 0 }] },
      ({ trace_observation_point: point }: { trace_observation_point?: unknown }) => point === 'TO_ENDPOINT',
    ],
    [
      'pod prefix',
      { destination_pod: ['shop/d'] },
      ({ destination }: { destination?: { pod_name?: string } }) => destination?.pod_name === 'db-0',
    ],
    [
      'port and protocol',
      { destination_port: ['53'], protocol: ['udp'] },
      ({ l4 }: { l4?: { UDP?: { destination_port?: number } } }) => l4?.UDP?.destination_port === 53,
    ],
    [
      'address',
      { source_ip: ['10.1.0.0/24'] },
      ({ IP }: { IP?: { source?: string } }) => IP?.source?.startsWith('10.1.0.') === true,
    ],
    ['node', { node_name: ['node-b'] }, ({ node_name }: { node_name?: string }) => node_name === 'node-b'],
    [
      'labels',
      { source_label: ['app=web'] },
      ({ source }: { source?: { labels?: string[] } }) => source?.labels?.includes('k8s:app=web') === true,
    ],
    [
      'labels with their source',
      { source_label: ['k8s:app in (web),!any:legacy'] },
      ({ source }: { source?: { labels?: string[] } }) => source?.labels?.includes('k8s:app=web') === true,
    ],
    [
      'workload',
      { source_workload: [{ kind: 'StatefulSet', name: 'prometheus' }] },
      ({ source }: { source?: { workloads?: { name?: string }[] } }) =>
        source?.workloads?.[0]?.name === 'prometheus',
    ],
    [
      'outside name',
      { destination_fqdn: ['*.example.com'] },
      (flow: { destination_names?: string[] }) => flow.destination_names?.[0] === 'pay.example.com',
    ],
    [
      'HTTP method',
      { http_method: ['post'] },
      ({ l7 }: { l7?: { http?: { method?: string } } }) => l7?.http?.method === 'POST',
    ],
  ])('filters by %s', async (_what, filter, test) => {
    const flows = await hubble.flows({ whitelist: [filter] });
    expect(flows.length).toBeGreaterThan(0);
    expect(flows.every(test)).toBe(true);
    const rest = await hubble.flows({ blacklist: [filter] });
    expect(rest.length).toBeGreaterThan(0);
    expect(rest.some(test)).toBe(false);
  });

  it('treats an unknown reply as no only for drops, and matches SYN-ACK with SYN', async () => {
    const forward = await hubble.flows({ whitelist: [{ reply: [false] }] });
    expect(forward.some(({ verdict }) => verdict === 'DROPPED')).toBe(true);
    expect(forward.some(({ event_type }) => event_type?.type === 7)).toBe(false);
    const syn = await hubble.flows({ whitelist: [{ tcp_flags: [{ SYN: true }] }] });
    expect(syn.some(({ l4 }) => l4?.TCP?.flags?.ACK === true)).toBe(true);
  });

  it('sends only the fields of a mask, including its own time and node', async () => {
    const paths = ['verdict', 'source.pod_name', 'l4'];
    const [, response] = await hubble.responses({ number: 1, field_mask: { paths } });
    expect(Object.keys(response?.flow ?? {}).every((key) => ['verdict', 'source', 'l4'].includes(key))).toBe(
      true,
    );
    expect(response?.flow?.source?.labels).toBeUndefined();
    expect(response?.time).toBeUndefined();
  });

  it('rejects first with follow, and follows from now on without a number', async () => {
    await expect(hubble.responses({ first: true, follow: true })).rejects.toThrow('INVALID_ARGUMENT');
    const begun = Date.now();
    const { flow } = await hubble.until({}, (response) => response.flow !== undefined);
    expect(timeOf(flow)).toBeGreaterThan(begun - 100);
  });

  it('returns its nodes, namespaces and state', async () => {
    const { nodes = [] } = await hubble.nodes();
    expect(nodes.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'node-a NODE_CONNECTED',
      'node-b NODE_CONNECTED',
      'node-c NODE_CONNECTED',
    ]);
    const { namespaces = [] } = await hubble.namespaces();
    expect(namespaces.map(({ namespace }) => namespace)).toEqual(['kube-system', 'monitoring', 'shop']);
    const status = await hubble.status();
    expect(status).toMatchObject({ num_connected_nodes: { value: 3 }, version: 'hubble-relay v1.20.2' });
    expect(Number(status.num_flows)).toBeGreaterThan(300);
    expect(status.flows_rate).toBeGreaterThan(5);
  });
});

describe('a broken Hubble', () => {
  it('reports lost events to followers regardless of filters', async () => {
    const lost = await hubble.until(
      { whitelist: [{ source_pod: ['nobody/'] }] },
      ({ lost_events }) => lost_events !== undefined,
      () => demo.faults.loseEvents(17, 'node-b'),
    );
    expect(lost).toMatchObject({
      node_name: 'node-b',
      lost_events: { source: 'HUBBLE_RING_BUFFER', num_events_lost: '17' },
    });
  });

  it('reports to followers that a node went away, and to new streams that it is unavailable', async () => {
    const error = await hubble.until(
      {},
      ({ node_status }) => node_status?.state_change === 'NODE_ERROR',
      () => demo.faults.setNode('node-b', 'unavailable'),
    );
    expect(error.node_status?.node_names).toEqual(['node-b']);
    const responses = await hubble.responses({ number: 3 });
    expect(responses[1]?.node_status).toMatchObject({
      state_change: 'NODE_UNAVAILABLE',
      node_names: ['node-b'],
    });
    expect(responses.some(({ node_name }) => node_name === 'node-b')).toBe(false);
    expect(await hubble.status()).toMatchObject({
      num_unavailable_nodes: { value: 1 },
      unavailable_nodes: ['node-b'],
    });
    demo.faults.setNode('node-b', 'connected');
    expect((await hubble.nodes()).nodes?.[1]?.state).toBe('NODE_CONNECTED');
  });

  it('reports an invalid mask in a stream that ends with OK', async () => {
    const undo = demo.faults.rejectMasks();
    const responses = await hubble.responses({ number: 5, field_mask: { paths: ['time'] } });
    undo();
    expect(responses.at(-1)?.node_status).toMatchObject({
      state_change: 'NODE_ERROR',
      message: 'invalid fieldmask',
    });
    expect((await hubble.flows({ number: 5, field_mask: { paths: ['time'] } })).length).toBe(15);
  });

  it('ends its streams and refuses connections until it is back, on the same port', async () => {
    const cut = hubble.until(
      {},
      () => false,
      () => demo.faults.loseHubble(),
    );
    await expect(cut).rejects.toThrow();
    const other = flowClient(demo.hubbleAddress);
    await expect(other.status()).rejects.toThrow('UNAVAILABLE');
    other.close();
    await demo.faults.restoreHubble();
    const again = flowClient(demo.hubbleAddress);
    expect(await again.status()).toMatchObject({ num_connected_nodes: { value: 3 } });
    again.close();
  });
});
