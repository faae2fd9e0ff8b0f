import { expect, test } from 'vitest';
import type { ApiObject } from '../../../src/core/cluster/objects.ts';
import { SluiceError } from '../../../src/core/common/errors.ts';
import type { ApiRef } from '../../../src/core/ports/ports.ts';
import { findRelay } from '../../../src/kube/api/relay.ts';

type Parts = {
  readonly pods?: readonly ApiObject[];
  readonly service?: unknown;
  readonly config?: string;
  readonly secrets?: Readonly<Record<string, string>> | 'forbidden';
};

const signal = new AbortController().signal;

function relayPod(
  name: string,
  ready = true,
  ports: unknown = [{ name: 'grpc', containerPort: 4245 }],
): ApiObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'cilium', labels: { 'k8s-app': 'hubble-relay' } },
    spec: { containers: [{ ports }] },
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

/** The API calls that the search for Relay uses. */
function find({ pods = [relayPod('relay')], service, config, secrets = {} }: Parts, only?: string) {
  const object = (name: string, fields: Record<string, unknown>): ApiObject => ({
    apiVersion: 'v1',
    kind: 'Any',
    metadata: { name },
    ...fields,
  });
  return findRelay(
    {
      list: async ({ resource }) => {
        if (resource === 'pods') return pods;
        return service === undefined ? [] : [object('hubble-relay', { spec: { ports: [service] } })];
      },
      read: async ({ resource, name }: ApiRef) => {
        if (resource === 'configmaps')
          return config === undefined ? undefined : object(name, { data: { 'config.yaml': config } });
        if (secrets === 'forbidden') throw new SluiceError('forbidden', 'no', 'ask');
        const ca = secrets[name];
        return ca === undefined
          ? undefined
          : object(name, { data: { 'ca.crt': Buffer.from(ca).toString('base64') } });
      },
    },
    signal,
    only,
  );
}

test('only a ready pod is used', async () => {
  const pods = [relayPod('starting', false), relayPod('running')];
  expect(await find({ pods })).toMatchObject({ namespace: 'cilium', pod: 'running' });
  expect(await find({ pods: [relayPod('starting', false)] })).toBeUndefined();
  expect(await find({ pods: [] })).toBeUndefined();
});

test.each<[string, Parts, number]>([
  [
    'a named port of the Service is looked up in the pod',
    {
      service: { port: 80, targetPort: 'rpc' },
      pods: [relayPod('r', true, [{ name: 'rpc', containerPort: 5000 }])],
    },
    5000,
  ],
  ['a number is the port itself', { service: { port: 80, targetPort: 4245 } }, 4245],
  [
    'without a Service it is the port named grpc',
    { pods: [relayPod('r', true, [{ name: 'grpc', containerPort: 7 }])] },
    7,
  ],
  ['and 4245 by default', { pods: [relayPod('r', true, [])] }, 4245],
])('%s', async (_, parts, port) => {
  expect(await find(parts)).toMatchObject({ port });
});

test.each<[string, Parts, string]>([
  ['its ConfigMap disables TLS', { config: 'disable-server-tls: true\n', service: { port: 443 } }, 'none'],
  [
    'its ConfigMap has a certificate',
    { config: 'a: b\ntls-relay-server-cert-file: /x/tls.crt\n', service: { port: 80 } },
    'tls',
  ],
  [
    'its ConfigMap has client CAs',
    { config: 'tls-relay-server-cert-file: /x\ntls-relay-client-ca-files: /y\n' },
    'mtls',
  ],
  ['its port is 443', { service: { port: 443 } }, 'tls'],
  ['its port is 80', { service: { port: 80 } }, 'none'],
])('TLS mode: %s', async (_, parts, tls) => {
  expect(await find(parts)).toMatchObject({ tls, serverName: 'instance.hubble-relay.cilium.io' });
});

test('the CA comes from the first Secret that has one, and is absent if reading Secrets is forbidden', async () => {
  const service = { port: 443 };
  expect(
    await find({ service, secrets: { 'hubble-relay-server-certs': 'A', 'cilium-ca': 'B' } }),
  ).toMatchObject({ ca: 'A' });
  expect(await find({ service, secrets: { 'cilium-ca': 'B' } })).toMatchObject({ ca: 'B' });
  expect((await find({ service, secrets: 'forbidden' }))?.ca).toBeUndefined();
  expect((await find({ service: { port: 80 }, secrets: { 'cilium-ca': 'B' } }))?.ca).toBeUndefined();
});
