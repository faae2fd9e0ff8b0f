import { expect, test } from 'vitest';
import { createClusterModel } from '../../src/core/live/model.ts';
import { flowOf } from '../../src/probe/flow-of.ts';
import type { SocketObservation } from '../../src/probe/observe.ts';
import { serviceResolver } from '../../src/probe/target.ts';
import { probePod, probeService } from '../helpers/probe/probe-pods.ts';

const WEB = probePod('web-1', '10.244.0.5');
const DB = probePod('db-0', '10.244.0.3', { ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] });
const APIS = [probePod('api-1', '10.244.0.2'), probePod('api-2', '10.244.0.7')];
const SERVICES = [
  probeService('db', '10.96.225.211', 5432, 'sql'),
  probeService('api', '10.96.187.254', 80, 8080),
];
const model = createClusterModel();
model.apply({ type: 'reset', kind: 'pods', source: 'test', objects: [WEB, DB, ...APIS] });
model.apply({ type: 'reset', kind: 'services', source: 'test', objects: SERVICES });
const serviceAt = serviceResolver(model);
const NOW = 1_000_000;

const flow = (seen: Partial<SocketObservation>) =>
  flowOf(
    {
      what: 'connected',
      local: { ip: '10.244.0.5', port: 45350 },
      remote: { ip: '203.0.113.9', port: 443 },
      incoming: false,
      age: 0,
      syns: 1,
      ...seen,
    },
    { pod: WEB, time: NOW, podAt: model.podAt, serviceAt },
  );

test('an unanswered SYN is a dropped flow, backdated, with the pod as its source', () => {
  expect(flow({ what: 'unanswered', age: 750 })).toEqual({
    time: NOW - 750,
    seen: 'socket',
    node: 'node-1',
    verdict: 'dropped',
    dropReason: { code: 0, text: 'no answer' },
    direction: 'egress',
    protocol: 'TCP',
    tcpFlags: ['SYN'],
    source: {
      ip: '10.244.0.5',
      port: 45350,
      namespace: 'payments',
      pod: 'web-1',
      labels: { app: 'web' },
      workload: { kind: 'Deployment', name: 'web' },
    },
    destination: { ip: '203.0.113.9', port: 443 },
    isReply: false,
    allowedBy: [],
    deniedBy: [],
  });
});

test('a service with one backend becomes that backend, on its target port, with the name of the service', () => {
  expect(flow({ remote: { ip: '10.96.225.211', port: 5432 } }).destination).toMatchObject({
    ip: '10.244.0.3',
    port: 5432,
    pod: 'db-0',
    labels: { app: 'db' },
    service: { namespace: 'payments', name: 'db' },
  });
});

test('a service with several backends stays the service', () => {
  expect(flow({ remote: { ip: '10.96.187.254', port: 80 } }).destination).toEqual({
    ip: '10.96.187.254',
    port: 80,
    namespace: 'payments',
    service: { namespace: 'payments', name: 'api' },
  });
});

test('an unknown port of a service has no backend', () => {
  expect(flow({ remote: { ip: '10.96.225.211', port: 81 } }).destination).toEqual({
    ip: '10.96.225.211',
    port: 81,
    namespace: 'payments',
    service: { namespace: 'payments', name: 'db' },
  });
});

test('a pod that is dialed directly is named', () => {
  expect(flow({ remote: { ip: '10.244.0.2', port: 8080 } }).destination).toMatchObject({
    pod: 'api-1',
    port: 8080,
  });
});

test('a connection that the peer opened has the peer as its source', () => {
  const accepted = flow({
    incoming: true,
    local: { ip: '10.244.0.5', port: 8080 },
    remote: { ip: '10.244.0.7', port: 40_000 },
  });
  expect(accepted).toMatchObject({
    verdict: 'forwarded',
    direction: 'ingress',
    source: { pod: 'api-2', port: 40_000 },
    destination: { pod: 'web-1', port: 8080 },
  });
});

test('a UDP socket with a peer is neither forwarded nor dropped', () => {
  expect(flow({ what: 'datagram' })).toMatchObject({ protocol: 'UDP', verdict: 'unknown' });
});
