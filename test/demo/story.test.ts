import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at, listAt, textAt } from '../../src/core/common/json.ts';
import { type Demo, startDemo } from '../../src/demo/demo.ts';
import type { WireFlow } from '../../src/hubble/wire/protocol.ts';
import { type Api, apiOf, lease, ownedBy, policy } from '../helpers/demo/demo.ts';
import { brief, type FlowClient, flowClient, shortName, timeOf } from '../helpers/demo/demo-flows.ts';

let demo: Demo;
let api: Api;
let hubble: FlowClient;
beforeAll(async () => {
  demo = await startDemo({ seed: 7 });
  api = apiOf(demo.kubeconfig);
  hubble = flowClient(demo.hubbleAddress);
});
afterAll(async () => {
  hubble.close();
  await demo.stop();
});

const between = (flows: readonly WireFlow[], from: string, to: string): readonly WireFlow[] =>
  flows.filter(
    ({ source, destination }) =>
      shortName(source?.pod_name ?? '') === from && shortName(destination?.pod_name ?? '') === to,
  );

describe('the world', () => {
  it('has fourteen pods in shop, on three nodes, not all of them healthy', async () => {
    const pods = listAt((await api.get('/api/v1/namespaces/shop/pods')).body, 'items');
    expect(pods).toHaveLength(14);
    expect(new Set(pods.map((pod) => textAt(pod, 'spec', 'nodeName')))).toEqual(
      new Set(['node-a', 'node-b', 'node-c']),
    );
    const phase = (name: string): string | undefined =>
      textAt(
        pods.find((pod) => textAt(pod, 'metadata', 'name')?.startsWith(name)),
        'status',
        'phase',
      );
    expect(phase('migrate-orders')).toBe('Succeeded');
    expect(pods.filter((pod) => at(pod, 'spec', 'hostNetwork') === true)).toHaveLength(1);
    expect(
      pods.flatMap(
        (pod) => textAt(pod, 'status', 'containerStatuses', 0, 'state', 'waiting', 'reason') ?? [],
      ),
    ).toEqual(['CrashLoopBackOff']);
  });

  it('has nine NetworkPolicies, one Cilium policy, its CRDs, a plaintext Relay and a kube-system with a uid', async () => {
    const policies = await api.get('/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies');
    expect(listAt(policies.body, 'items').map((item) => textAt(item, 'metadata', 'name'))).toEqual([
      'api-from-web',
      'api-metrics',
      'cache-from-search',
      'cart-egress',
      'cart-metrics',
      'db-only-api',
      'default-deny',
      'mail-from-api',
      'web-public',
    ]);
    const cilium = await api.get('/apis/cilium.io/v2/namespaces/shop/ciliumnetworkpolicies');
    expect(textAt(cilium.body, 'items', 0, 'metadata', 'name')).toBe('pay-visibility');
    const crds = await api.get('/apis/apiextensions.k8s.io/v1/customresourcedefinitions');
    expect(listAt(crds.body, 'items').map((item) => textAt(item, 'spec', 'group'))).toContain('cilium.io');
    const config = await api.get('/api/v1/namespaces/kube-system/configmaps/hubble-relay-config');
    expect(config.text('data', 'config.yaml')).toContain('disable-server-tls: true');
    expect((await api.get('/api/v1/namespaces/kube-system')).text('metadata', 'uid')).toMatch(
      /^[0-9a-f-]{36}$/,
    );
  });
});

