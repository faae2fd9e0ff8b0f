import { describe, expect, it, test } from 'vitest';
import { createFlowMapper } from '../../../src/hubble/client/map-flow.ts';
import { decodeResponse } from '../../../src/hubble/wire/decoded.ts';
import { observerService, type WireFlow } from '../../../src/hubble/wire/protocol.ts';

/** The flow after a round trip through the wire format. */
function arrive(flow: WireFlow, node = 'node-1') {
  const bytes = observerService().GetFlows.responseSerialize({ flow, node_name: node });
  const decoded = decodeResponse(bytes);
  if (decoded.flow === null) throw new Error('no flow');
  return createFlowMapper()(decoded.flow, 'hubble', decoded.node_name);
}

const WHOLE: WireFlow = {
  time: { seconds: 1_767_607_200, nanos: 196_123_756 },
  uuid: '36a213ff-d5f4-447a-aa56-9b6ca763ecf9',
  emitter: { name: 'Hubble', version: '1.20.2' },
  verdict: 'DROPPED',
  drop_reason: 133,
  drop_reason_desc: 'POLICY_DENIED',
  IP: { source: '10.244.0.10', destination: '10.244.2.13', ipVersion: 'IPv4' },
  l4: { TCP: { source_port: 33_047, destination_port: 9_000, flags: { SYN: true } } },
  source: {
    identity: 3_389,
    namespace: 'kube-system',
    labels: ['k8s:app=metrics-server', 'k8s:io.kubernetes.pod.namespace=kube-system'],
    pod_name: 'metrics-server-1',
  },
  destination: {
    ID: 1_451,
    identity: 3_538,
    namespace: 'team-01',
    labels: ['k8s:app=backend', 'k8s:io.cilium.k8s.policy.cluster=default'],
    pod_name: 'backend-1',
    workloads: [{ name: 'backend', kind: 'Deployment' }],
  },
  Type: 'L3_L4',
  node_name: 'node-3',
  event_type: { type: 1, sub_type: 133 },
  traffic_direction: 'INGRESS',
  destination_service: { name: 'backend', namespace: 'team-01' },
};

describe('a flow', () => {
  it('keeps every field', () => {
    expect(arrive(WHOLE)).toEqual({
      uuid: '36a213ff-d5f4-447a-aa56-9b6ca763ecf9',
      time: 1_767_607_200_196,
      seen: 'hubble',
      node: 'node-3',
      emitter: 'Hubble',
      verdict: 'dropped',
      dropReason: { code: 133, text: 'Policy denied' },
      direction: 'ingress',
      protocol: 'TCP',
      tcpFlags: ['SYN'],
      source: {
        ip: '10.244.0.10',
        port: 33_047,
        namespace: 'kube-system',
        pod: 'metrics-server-1',
        labels: { app: 'metrics-server' },
      },
      destination: {
        ip: '10.244.2.13',
        port: 9_000,
        namespace: 'team-01',
        pod: 'backend-1',
        workload: { kind: 'Deployment', name: 'backend' },
        labels: { app: 'backend' },
        service: { namespace: 'team-01', name: 'backend' },
      },
      eventType: 1,
      eventSubType: 133,
      allowedBy: [],
      deniedBy: [],
    });
  });

  it('may be empty', () => {
    expect(arrive({}, '')).toEqual({
      time: 0,
      seen: 'hubble',
      verdict: 'unknown',
      protocol: 'unknown',
      source: {},
      destination: {},
      allowedBy: [],
      deniedBy: [],
    });
  });

  it('uses the node of the response if a mask omitted its own', () => {
    expect(arrive({ verdict: 'FORWARDED' }, 'node-9').node).toBe('node-9');
  });

  it('distinguishes an absent is_reply from a false one', () => {
    expect(arrive({}).isReply).toBeUndefined();
    expect(arrive({ is_reply: { value: false } }).isReply).toBe(false);
    expect(arrive({ is_reply: { value: true } }).isReply).toBe(true);
  });

  it('has no foreign control characters', () => {
    const evil = '\u001b]52;c;aGk=\u0007';
    const flow = arrive({
      ...WHOLE,
      source: {
        pod_name: evil,
        namespace: evil,
        labels: [`k8s:${evil}=${evil}`],
        workloads: [{ name: evil, kind: evil }],
      },
      destination_names: [evil],
      node_name: evil,
      emitter: { name: evil },
      source_service: { name: evil, namespace: evil },
      l7: { http: { method: evil, url: `http://x/${evil}` } },
      egress_denied_by: [{ name: evil, kind: evil, namespace: evil }],
      IP: { source: evil, destination: evil },
    });
    expect(JSON.stringify(flow)).not.toMatch(/\\u00|\u001b/);
    expect(flow.source.pod).toContain('␛');
  });
});

describe('drop reasons', () => {
  test.each([
    [{ drop_reason_desc: 133 }, 'Policy denied'],
    [{ drop_reason_desc: 181 }, 'Policy denied by denylist'],
    [{ drop_reason_desc: 136 }, 'Fragmentation needed'],
    [{ drop_reason_desc: 161 }, 'NAT 46/64 not enabled'],
    [{ drop_reason_desc: 206 }, 'No device'],
    [{ drop_reason_desc: 155 }, 'CT map insertion failed'],
    [{ drop_reason_desc: 132 }, 'Invalid source IP'],
    [{ drop_reason_desc: 250 }, 'Reason 250'],
    [{ drop_reason: 181 }, 'Policy denied by denylist'],
  ])('%o is "%s"', (fields, text) => {
    expect(arrive({ verdict: 'DROPPED', ...fields }).dropReason?.text).toBe(text);
  });

  it('are absent without a drop', () => {
    expect(arrive({ verdict: 'FORWARDED' }).dropReason).toBeUndefined();
  });
});