describe('the traffic', () => {
  it('shows web dropped at db: forwarded by its own node, then denied and dropped at db’s, without a policy name', async () => {
    const flows = between(await hubble.flows(), 'web', 'db-0').filter(
      ({ l4 }) => l4?.TCP?.flags?.SYN === true,
    );
    const [first] = flows;
    const attempt = flows.filter(({ l4 }) => l4?.TCP?.source_port === first?.l4?.TCP?.source_port);
    expect(attempt.slice(0, 3).map(brief)).toEqual([
      expect.stringMatching(/^web > db-0:5432 EGRESS TO_OVERLAY FORWARDED$/),
      'web > db-0:5432 INGRESS type 5 DROPPED',
      'web > db-0:5432 INGRESS type 1 DROPPED',
    ]);
    const [, verdict, drop] = attempt;
    expect(verdict?.time).toEqual(drop?.time);
    for (const flow of [verdict, drop]) {
      expect(flow).toMatchObject({ drop_reason: 133, drop_reason_desc: 'POLICY_DENIED' });
      expect(flow?.is_reply).toBeUndefined();
      expect(flow?.ingress_denied_by).toBeUndefined();
      expect(flow?.node_name).toBe('node-c');
      expect(flow?.source?.workloads).toBeUndefined();
      expect(flow?.destination?.workloads).toEqual([{ kind: 'StatefulSet', name: 'db' }]);
    }
  });

  it('retransmits a dropped SYN after 1, 2 and 4 s, from the same port, with new uuids', async () => {
    const drops = between(await hubble.flows({ whitelist: [{ event_type: [{ type: 1 }] }] }), 'web', 'db-0');
    const byPort = Map.groupBy(drops, ({ l4 }) => l4?.TCP?.source_port ?? 0);
    const whole = [...byPort.values()].find((tries) => tries.length === 4);
    const times = whole?.map(timeOf) ?? [];
    expect(times.slice(1).map((time, i) => Math.round((time - (times[i] ?? 0)) / 100) / 10)).toEqual([
      1, 2, 4,
    ]);
    expect(new Set(whole?.map(({ uuid }) => uuid)).size).toBe(4);
  });

  it('names the policy that allows api, with replies on both nodes', async () => {
    const flows = between(await hubble.flows(), 'api', 'db-0');
    const verdict = flows.find(({ event_type }) => event_type?.type === 5);
    expect(verdict).toMatchObject({
      verdict: 'FORWARDED',
      traffic_direction: 'INGRESS',
      policy_match_type: 2,
    });
    expect(verdict?.ingress_allowed_by).toMatchObject([
      { kind: 'NetworkPolicy', namespace: 'shop', name: 'db-only-api' },
    ]);
    const answers = between(await hubble.flows({ whitelist: [{ reply: [true] }] }), 'db-0', 'api');
    expect(new Set(answers.map(({ trace_observation_point }) => trace_observation_point))).toEqual(
      new Set(['TO_OVERLAY', 'TO_ENDPOINT']),
    );
  });

  it('has no verdict event for a half that no policy selects', async () => {
    const flows = await hubble.flows({
      whitelist: [{ event_type: [{ type: 5 }], traffic_direction: ['EGRESS'] }],
    });
    const sources = new Set(flows.map(({ source }) => shortName(source?.pod_name ?? '')));
    expect(sources).toContain('cart');
    expect(sources).not.toContain('api');
  });

  it('drops cart at its own node, and allows the kubelet everywhere', async () => {
    const flows = await hubble.flows();
    const cart = between(flows, 'cart', 'cache-0');
    expect(new Set(cart.map(({ traffic_direction }) => traffic_direction))).toEqual(new Set(['EGRESS']));
    expect(cart.every(({ verdict }) => verdict === 'DROPPED')).toBe(true);
    const host = flows.filter(({ source }) => source?.labels?.includes('reserved:host') === true);
    expect(host.length).toBeGreaterThan(0);
    expect(host.some(({ verdict }) => verdict === 'DROPPED')).toBe(false);
  });

  it('reaches the payment service through the proxy, by name, after a DNS response', async () => {
    const flows = await hubble.flows({ whitelist: [{ event_type: [{ type: 129 }] }] });
    expect(flows.find(({ l7 }) => l7?.dns?.ips !== undefined)).toMatchObject({
      l7: { type: 'RESPONSE', dns: { query: 'pay.example.com.', ips: ['203.0.113.21'] } },
    });
    const request = flows.find(({ l7 }) => l7?.type === 'REQUEST' && l7.http !== undefined);
    expect(request).toMatchObject({
      destination_names: ['pay.example.com'],
      l7: { http: { method: 'POST' } },
    });
    const redirected = await hubble.flows({ whitelist: [{ verdict: ['REDIRECTED'] }] });
    expect(redirected.length).toBeGreaterThan(0);
    for (const { source, egress_allowed_by } of redirected) {
      expect(shortName(source?.pod_name ?? '')).toBe('web');
      expect(egress_allowed_by).toMatchObject([{ kind: 'CiliumNetworkPolicy', name: 'pay-visibility' }]);
    }
  });

  it('has no outside names without that proxy', async () => {
    const flows = await hubble.flows({ whitelist: [{ destination_ip: ['198.51.100.25'] }] });
    expect(flows.length).toBeGreaterThan(0);
    expect(flows.every(({ destination_names }) => destination_names === undefined)).toBe(true);
  });

  it('translates the address of a Service to a backend', async () => {
    const flows = await hubble.flows({ whitelist: [{ event_type: [{ type: 7 }] }] });
    const traced = flows.find(({ destination_service }) => destination_service?.name === 'db');
    expect(traced).toMatchObject({ verdict: 'TRACED', Type: 'SOCK', destination: { identity: 2 } });
  });
});

describe('a grant', () => {
  it('opens the path for the next SYN, and its end closes it', async () => {
    const namespace = '/namespaces/shop';
    const job = await api.post(`/apis/batch/v1${namespace}/jobs`, lease('sluice-story', 600));
    const path = `/apis/networking.k8s.io/v1${namespace}/networkpolicies`;
    const opened = hubble.until(
      { whitelist: [{ source_pod: ['shop/web'], destination_pod: ['shop/db'], event_type: [{ type: 5 }] }] },
      ({ flow }) => flow?.verdict === 'FORWARDED',
    );
    const began = Date.now();
    const made = await api.post(path, policy('sluice-story', ownedBy(job)));
    expect(made.code).toBe(201);
    const { flow } = await opened;
    expect(flow?.ingress_allowed_by?.map(({ name }) => name)).toEqual(['sluice-story']);
    expect(timeOf(flow)).toBeGreaterThanOrEqual(began);

    const ended = Date.now();
    await api.remove(`${path}/sluice-story`, { preconditions: { uid: made.text('metadata', 'uid') } });
    const closed = await hubble.until(
      { whitelist: [{ source_pod: ['shop/web'], destination_pod: ['shop/db'], event_type: [{ type: 5 }] }] },
      (response) => response.flow !== undefined,
    );
    expect(closed.flow?.verdict).toBe('DROPPED');
    expect(timeOf(closed.flow)).toBeGreaterThanOrEqual(ended);
    await api.remove(`/apis/batch/v1${namespace}/jobs/sluice-story`, { propagationPolicy: 'Foreground' });
  });

  it('needs both halves for cart and cache', async () => {
    const path = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies';
    const port = { protocol: 'TCP', port: 6379 };
    const peer = (app: string) => ({ podSelector: { matchLabels: { app } } });
    const out = {
      metadata: { name: 'cart-out' },
      spec: { ...peer('cart'), policyTypes: ['Egress'], egress: [{ to: [peer('cache')], ports: [port] }] },
    };
    const into = {
      metadata: { name: 'cache-in' },
      spec: {
        ...peer('cache'),
        policyTypes: ['Ingress'],
        ingress: [{ from: [peer('cart')], ports: [port] }],
      },
    };
    const filter = { whitelist: [{ source_pod: ['shop/cart'], destination_pod: ['shop/cache'] }] };
    await api.post(path, out);
    const half = await hubble.until(filter, ({ flow }) => flow?.traffic_direction === 'INGRESS');
    expect(half.flow?.verdict).toBe('DROPPED');
    await api.post(path, into);
    const whole = await hubble.until(filter, ({ flow }) => flow?.trace_observation_point === 'TO_ENDPOINT');
    expect(whole.flow?.verdict).toBe('FORWARDED');
    await api.remove(`${path}/cart-out`);
    await api.remove(`${path}/cache-in`);
  });
});