describe('event types', () => {
  test.each([
    [
      'to-endpoint, 0 on the event',
      { event_type: { type: 4 }, trace_observation_point: 'TO_ENDPOINT' },
      [4, 0],
    ],
    ['to-stack', { event_type: { type: 4, sub_type: 3 }, trace_observation_point: 'TO_STACK' }, [4, 3]],
    ['a trace without event type', { trace_observation_point: 'TO_NETWORK' }, [4, 11]],
    ['a drop without event type', { verdict: 'DROPPED' as const }, [1, undefined]],
    ['a request without event type', { l7: { http: { method: 'GET' } } }, [129, undefined]],
  ])('%s', (_, fields, [type, subType]) => {
    expect(arrive(fields)).toMatchObject({ eventType: type });
    expect(arrive(fields).eventSubType).toBe(subType);
  });

  it('of unknown verdicts are unknown', () => {
    expect(arrive({ verdict: 42 }).verdict).toBe('unknown');
  });
});

describe('identities', () => {
  test.each([
    ['host by its number', { identity: 1 }, 'host'],
    ['world by label', { identity: 2, labels: ['reserved:world'] }, 'world'],
    ['world of IPv6', { identity: 10, labels: ['reserved:world-ipv6'] }, 'world'],
    ['a CIDR', { identity: 0x1000001, labels: ['cidr:203.0.113.9/32', 'reserved:world'] }, 'world'],
    ['a CIDR by its scope', { identity: 0x1000001 }, 'world'],
    ['a remote node by its scope', { identity: 0x2000001 }, 'remote-node'],
    [
      'the API server on a node',
      { identity: 7, labels: ['reserved:remote-node', 'reserved:kube-apiserver'] },
      'kube-apiserver',
    ],
    [
      'the own node of a pod, where the API server runs too',
      { identity: 1, labels: ['reserved:host', 'reserved:kube-apiserver'] },
      'host',
    ],
    ['a pod', { identity: 3_538, labels: ['k8s:app=db'] }, undefined],
  ])('%s', (_, source, reserved) => {
    expect(arrive({ source }).source.reserved).toBe(reserved);
  });

  it('that are renumbered do not keep old labels', () => {
    const { responseSerialize } = observerService().GetFlows;
    const map = createFlowMapper();
    const labelsOf = (label: string) => {
      const { flow } = decodeResponse(
        responseSerialize({ flow: { source: { identity: 300, labels: [label] } } }),
      );
      return flow === null ? undefined : map(flow, 'hubble', '').source.labels;
    };
    expect(labelsOf('k8s:app=a')).toEqual({ app: 'a' });
    expect(labelsOf('k8s:app=b')).toEqual({ app: 'b' });
  });
});

describe('policies', () => {
  it('keep the half they decided', () => {
    const flow = arrive({
      egress_allowed_by: [{ name: 'out', namespace: 'shop', kind: 'NetworkPolicy' }],
      ingress_allowed_by: [{ name: 'in', kind: 'CiliumClusterwideNetworkPolicy' }],
      ingress_denied_by: [{ name: 'never', namespace: 'shop', kind: 'CiliumNetworkPolicy' }],
    });
    expect(flow.allowedBy).toEqual([
      { kind: 'NetworkPolicy', namespace: 'shop', name: 'out', direction: 'egress' },
      { kind: 'CiliumClusterwideNetworkPolicy', name: 'in', direction: 'ingress' },
    ]);
    expect(flow.deniedBy).toMatchObject([{ name: 'never', direction: 'ingress' }]);
  });

  it('of servers before 1.17 get their kind from a label, and unnamed ones are omitted', () => {
    const labels = [
      'k8s:io.cilium.k8s.policy.derived-from=NetworkPolicy',
      'k8s:io.cilium.k8s.policy.name=old',
    ];
    const nameless = { labels: ['reserved:io.cilium.policy.derived-from=deny-any'] };
    expect(arrive({ egress_allowed_by: [{ namespace: 'a', labels }, nameless] }).allowedBy).toEqual([
      { kind: 'NetworkPolicy', namespace: 'a', name: 'old', direction: 'egress' },
    ]);
  });
});

describe('requests', () => {
  test.each([
    [
      { http: { method: 'GET', url: 'http://api:9000/items?token=s3cret', code: 403 } },
      'HTTP GET /items 403',
    ],
    [{ http: { method: 'GET', url: 'http://api' } }, 'HTTP GET / undefined'],
    [{ type: 'REQUEST', dns: { query: 'api.example.', qtypes: ['A'] } }, 'DNS A api.example undefined'],
    [
      { type: 'RESPONSE', dns: { query: 'gone.example.', qtypes: ['AAAA'], rcode: 3 } },
      'DNS AAAA gone.example NXDOMAIN 3',
    ],
    [{ type: 'RESPONSE', dns: { query: 'ok.example.', qtypes: ['A'] } }, 'DNS A ok.example 0'],
  ] as const)('%o', (l7, text) => {
    const found = arrive({ l7: structuredClone(l7) as WireFlow['l7'] }).l7;
    expect(`${found?.type} ${found?.text} ${found?.code}`).toBe(text);
  });
});
